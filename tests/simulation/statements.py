"""What each statement of the spine and of escalation's store means, for the database in memory.

The keys are the very texts that run on Postgres; whoever changes one of those, changes its meaning here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.escalation.domain.deliveries import GIVE_UP_AFTER_ATTEMPTS, RESEND_UNKNOWN_AFTER
from services.escalation.store import batches, claims, deliveries, inbox, policies
from services.escalation.store.histories import FACT_COLUMNS
from shared import journal, outbox, timers, transaction
from shared.messaging import positions, relay
from tests.simulation.database import Answer, Row, Rows, Session, insert, numbered

ACCOUNTS, ORDERS, CASES = "escalation.accounts", "escalation.orders", "escalation.cases"
FACTS, EPISODES, SIGNALS = "escalation.facts", "escalation.episodes", "escalation.signals"
ALERTS, DELIVERIES, PEOPLE = "escalation.alerts", "escalation.deliveries", "escalation.salespeople"
DECISIONS, POLICIES = "escalation.decisions", "escalation.policies"
JOURNAL, LEDGER, OFFSETS = "shared.journal", "shared.ledger", "shared.offsets"
OUTBOX, TIMERS, LOCKS, DEAD_LETTERS = "shared.outbox", "shared.timers", "shared.locks", "shared.dead_letters"


def _of_accounts(table: str) -> Answer:
    def rows(session: Session, arguments: Sequence[Any]) -> Rows:
        wanted = set(arguments[0])
        return [row for row in session.rows(table) if row["account_id"] in wanted]

    return rows


def _now(session: Session, _arguments: Sequence[Any]) -> Rows:
    return [{"now": session.now}]


def _nothing(_session: Session, _arguments: Sequence[Any]) -> Rows:
    return []


def _lock(session: Session, arguments: Sequence[Any]) -> Rows:
    for key in arguments[0]:
        session.hold(LOCKS, [(key,)])
        if session.get(LOCKS, (key,)) is None:
            session.put(LOCKS, {"key": key})
    return [{"now": session.now}]


def _signals(session: Session, arguments: Sequence[Any]) -> Rows:
    return [{name: row[name] for name in row if name != "words"} for row in _of_accounts(SIGNALS)(session, arguments)]


def _episodes(session: Session, arguments: Sequence[Any]) -> Rows:
    """The open ones, and of each order the last that is over."""
    mine = _of_accounts(EPISODES)(session, arguments)
    followed = {row["follows"] for row in mine}
    return [row for row in mine if row["closed_at"] is None or row["episode_id"] not in followed]


def _facts(session: Session, arguments: Sequence[Any]) -> Rows:
    """In the order of their times, and of the columns: they are read by place."""
    mine = sorted(_of_accounts(FACTS)(session, arguments), key=lambda row: row["at"])
    return [{name: row[name] for name in FACT_COLUMNS} for row in mine]


def _people(session: Session, arguments: Sequence[Any]) -> Rows:
    session.noted["people"] = session.database.commits
    known = {row["salesperson_id"]: row for row in session.rows(PEOPLE)}
    needed, new = set[str](), set(arguments[0])
    while new:
        needed |= new
        people = [known[id] for id in new if id in known]
        new = {row[way] for row in people for way in ("manager", "successor", "backup") if row[way]} - needed
    return [row for id, row in known.items() if id in needed]


def _by_key(table: str, *, hold: bool = False) -> Answer:
    def rows(session: Session, arguments: Sequence[Any]) -> Rows:
        keys = [(one,) for one in arguments[0]]
        if hold:
            session.hold(table, keys)
        return [row for key in keys if (row := session.get(table, key)) is not None]

    return rows


def _asked(session: Session, arguments: Sequence[Any]) -> Rows:
    wanted = set(arguments[0])
    asked = {(row["episode_id"], row["recipient"]) for row in session.rows(ALERTS) if row["episode_id"] in wanted}
    return [{"episode_id": episode, "recipient": recipient} for episode, recipient in sorted(asked)]


def _silence(session: Session, arguments: Sequence[Any]) -> Rows:
    silenced = {id: (because, at) for id, because, at in zip(*arguments, strict=True)}
    for row in _deliveries_in(session, "pending", "held", "unknown"):
        alert = session.get(ALERTS, (row["alert_id"],))
        if alert is not None and alert["episode_id"] in silenced:
            because, at = silenced[alert["episode_id"]]
            session.put(DELIVERIES, {**row, "state": "cancelled", "reason": because, "changed_at": at})
    return []


def _deliveries_in(session: Session, *states: str) -> Rows:
    return [row for row in session.rows(DELIVERIES) if row["state"] in states]


def _with_mail_due(session: Session, arguments: Sequence[Any]) -> Rows:
    channel, most, limit = arguments
    due = _sendable(session, channel, session.now)
    first: dict[str, Row] = {}
    for row in sorted(due, key=lambda row: row["try_at"])[:most]:
        first.setdefault(row["recipient"], row)
    return [{"recipient": recipient} for recipient in first][:limit]


def _sendable(session: Session, channel: str, now: datetime) -> Rows:
    due = _deliveries_in(session, "pending", "held", "unknown")
    return [row for row in due if row["channel"] == channel and row["try_at"] <= now]


def _lock_people(session: Session, arguments: Sequence[Any]) -> Rows:
    keys = [(id,) for id in arguments[0] if session.get(PEOPLE, (id,)) and session.is_free(PEOPLE, (id,))]
    session.hold(PEOPLE, keys)
    return [{"recipients": [id for (id,) in keys], "now": session.now}]


def _due_for(session: Session, arguments: Sequence[Any]) -> Rows:
    recipients, channel, now, most = arguments
    found: Rows = []
    for recipient in recipients:
        due = [
            row
            for row in _sendable(session, channel, now)
            if row["recipient"] == recipient and session.is_free(DELIVERIES, (row["delivery_id"],))
        ]
        due.sort(key=lambda row: (row["state"] != "unknown", row["try_at"], row["delivery_id"]))
        found += [_with_its_alert(session, row) for row in due[:most]]
    session.hold(DELIVERIES, [(row["delivery_id"],) for row in found])
    return found


def _with_its_alert(session: Session, delivery: Row) -> Row:
    alert, episode = _alert_of(session, delivery), _episode_of(session, delivery)
    about = {name: alert[name] for name in ("account_id", "episode_id", "traceparent")}
    over = "closed" if episode["closed_at"] else "acknowledged" if episode["acknowledged_at"] else None
    return {**delivery, **about, "overtaken": alert["ring"] < episode["rings"], "over": over}


def _sent_lately(session: Session, arguments: Sequence[Any]) -> Rows:
    recipients, channel, since = arguments
    latest: dict[Any, Row] = {}
    for row in _deliveries_in(session, "sending", "sent", "unknown"):
        if row["recipient"] in recipients and row["channel"] == channel and row["changed_at"] > since:
            message = (row["recipient"], row["list_id"] or row["delivery_id"])
            known = latest.get(message)
            if known is None or row["changed_at"] > known["changed_at"]:
                latest[message] = row
    return [
        {"recipient": row["recipient"], "at": row["changed_at"], "is_list": row["list_id"] is not None}
        for row in latest.values()
    ]


def mark_deliveries(session: Session, arguments: Sequence[Any]) -> Rows:
    """Being sent, held, or expired, as was decided."""
    session.noted["marked"] = arguments
    now, *columns = arguments
    for id, state, list_id, try_at, reason in zip(*columns, strict=True):
        row = session.get(DELIVERIES, (id,))
        assert row is not None
        attempts = row["attempts"] + (state == "sending")
        decided = {"state": state, "list_id": list_id, "try_at": try_at, "reason": reason}
        session.put(DELIVERIES, {**row, **decided, "attempts": attempts, "changed_at": now})
    return []


def asks_somebody(session: Session, delivery: Row) -> bool:
    """Whether a delivery's episode is open, and nobody has acknowledged it."""
    episode = _episode_of(session, delivery)
    return episode["acknowledged_at"] is None and episode["closed_at"] is None


