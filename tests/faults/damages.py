"""Damage to what a run left behind, each with the promises that it breaks. Start at `DAMAGES`."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from tests.faults.checker.evidence import Evidence, Record, Row, payload
from tests.faults.checker.walking import expected_effects

Spoil: TypeAlias = Callable[[Evidence], None]


@dataclass(frozen=True)
class Damage:
    spoil: Spoil
    breaks: frozenset[str]

    @property
    def name(self) -> str:
        return self.spoil.__name__


DAMAGES: list[Damage] = []


def breaking(*promises: str) -> Callable[[Spoil], Spoil]:
    """Register a damage that breaks these promises and no other."""

    def register(spoil: Spoil) -> Spoil:
        DAMAGES.append(Damage(spoil, frozenset(promises)))
        return spoil

    return register


@breaking("every_offset_is_once_in_its_ledger")
def a_ledger_row_is_lost(run: Evidence) -> None:
    run.rows("support", "shared.ledger").pop()


@breaking("every_offset_is_once_in_its_ledger")
def a_ledger_row_is_about_nothing(run: Evidence) -> None:
    ledger = run.rows("escalation", "shared.ledger")
    ledger.append(ledger[0] | {"record_offset": 10**6})


@breaking("every_event_is_applied_once")
def a_duplicate_counts_as_applied(run: Evidence) -> None:
    _one(run.rows("orders", "shared.ledger"), outcome="duplicate")["outcome"] = "applied"


@breaking("every_event_is_applied_once", "facts_are_published_as_they_were_taken")
def a_journal_row_is_lost(run: Evidence) -> None:
    journal = run.rows("orders", "shared.journal")
    journal.remove(_one(journal, type="orders.inbound.order_delivered", kind="record"))


@breaking("every_event_is_applied_once", "accepted_calls_are_journaled", "facts_are_published_as_they_were_taken")
def an_accepted_call_is_lost(run: Evidence) -> None:
    journal = run.rows("support", "shared.journal")
    journal.remove(_one(journal, type="support.inbound.contact_made", kind="http"))


@breaking("bad_records_end_as_dead_letters")
def a_dead_letter_is_lost(run: Evidence) -> None:
    run.rows("support", "shared.dead_letters").pop()


@breaking("bad_records_end_as_dead_letters")
def a_dead_letter_has_other_bytes(run: Evidence) -> None:
    run.rows("support", "shared.dead_letters")[0]["body"] = b"something else"


@breaking("bad_records_end_as_dead_letters")
def escalation_refuses_what_orders_published(run: Evidence) -> None:
    letter = run.rows("support", "shared.dead_letters")[0]
    run.rows("escalation", "shared.dead_letters").append(letter | {"topic": "orders.sales.v1"})


@breaking("what_is_in_an_outbox_is_on_its_topic")
def a_record_never_reached_its_topic(run: Evidence) -> None:
    run.topics["escalation.episodes.v1"].pop()


@breaking("what_is_in_an_outbox_is_on_its_topic")
def a_record_has_other_bytes(run: Evidence) -> None:
    records = run.topics["escalation.episodes.v1"]
    records[0] = replace(records[0], value=b"{}")


@breaking("what_is_in_an_outbox_is_on_its_topic", "facts_are_published_as_they_were_taken")
def a_fact_was_decided_twice(run: Evidence) -> None:
    row = _facts(run, "support")[0]
    run.rows("support", "shared.outbox").append(row | {"id": row["id"] + 10**6})


@breaking("nothing_is_on_a_topic_that_no_outbox_knows")
def a_record_comes_from_nowhere(run: Evidence) -> None:
    records = run.topics["escalation.episodes.v1"]
    records.append(replace(records[0], offset=10**6, id="made up"))


@breaking("topics_have_each_account_in_the_outbox_order")
def two_outbox_rows_are_swapped(run: Evidence) -> None:
    first, second = _two_of_a_key(_facts(run, "escalation"))
    first["id"], second["id"] = second["id"], first["id"]


@breaking(
    "topics_have_each_account_in_the_outbox_order",
    "each_account_is_taken_in_its_topic_order",
    "each_account_is_published_in_its_topic_order",
)
def two_records_are_swapped_on_their_topic(run: Evidence) -> None:
    records = run.topics["support.cases.v1"]
    for first, second in zip(_signals(records), _signals(records)[1:], strict=False):
        if first.key == second.key:
            one, other = records.index(first), records.index(second)
            records[one] = replace(second, offset=first.offset)
            records[other] = replace(first, offset=second.offset)
            return


@breaking("facts_are_published_as_they_were_taken", "topics_have_each_account_in_the_outbox_order")
def a_fact_that_waited_comes_too_late(run: Evidence) -> None:
    first, second = _two_of_a_key(_facts(run, "orders"))
    first["id"], second["id"] = second["id"], first["id"]


@breaking("facts_are_published_as_they_were_told", "what_is_in_an_outbox_is_on_its_topic")
def a_fact_says_something_else(run: Evidence) -> None:
    row = next(row for row in _facts(run, "orders") if b"amount_minor" in row["payload"])
    row["payload"] = json.dumps({**payload(row, "payload"), "amount_minor": -1}).encode()


@breaking("each_account_is_taken_in_its_topic_order")
def two_facts_were_taken_in_the_wrong_order(run: Evidence) -> None:
    rows = [row for row in run.databases["escalation"].journal("record") if row["type"] == "orders.order_confirmed"]
    rows += [row for row in run.databases["escalation"].journal("record") if row["type"] == "orders.order_delivered"]
    first, second = _two_of_a_key(rows, "subject")
    first["position"], second["position"] = second["position"], first["position"]


@breaking("every_signal_is_kept_with_its_order")
def a_signal_is_lost(run: Evidence) -> None:
    _rows(run, "signals").remove(_quiet_signal(run))


@breaking("every_signal_is_kept_with_its_order")
def a_signal_is_at_another_order(run: Evidence) -> None:
    signal = _quiet_signal(run)
    others = [row["episode_id"] for row in _rows(run, "episodes") if row["episode_id"] != signal["episode_id"]]
    signal["episode_id"] = others[0]


@breaking("every_signal_is_kept_with_its_order", "no_signal_waits_for_an_order_that_is_there")
def a_signal_waits_for_ever(run: Evidence) -> None:
    _quiet_signal(run)["episode_id"] = None


@breaking("every_order_at_risk_has_one_episode", "every_alert_is_for_the_right_person")
def an_account_that_never_bought_has_an_episode(run: Evidence) -> None:
    episode = _rows(run, "episodes")[0]
    _rows(run, "episodes").append(episode | {"episode_id": uuid4(), "account_id": "c-nobody", "order_id": "none"})


@breaking("every_ring_is_one_alert", "every_alert_has_its_deliveries", "every_alert_is_published")
def a_signal_alerts_twice(run: Evidence) -> None:
    alert = _rows(run, "alerts")[0]
    _rows(run, "alerts").append(alert | {"alert_id": uuid4(), "sent_at": None})


@breaking("every_ring_is_one_alert", "every_alert_has_its_deliveries", "every_alert_is_published")
def a_signal_alerts_that_must_not_ring(run: Evidence) -> None:
    alert, signal = _rows(run, "alerts")[0], _quiet_signal(run)
    own = {"signal_id": signal["signal_id"], "episode_id": signal["episode_id"], "account_id": signal["account_id"]}
    order = _order_of(run, signal["episode_id"])
    same = next(row for row in _rows(run, "alerts") if _order_of(run, row["episode_id"]) == order)
    _rows(run, "alerts").append(alert | same | own | {"alert_id": uuid4(), "sent_at": None})


@breaking("every_ring_is_one_alert", "every_alert_is_published", "every_mail_is_of_an_alert")
def an_alert_is_lost_with_its_deliveries(run: Evidence) -> None:
    email = _sent_mail(run)
    alerts = _rows(run, "alerts")
    alerts.remove(_one(alerts, alert_id=email["alert_id"]))
    made = _rows(run, "deliveries")
    made[:] = [row for row in made if row["alert_id"] != email["alert_id"]]


@breaking("every_alert_is_for_the_right_person", "every_mail_sent_was_taken_in")
def an_alert_is_for_somebody_else(run: Evidence) -> None:
    email = _sent_mail(run)
    _one(_rows(run, "alerts"), alert_id=email["alert_id"])["recipient"] = "m-top"


@breaking("every_alert_is_for_the_right_person")
def an_alert_has_the_wrong_reason(run: Evidence) -> None:
    _rows(run, "alerts")[0]["because"] = "seller_unknown"


@breaking("every_alert_is_for_the_right_person")
def an_episode_is_somebody_elses(run: Evidence) -> None:
    _rows(run, "episodes")[0]["responsible"] = "m-circle-a"


@breaking("an_episode_stands_as_taken_where_it_was")
def an_acknowledgement_is_forgotten(run: Evidence) -> None:
    taken = (row for row in _rows(run, "episodes") if row["acknowledged_at"] is not None)
    next(taken)["acknowledged_at"] = None


@breaking("orders_and_cases_are_known_as_told")
def an_order_is_kept_with_another_seller(run: Evidence) -> None:
    _rows(run, "orders")[0]["sold_by"] = "m-circle-a"


@breaking("orders_and_cases_are_known_as_told")
def a_case_has_another_count(run: Evidence) -> None:
    _rows(run, "cases")[0]["reassignments"] += 1


@breaking("every_mail_sent_was_taken_in")
def a_mail_is_lost(run: Evidence) -> None:
    run.mail.pop()


@breaking("every_mail_sent_was_taken_in")
def a_mail_goes_to_somebody_else(run: Evidence) -> None:
    run.mail[0]["to"] = "stranger@sales.example"


@breaking("no_mail_comes_twice_without_a_doubt")
def a_mail_comes_twice(run: Evidence) -> None:
    run.mail.append(dict(run.mail[0]))


@breaking("every_mail_is_of_an_alert")
def a_mail_is_of_no_alert(run: Evidence) -> None:
    run.mail.append(run.mail[0] | {"message_id": f"<{uuid4()}@handoff.example>"})


@breaking("every_alert_has_its_deliveries", "every_mail_is_of_an_alert", "every_alert_is_published")
def a_delivery_is_lost(run: Evidence) -> None:
    _rows(run, "deliveries").remove(_sent_mail(run))


@breaking("every_delivery_has_ended", "every_alert_is_published")
def a_delivery_is_in_doubt_for_ever(run: Evidence) -> None:
    _sent_mail(run)["state"] = "unknown"


@breaking("every_alert_has_its_deliveries", "every_alert_is_published")
def a_delivery_in_doubt_was_dropped(run: Evidence) -> None:
    _sent_mail(run)["state"] = "failed"


@breaking("every_alert_has_its_deliveries", "every_alert_is_published")
def a_delivery_is_cancelled_though_nobody_took_the_episode(run: Evidence) -> None:
    taken = {payload(row)["episode"] for row in run.databases["escalation"].journal("button")}
    alerts = [row for row in _rows(run, "alerts") if str(row["episode_id"]) not in taken and row["sent_at"]]
    _one(_rows(run, "deliveries"), alert_id=alerts[0]["alert_id"], channel="email")["state"] = "cancelled"


@breaking("no_fact_waits_for_what_is_there")
def a_fact_waits_for_ever(run: Evidence) -> None:
    order = run.rows("orders", "orders.orders")[0]["order_id"]
    fact = {"awaits": f"order:{order}", "type": "orders.inbound.order_confirmed", "subject": "c-0"}
    run.rows("orders", "shared.waiting_facts").append(fact)


@breaking("no_timer_is_due")
def a_timer_is_forgotten(run: Evidence) -> None:
    database = run.databases["escalation"]
    due = database.now - timedelta(minutes=1)
    timer = {"type": "made up", "subject": "c-0", "due_at": due, "made_of_silence": False}
    database.tables["shared.timers"].append(timer)


@breaking("no_outbox_row_is_unpublished")
def an_outbox_row_is_not_marked(run: Evidence) -> None:
    run.rows("support", "shared.outbox")[0]["published_at"] = None


@breaking("no_session_is_in_the_way")
def a_session_is_idle_in_its_transaction(run: Evidence) -> None:
    run.databases["orders"].hindrances.append("session 1 is idle in transaction")


@breaking("positions_agree")
def kafka_holds_more_than_is_applied(run: Evidence) -> None:
    place = next(iter(run.committed["support"]))
    run.committed["support"][place] = 10**6


@breaking("positions_agree")
def a_partition_is_not_applied_to_its_end(run: Evidence) -> None:
    offsets = run.rows("escalation", "shared.offsets")
    row = max(offsets, key=lambda row: int(row["next_offset"]))
    row["next_offset"] -= 1
    run.committed["escalation"].clear()


@breaking("accepted_presses_are_journaled")
def a_press_is_lost(run: Evidence) -> None:
    press = {"what": "button", "episode": str(uuid4()), "account": "c-0", "by": "s-anna", "at": 0}
    run.accepted.append(press)


@breaking("accepted_presses_are_journaled")
def a_press_after_another_ring_is_lost(run: Evidence) -> None:
    press = next(line for line in run.accepted if line["what"] == "button")
    alert = next(row for row in _rows(run, "alerts") if str(row["episode_id"]) == press["episode"])
    alert["raised_at"] += timedelta(hours=1)
    run.accepted.append(press | {"at": press["at"] + 7200})


@breaking("no_mail_begins_after_somebody_took_the_episode")
def a_mail_begins_after_somebody_took_the_episode(run: Evidence) -> None:
    journal = run.databases["escalation"]
    presses = {UUID(payload(row)["episode"]): row["decided_at"] for row in journal.journal("button")}
    quiet = {row["episode_id"] for row in _rows(run, "episodes") if row["acknowledged_at"] is not None}
    alerts = {row["alert_id"]: row["episode_id"] for row in _rows(run, "alerts")}
    deliveries = {str(row["delivery_id"]): alerts[row["alert_id"]] for row in _rows(run, "deliveries")}
    for row in journal.journal("delivery"):
        episode = deliveries[payload(row)["delivery"]]
        if episode in quiet and episode in presses:
            row["at"] = presses[episode] + timedelta(milliseconds=10)
            run.world = dict(run.world) | {"freeze_seconds": 0}
            return


@breaking("taken_episodes_have_nothing_to_send", "every_delivery_has_ended", "every_alert_is_published")
def a_taken_episode_has_a_mail_to_send(run: Evidence) -> None:
    taken = {row["episode_id"] for row in _rows(run, "episodes") if row["acknowledged_at"] is not None}
    alert = next(row for row in _rows(run, "alerts") if row["episode_id"] in taken and row["sent_at"] is not None)
    _one(_rows(run, "deliveries"), alert_id=alert["alert_id"], channel="email")["state"] = "pending"


def spoilt(run: Evidence, damage: Damage) -> Evidence:
    """A copy of the evidence with this damage."""
    worse = copy.deepcopy(run)
    damage.spoil(worse)
    return worse


def _rows(run: Evidence, table: str) -> list[Row]:
    return run.rows("escalation", f"escalation.{table}")


def _one(rows: list[Row], **having: Any) -> Row:
    """The first row that has these values."""
    return next(row for row in rows if all(row[name] == value for name, value in having.items()))


def _facts(run: Evidence, service: str) -> list[Row]:
    """The outbox's rows in their order, dead letters left out."""
    rows = sorted(run.rows(service, "shared.outbox"), key=lambda row: int(row["id"]))
    return [row for row in rows if "dead-letters" not in row["topic"]]


