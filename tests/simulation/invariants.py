"""The invariants of a history, once everything has come to rest."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from services.escalation.domain.own_facts import EmptyLadderRetryDue, EpisodeDue, PersonCheckDue, SellerLookupDue
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.win_backs import WinBackChecked
from shared.timers import timer_id
from tests.simulation.commits import Broken, Commits, require
from tests.simulation.database import Database
from tests.simulation.duties import check_duties
from tests.simulation.judging import signals_are_what_the_facts_say
from tests.simulation.kafka import Kafka
from tests.simulation.notifying import faults_of_waiting
from tests.simulation.offers import faults_of_offers
from tests.simulation.proving import faults_of_results
from tests.simulation.save_windows import faults_of_windows
from tests.simulation.statements.of_deliveries import asked_of, over_with
from tests.simulation.tables import (
    ACCOUNTS,
    ALERTS,
    DELIVERIES,
    EPISODES,
    JOURNAL,
    LEDGER,
    LOSSES,
    OFFERS,
    OUTBOX,
    PEOPLE,
    SIGNALS,
    TIMERS,
    Row,
)
from tests.simulation.win_backs import faults_of_win_backs
from tests.simulation.workers import Ground

_POLICY = Policies.shipped().latest.policy


def check_in_the_end(ground: Ground, _commits: Commits) -> None:
    """Raise Broken for the first invariant that does not hold."""
    database = ground.database
    _events_count_once(database, ground.kafka)
    _everything_is_published(database, ground.kafka)
    check_state(database)
    _messages_are_sent_once(database, ground.mail.accepted)
    _messages_are_sent_once(database, ground.push.accepted if ground.push else [])
    pressed = Counter(
        (row["type"], row["body"])
        for row in database.tables[JOURNAL].values()
        if row["kind"] == "button" and row["type"] != WinBackChecked.type
    )
    require(pressed <= ground.pressed, "a button counts more often than it was pressed")
    check_duties(database)


def check_state(database: Database) -> None:
    """The invariants of the tables alone."""
    signals_are_what_the_facts_say(database)
    _nothing_is_swallowed(database)
    _rings_are_counted(database)
    _deliveries_end(database)
    _clocks_run(database)
    _information_asks_nothing(database)
    _who_left_has_nothing(database)
    _losses_have_answers(database)
    for words in faults_of_offers(database):
        raise Broken(words)
    for words in faults_of_win_backs(database):
        raise Broken(words)
    for words in faults_of_results(database):
        raise Broken(words)
    for words in faults_of_windows(database):
        raise Broken(words)


def _events_count_once(database: Database, kafka: Kafka) -> None:
    counted = Counter((row["source"], row["event_id"]) for row in database.tables[JOURNAL].values())
    require(max(counted.values(), default=1) == 1, f"an event counts twice: {counted.most_common(1)}")
    for partition, records in kafka.appended.items():
        for offset, (_, one) in enumerate(records):
            entry = database.tables[LEDGER].get((*partition, offset))
            require(entry is not None, f"{partition} {offset} is not in the ledger")
            require(one.identity in counted, f"{one.envelope.id} was published and never applied")
    reported = sum(map(len, kafka.appended.values()))
    outcomes = Counter(row["outcome"] for row in database.tables[LEDGER].values())
    identities = {one.identity for records in kafka.appended.values() for _, one in records}
    require(outcomes == Counter(applied=len(identities)) + Counter(duplicate=reported - len(identities)), f"{outcomes}")


def _everything_is_published(database: Database, kafka: Kafka) -> None:
    rows = sorted(database.tables[OUTBOX].values(), key=lambda row: row["id"])
    events = Counter(dict(orjson.loads(row["headers"]))["ce_id"] for row in rows)
    require(max(events.values(), default=1) == 1, f"an effect is in the outbox twice: {events.most_common(1)}")
    first = dict.fromkeys(kafka.published)
    for row in rows:
        require((row["key"], row["id"]) in first, f"row {row['id']} of the outbox was never published")
    for key in {row["key"] for row in rows}:
        order = [id for account, id in first if account == key]
        require(order == sorted(order), f"what is published of {key} is out of order: {order}")


def _nothing_is_swallowed(database: Database) -> None:
    """Each standing signal is in an open episode, is in one that a person closed, or waits for an order."""
    orders = {row["account_id"] for row in database.tables["escalation.orders"].values()}
    for row in database.tables[SIGNALS].values():
        if row["ended"] is not None:
            continue
        if row["episode_id"] is None:
            waits = row["order_awaited_until"] is not None or row["account_id"] not in orders
            sold = [
                order["sold_at"]
                for order in database.tables["escalation.orders"].values()
                if order["account_id"] == row["account_id"]
            ]
            require(waits or min(sold) > row["at"], f"a signal waits for nothing: {row['kind']}")
            continue
        episode = database.tables[EPISODES].get((row["episode_id"],))
        require(episode is not None, "a signal is in no episode")
        assert episode is not None
        closed = episode["closed_at"] is not None
        require(not closed or episode["closed_by"] is not None, f"{row['kind']} stands in an episode closed by itself")


def _rings_are_counted(database: Database) -> None:
    open_orders = Counter(row["order_id"] for row in database.tables[EPISODES].values() if row["closed_at"] is None)
    require(max(open_orders.values(), default=1) == 1, "an order has two open episodes")
    followed = {row["follows"] for row in database.tables[EPISODES].values()}
    for (id,), row in database.tables[EPISODES].items():
        require(row["closed_at"] is not None or id not in followed, "an episode is open that another one follows")
    rings: dict[Any, list[int]] = {}
    causes = Counter[tuple[Any, ...]]()
    for row in database.tables[ALERTS].values():
        rings.setdefault(row["episode_id"], []).append(row["ring"])
        if row["cause"] == "signal":
            causes[row["episode_id"], row["recipient"], row["signal_id"], row["raised_at"]] += 1
        elif row["cause"] == "severity":
            causes[row["episode_id"], row["severity"]] += 1
    require(max(causes.values(), default=1) == 1, f"one cause alerted twice: {causes.most_common(1)}")
    for (id,), episode in database.tables[EPISODES].items():
        numbers = sorted(rings.get(id, []))
        require(numbers == list(range(1, episode["rings"] + 1)), f"rings {numbers}, counted {episode['rings']}")


def _losses_have_answers(database: Database) -> None:
    """Exactly the episodes closed as lost have a row for the answers, even if nothing was answered."""
    lost = {id for (id,), row in database.tables[EPISODES].items() if row["result"] == "lost"}
    answered = {id for (id,) in database.tables[LOSSES]}
    require(lost == answered, f"{len(lost - answered)} losses have no row, {len(answered - lost)} rows no loss")


def _deliveries_end(database: Database) -> None:
    channels: dict[Any, list[str]] = {}
    for row in database.tables[DELIVERIES].values():
        channels.setdefault(row["alert_id"], []).append(row["channel"])
        alert = database.tables[ALERTS].get((row["alert_id"],))
        require(alert is not None, "a delivery of no alert")
        assert alert is not None
        episode = database.tables[EPISODES][(alert["episode_id"],)]
        moving = row["state"] in ("pending", "held", "unknown")
        over = over_with(alert, episode, asked_of(database.tables[OFFERS].values(), episode))
        require(not (moving and over), f"{over}, and a delivery is {row['state']}")
    for (id,) in database.tables[ALERTS]:
        made = sorted(channels.get(id, []))
        require(made in (["email", "inbox"], ["email", "inbox", "push"]), f"an alert has deliveries on {made}")
    for words in faults_of_waiting(database):
        raise Broken(words)


def _clocks_run(database: Database) -> None:
    timers = database.tables[TIMERS]
    looking: tuple[type[SellerLookupDue] | type[EmptyLadderRetryDue], ...] = (SellerLookupDue, EmptyLadderRetryDue)
    sought = {
        kind.model_validate_json(row["body"]).episode
        for kind in looking
        for row in timers.values()
        if row["type"] == kind.type
    }
    for (id,), row in database.tables[EPISODES].items():
        due = EpisodeDue(episode=id)
        timer = timers.get((timer_id(due, row["account_id"], due.model_dump_json()),))
        account = database.tables[ACCOUNTS].get((row["account_id"],))
        excused = account is not None and account["preference"] in ("dispute", "deceased")
        for words in _faults_of_clock(row, timer, sought=id in sought, excused=excused, now=database.now):
            raise Broken(words)


def _faults_of_clock(row: Row, timer: Row | None, *, sought: bool, excused: bool, now: datetime) -> Iterator[str]:
    if row["closed_at"] is not None:
        if row["deadline_at"] is not None or timer is not None or row["offered_until"] is not None:
            yield "a clock runs on a closed episode"
        return
    ends = [at for at in (row["deadline_at"], row["offered_until"]) if at is not None]
    if ends and timer is None:
        yield f"an episode has a deadline and no timer: {row['deadline_for']}"
    if ends and timer is not None and timer["due_at"] > max(now, min(ends)):
        yield "the timer of an episode is later than its deadline"
    if row["acknowledged_at"] is not None:
        if row["reached_at"] is None and row["deadline_at"] is None and not excused:
            yield "acknowledged, not redeemed, and no clock runs"
        if row["deadline_for"] == "redeem" and excused:
            yield "a talk is due with a customer who must not be contacted"
    elif row["nobody_since"] is not None and row["deadline_at"] is not None:
        yield "there is nobody to ask, and a clock runs"
    elif row["rang"] and row["deadline_at"] is None and row["exhausted_at"] is None and not sought:
        yield "it rang, nobody has it, and no clock runs"


def _information_asks_nothing(database: Database) -> None:
    """An episode with signals for information alone requires nothing: no response, no deadline, no acknowledger."""
    standing: dict[Any, list[bool]] = {}
    for row in database.tables[SIGNALS].values():
        if row["ended"] is None:
            informs = row["kind"] == "refund_requested" and row["refund_kind"] not in _POLICY.plays.refund_kinds
            standing.setdefault(row["episode_id"], []).append(informs)
    for (id,), row in database.tables[EPISODES].items():
        if row["closed_at"] is None and all(standing.get(id, [False])):
            asks = row["rang"] or row["deadline_at"] or row["acknowledged_at"] or row["exhausted_at"]
            require(not asks, "an episode for information requires something")


def _who_left_has_nothing(database: Database) -> None:
    """A person who left has no episode and no e-mail to be sent. Work given to them at that time is checked a minute
    later.

    Transactions end within seconds, but here the clock may jump during one. So a transaction that read the directory
    before the change may store an acknowledgement or an e-mail after the check.
    """
    looked_at = {row["subject"] for row in database.tables[TIMERS].values() if row["type"] == PersonCheckDue.type}
    gone = {id: row for (id,), row in database.tables[PEOPLE].items() if not row["active"]}
    left = gone.keys() - looked_at
    for row in database.tables[EPISODES].values():
        if row["closed_at"] is None and not _taken_just_after_leaving(row, gone):
            mine = {row["responsible"], row["acknowledged_by"], row["offered_to"]}
            require(mine.isdisjoint(left), f"{mine & left} left, and has an episode: {row}")
    for row in database.tables[DELIVERIES].values():
        moving = row["state"] in ("pending", "held", "unknown") and row["recipient"] in left
        if moving and not _just_after(database.tables[ALERTS][(row["alert_id"],)]["raised_at"], gone[row["recipient"]]):
            raise Broken(f"{row['recipient']} left, and a mail is {row['state']}")


def _taken_just_after_leaving(episode: Row, gone: Mapping[Any, Row]) -> bool:
    taker = gone.get(episode["acknowledged_by"])
    return taker is not None and _just_after(episode["acknowledged_at"], taker)


def _just_after(at: datetime, person: Row) -> bool:
    return bool(timedelta() <= at - person["changed_at"] < timedelta(minutes=1))


def _messages_are_sent_once(database: Database, accepted: list[Any]) -> None:
    """Once, and once more for each attempt of unknown outcome."""
    for id, times in Counter(accepted).items():
        doubts = database.tables[DELIVERIES][(id,)]["unknown_count"]
        require(times <= 1 + doubts, f"a message was sent {times} times, with {doubts} attempts of unknown outcome")