def _episode_of(session: Session, delivery: Row) -> Row:
    episode = session.get(EPISODES, (_alert_of(session, delivery)["episode_id"],))
    assert episode is not None
    return episode


def _alert_of(session: Session, delivery: Row) -> Row:
    alert = session.get(ALERTS, (delivery["alert_id"],))
    assert alert is not None
    return alert


def _give_up(session: Session, _arguments: Sequence[Any]) -> Rows:
    silent = [
        row
        for row in _deliveries_in(session, "sending")
        if row["try_at"] <= session.now
        and session.is_free(DELIVERIES, (row["delivery_id"],))
        and session.is_free(EPISODES, (_episode_of(session, row)["episode_id"],))
    ]
    ids = [row["delivery_id"] for row in silent]
    give_up_deliveries(session, ids)
    session.noted["given up"] = ids
    return silent


def give_up_deliveries(session: Session, ids: Iterable[Any]) -> None:
    """Nobody came back to tell whether these were sent."""
    keys = [(id,) for id in ids]
    session.hold(DELIVERIES, keys)
    for key in keys:
        row = session.get(DELIVERIES, key)
        assert row is not None
        state = "unknown" if row["attempts"] < GIVE_UP_AFTER_ATTEMPTS else "failed"
        changes = {
            "state": state if asks_somebody(session, row) else "cancelled",
            "unknown_count": row["unknown_count"] + 1,
            "reason": "the attempt never came back",
            "try_at": session.now + RESEND_UNKNOWN_AFTER,
            "changed_at": session.now,
        }
        session.put(DELIVERIES, {**row, **changes})


