"""Damage to what came of it all: signals, episodes, alerts, deliveries, mails, presses, and what waits."""

from datetime import timedelta
from uuid import UUID, uuid4

from tests.faults.checker.evidence import Evidence, payload
from tests.faults.damages.registry import breaking, one, order_of, quiet_signal, rows, sent_mail


@breaking("every_signal_is_kept_with_its_order")
def a_signal_is_lost(run: Evidence) -> None:
    rows(run, "signals").remove(quiet_signal(run))


@breaking("every_signal_is_kept_with_its_order")
def a_signal_is_at_another_order(run: Evidence) -> None:
    signal = quiet_signal(run)
    others = [row["episode_id"] for row in rows(run, "episodes") if row["episode_id"] != signal["episode_id"]]
    signal["episode_id"] = others[0]


@breaking("every_signal_is_kept_with_its_order", "no_signal_waits_for_an_order_that_is_there")
def a_signal_waits_for_ever(run: Evidence) -> None:
    quiet_signal(run)["episode_id"] = None


@breaking("every_order_at_risk_has_one_episode", "every_alert_is_for_the_right_person")
def an_account_that_never_bought_has_an_episode(run: Evidence) -> None:
    episode = rows(run, "episodes")[0]
    rows(run, "episodes").append(episode | {"episode_id": uuid4(), "account_id": "c-nobody", "order_id": "none"})


@breaking("every_ring_is_one_alert", "every_alert_has_its_deliveries", "every_alert_is_published")
def a_signal_alerts_twice(run: Evidence) -> None:
    alert = rows(run, "alerts")[0]
    rows(run, "alerts").append(alert | {"alert_id": uuid4(), "sent_at": None})


@breaking("every_ring_is_one_alert", "every_alert_has_its_deliveries", "every_alert_is_published")
def a_signal_alerts_that_must_not_ring(run: Evidence) -> None:
    alert, signal = rows(run, "alerts")[0], quiet_signal(run)
    own = {"signal_id": signal["signal_id"], "episode_id": signal["episode_id"], "account_id": signal["account_id"]}
    order = order_of(run, signal["episode_id"])
    same = next(row for row in rows(run, "alerts") if order_of(run, row["episode_id"]) == order)
    rows(run, "alerts").append(alert | same | own | {"alert_id": uuid4(), "sent_at": None})


@breaking("every_ring_is_one_alert", "every_alert_is_published", "every_mail_is_of_an_alert")
def an_alert_is_lost_with_its_deliveries(run: Evidence) -> None:
    email = sent_mail(run)
    alerts = rows(run, "alerts")
    alerts.remove(one(alerts, alert_id=email["alert_id"]))
    made = rows(run, "deliveries")
    made[:] = [row for row in made if row["alert_id"] != email["alert_id"]]


@breaking("every_alert_is_for_the_right_person", "every_mail_sent_was_taken_in")
def an_alert_is_for_somebody_else(run: Evidence) -> None:
    email = sent_mail(run)
    one(rows(run, "alerts"), alert_id=email["alert_id"])["recipient"] = "m-top"


@breaking("every_alert_is_for_the_right_person")
def an_alert_has_the_wrong_reason(run: Evidence) -> None:
    rows(run, "alerts")[0]["because"] = "seller_unknown"


@breaking("every_alert_is_for_the_right_person")
def an_episode_is_somebody_elses(run: Evidence) -> None:
    rows(run, "episodes")[0]["responsible"] = "m-circle-a"


@breaking("an_episode_stands_as_taken_where_it_was")
def an_acknowledgement_is_forgotten(run: Evidence) -> None:
    taken = (row for row in rows(run, "episodes") if row["acknowledged_at"] is not None)
    next(taken)["acknowledged_at"] = None


@breaking("orders_and_cases_are_known_as_told")
def an_order_is_kept_with_another_seller(run: Evidence) -> None:
    rows(run, "orders")[0]["sold_by"] = "m-circle-a"


@breaking("orders_and_cases_are_known_as_told")
def a_case_has_another_count(run: Evidence) -> None:
    rows(run, "cases")[0]["reassignments"] += 1


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
    rows(run, "deliveries").remove(sent_mail(run))


@breaking("every_delivery_has_ended", "every_alert_is_published")
def a_delivery_is_in_doubt_for_ever(run: Evidence) -> None:
    sent_mail(run)["state"] = "unknown"


@breaking("every_alert_has_its_deliveries", "every_alert_is_published")
def a_delivery_in_doubt_was_dropped(run: Evidence) -> None:
    sent_mail(run)["state"] = "failed"


@breaking("every_alert_has_its_deliveries", "every_alert_is_published")
def a_delivery_is_cancelled_though_nobody_took_the_episode(run: Evidence) -> None:
    taken = {payload(row)["episode"] for row in run.databases["escalation"].journal("button")}
    alerts = [row for row in rows(run, "alerts") if str(row["episode_id"]) not in taken and row["sent_at"]]
    one(rows(run, "deliveries"), alert_id=alerts[0]["alert_id"], channel="email")["state"] = "cancelled"


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
    alert = next(row for row in rows(run, "alerts") if str(row["episode_id"]) == press["episode"])
    alert["raised_at"] += timedelta(hours=1)
    run.accepted.append(press | {"at": press["at"] + 7200})


@breaking("no_mail_begins_after_somebody_took_the_episode")
def a_mail_begins_after_somebody_took_the_episode(run: Evidence) -> None:
    journal = run.databases["escalation"]
    presses = {UUID(payload(row)["episode"]): row["decided_at"] for row in journal.journal("button")}
    quiet = {row["episode_id"] for row in rows(run, "episodes") if row["acknowledged_at"] is not None}
    alerts = {row["alert_id"]: row["episode_id"] for row in rows(run, "alerts")}
    deliveries = {str(row["delivery_id"]): alerts[row["alert_id"]] for row in rows(run, "deliveries")}
    for row in journal.journal("delivery"):
        episode = deliveries[payload(row)["delivery"]]
        if episode in quiet and episode in presses:
            row["at"] = presses[episode] + timedelta(milliseconds=10)
            run.world = dict(run.world) | {"freeze_seconds": 0}
            return


@breaking("taken_episodes_have_nothing_to_send", "every_delivery_has_ended", "every_alert_is_published")
def a_taken_episode_has_a_mail_to_send(run: Evidence) -> None:
    taken = {row["episode_id"] for row in rows(run, "episodes") if row["acknowledged_at"] is not None}
    alert = next(row for row in rows(run, "alerts") if row["episode_id"] in taken and row["sent_at"] is not None)
    one(rows(run, "deliveries"), alert_id=alert["alert_id"], channel="email")["state"] = "pending"