def _two_of_a_key(rows: list[Row], key: str = "key") -> tuple[Row, Row]:
    """Two rows of the same account, one after the other."""
    before: dict[object, Row] = {}
    for row in rows:
        if row[key] in before and before[row[key]]["topic"] == row["topic"] if "topic" in row else row[key] in before:
            return before[row[key]], row
        before[row[key]] = row
    raise LookupError("no account has two rows")


def _signals(records: list[Record]) -> list[Record]:
    kinds = ("support.contact_dead_ended", "support.refund_requested", "support.cancellation_requested")
    return sorted((one for one in records if one.type in kinds), key=lambda one: (one.key, one.offset))


def _quiet_signal(run: Evidence) -> Row:
    """A signal that has an episode and did not ring."""
    quiet = {s.at for account in expected_effects(run).values() for s in account.signals.values() if not s.rang}
    alone = [row for row in _rows(run, "signals") if row["at"] in quiet and row["episode_id"] is not None]
    return next(row for row in alone if row["names_order"] is None)


def _order_of(run: Evidence, episode: UUID) -> object:
    return _one(_rows(run, "episodes"), episode_id=episode)["order_id"]


def _sent_mail(run: Evidence) -> Row:
    """The e-mail of an alert of an episode that nobody took, for somebody whom the directory had from the start."""
    taken = {line["episode"] for line in run.accepted if line["what"] == "button"}
    alerts = [row for row in _rows(run, "alerts") if str(row["episode_id"]) not in taken]
    known = {row["alert_id"] for row in alerts if row["recipient"] != "m-top"}
    sent = (row for row in _rows(run, "deliveries") if (row["channel"], row["state"]) == ("email", "sent"))
    return next(row for row in sent if row["alert_id"] in known)