def _newer_policies(session: Session, arguments: Sequence[Any]) -> Rows:
    session.noted["policies"] = session.database.commits
    newer = [row for row in session.rows(POLICIES) if row["version"] > arguments[0]]
    own = session.writes.get(POLICIES, {})
    return [{**row, "uncommitted": (row["version"],) in own} for row in numbered(newer, "version")]


def _seen(session: Session, arguments: Sequence[Any]) -> Rows:
    told = set(zip(*arguments, strict=True))
    return [row for row in session.rows(JOURNAL) if (row["source"], row["event_id"]) in told]


def _record(session: Session, arguments: Sequence[Any]) -> Rows:
    *runs, now = arguments
    for topic, partition, first, last, outcome in zip(*runs, strict=True):
        for offset in range(first, last + 1):
            known = session.get(LEDGER, (topic, partition, offset))
            if known is None or (known["outcome"], outcome) == ("dead_lettered", "applied"):
                columns = ("topic", "partition", "record_offset", "outcome", "decided_at")
                insert(session, LEDGER, columns, (topic, partition, offset, outcome, now))
    return []


def _read_offsets(session: Session, arguments: Sequence[Any]) -> Rows:
    wanted = set(zip(*arguments, strict=True))
    return [row for row in session.rows(OFFSETS) if (row["topic"], row["partition"]) in wanted]


def _mark_read(session: Session, arguments: Sequence[Any]) -> Rows:
    for topic, partition, at in zip(*arguments, strict=True):
        row = session.get(OFFSETS, (topic, partition))
        if row is not None:
            session.put(OFFSETS, {**row, "read_through_at": at})
    return []


def _append(session: Session, arguments: Sequence[Any]) -> Rows:
    for values in zip(*arguments, strict=True):
        insert(session, OUTBOX, outbox._APPEND.columns, values)
    return [{"count": 1}]


def _unpublished(session: Session, arguments: Sequence[Any]) -> Rows:
    waiting = [row for row in session.rows(OUTBOX) if row["published_at"] is None]
    return list(numbered(waiting, "id"))[: arguments[0]]


def _mark_published(session: Session, arguments: Sequence[Any]) -> Rows:
    for id in arguments[0]:
        row = session.get(OUTBOX, (id,))
        assert row is not None
        session.put(OUTBOX, {**row, "published_at": session.now})
    return []


def due_timers(session: Session) -> Rows:
    marks = [row["read_through_at"] for row in session.rows(OFFSETS)]
    read_through = min(marks) if marks and None not in marks else None
    return [row for row in session.rows(TIMERS) if _is_due(row, session.now, read_through)]


def _is_due(row: Row, now: datetime, read_through: datetime | None) -> bool:
    if row["due_at"] > now:
        return False
    return not row["made_of_silence"] or (read_through is not None and row["due_at"] <= read_through)


def _due_keys(session: Session, arguments: Sequence[Any]) -> Rows:
    due = sorted(due_timers(session), key=lambda row: row["due_at"])[: arguments[0]]
    return [{"lock_key": key} for key in sorted({row["lock_key"] for row in due})]


