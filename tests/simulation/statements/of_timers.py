"""How timers are found, claimed, hurried and postponed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared import timers
from tests.simulation.database import Answer, Session
from tests.simulation.tables import (
    LOCKS,
    OFFSETS,
    TIMERS,
    Row,
    Rows,
)


def due_timers(session: Session) -> Rows:
    marks = [row["read_through_at"] for row in session.rows(OFFSETS)]
    read_through = min(marks) if marks and None not in marks else None
    return [row for row in session.rows(TIMERS) if _is_due(row, session.now, read_through)]


def _is_due(row: Row, now: datetime, read_through: datetime | None) -> bool:
    if row["due_at"] > now:
        return False
    return not row["made_of_silence"] or (read_through is not None and row["due_at"] <= read_through)


def _due_keys(session: Session, arguments: Sequence[Any]) -> Rows:
    limit, only, without = arguments
    wanted = [row for row in due_timers(session) if only in (None, row["lock_key"]) and row["lock_key"] not in without]
    due = Counter(row["lock_key"] for row in sorted(wanted, key=lambda row: row["due_at"])[:limit])
    return [{"lock_key": key, "due": due[key]} for key in sorted(due)]


def _lock_free(session: Session, arguments: Sequence[Any]) -> Rows:
    free = [key for key in sorted(arguments[0]) if session.is_free(LOCKS, (key,))]
    session.hold(LOCKS, [(key,) for key in free])
    return [{"key": key} for key in free]


def _claim_timers(session: Session, arguments: Sequence[Any]) -> Rows:
    wanted, limit = set(arguments[0]), arguments[1]
    due = [row for row in due_timers(session) if row["lock_key"] in wanted]
    claimed = sorted(due, key=lambda row: (row["due_at"], row["id"]))[:limit]
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
    """Make these due. They are noted for the replay: a timer that another transaction is just
    setting is not among them."""
    session.noted["hurried"] = (ids, now)
    for id in ids:
        row = session.get(TIMERS, (id,))
        assert row is not None
        session.put(TIMERS, {**row, "due_at": min(row["due_at"], now), "made_of_silence": False})


def _postpone(session: Session, arguments: Sequence[Any]) -> Rows:
    key, limit = arguments
    of_account = [row for row in due_timers(session) if row["lock_key"] == key]
    due = sorted(of_account, key=lambda row: (row["due_at"], row["id"]))[:limit]
    _hold_all(session, due)
    for row in due:
        attempts = row.get("attempts", 0)
        pause = timedelta(minutes=min(60, 2 ** min(attempts, 6)))
        session.put(TIMERS, {**row, "attempts": attempts + 1, "due_at": session.now + pause})
    return []


def _hold_all(session: Session, rows: Iterable[Row]) -> None:
    session.hold(TIMERS, [(row["id"],) for row in rows])


ANSWERS: Mapping[str, Answer] = {
    timers._DUE_KEYS: _due_keys,
    timers._LOCK: _lock_free,
    timers._CLAIM: _claim_timers,
    timers._CANCEL: _cancel_timers,
    timers._HURRY: _hurry,
    timers._POSTPONE: _postpone,
}