def _lock_free(session: Session, arguments: Sequence[Any]) -> Rows:
    free = [key for key in sorted(arguments[0]) if session.is_free(LOCKS, (key,))]
    session.hold(LOCKS, [(key,) for key in free])
    return [{"key": key} for key in free]


def _claim_timers(session: Session, arguments: Sequence[Any]) -> Rows:
    wanted = set(arguments[0])
    claimed = [row for row in due_timers(session) if row["lock_key"] in wanted]
    session.hold(TIMERS, [(row["id"],) for row in claimed])
    for row in claimed:
        session.delete(TIMERS, (row["id"],))
    session.noted["claimed"] = claimed
    return claimed


def _cancel_timers(session: Session, arguments: Sequence[Any]) -> Rows:
    keys = [(id,) for id in arguments[0] if session.get(TIMERS, (id,)) is not None]
    session.hold(TIMERS, keys)
    for key in keys:
        session.delete(TIMERS, key)
    return []


def _hurry(session: Session, arguments: Sequence[Any]) -> Rows:
    awaited, now = set(arguments[0]), session.now
    waiting = [
        row
        for row in session.rows(TIMERS)
        if row["awaits"] in awaited and (row["due_at"] > now or row["made_of_silence"])
    ]
    _hold_all(session, waiting)
    hurry_timers(session, [row["id"] for row in waiting], now)
    return []


def hurry_timers(session: Session, ids: Sequence[UUID], now: datetime) -> None:
    """Make these due. They are noted: a timer that another transaction was just setting is not among them."""
    session.noted["hurried"] = (ids, now)
    for id in ids:
        row = session.get(TIMERS, (id,))
        assert row is not None
        session.put(TIMERS, {**row, "due_at": min(row["due_at"], now), "made_of_silence": False})


def _postpone(session: Session, arguments: Sequence[Any]) -> Rows:
    wanted = set(arguments[0])
    due = [row for row in session.rows(TIMERS) if row["lock_key"] in wanted and row["due_at"] <= session.now]
    _hold_all(session, due)
    for row in due:
        session.put(TIMERS, {**row, "due_at": session.now + timedelta(minutes=1)})
    return []


def _hold_all(session: Session, rows: Iterable[Row]) -> None:
    session.hold(TIMERS, [(row["id"],) for row in rows])


def _now_and_round(session: Session, arguments: Sequence[Any]) -> Rows:
    episode = session.get(EPISODES, (arguments[0],))
    shown = None if episode is None else f"{episode['rings']}-{episode['attempts']}"
    return [{"now": session.now, "round": shown}]


ANSWERS: Mapping[str, Answer] = {
    "select shared.app_now()": _now,
    transaction._ADD_LOCKS: _nothing,
    transaction._LOCK: _lock,
    batches._ACCOUNTS: _of_accounts(ACCOUNTS),
    batches._ORDERS: _of_accounts(ORDERS),
    batches._CASES: _of_accounts(CASES),
    batches._FACTS: _facts,
    batches._SIGNALS: _signals,
    batches._EPISODES: _episodes,
    batches._PEOPLE: _people,
    batches._ASKED: _asked,
    batches._DELIVERIES: _by_key(DELIVERIES, hold=True),
    batches._ALERTS: _by_key(ALERTS),
    batches._SILENCE: _silence,
    policies._NEWER: _newer_policies,
    claims._RECIPIENTS: _with_mail_due,
    claims._LOCK: _lock_people,
    claims._DUE: _due_for,
    claims._RECENT: _sent_lately,
    claims._MARK: mark_deliveries,
    deliveries._GIVE_UP_ON_SILENT_ATTEMPTS: _give_up,
    inbox._NOW_AND_ROUND: _now_and_round,
    journal._SEEN: _seen,
    journal._RECORD: _record,
    journal._READ_OFFSETS: _read_offsets,
    positions._MARK_READ: _mark_read,
    outbox._APPEND_AND_WAKE: _append,
    relay._UNPUBLISHED: _unpublished,
    relay._MARK: _mark_published,
    timers._DUE_KEYS: _due_keys,
    timers._LOCK: _lock_free,
    timers._CLAIM: _claim_timers,
    timers._CANCEL: _cancel_timers,
    timers._HURRY: _hurry,
    timers._POSTPONE: _postpone,
}
