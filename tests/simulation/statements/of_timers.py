"""How timers are found, claimed, hurried and put off."""

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


ANSWERS: Mapping[str, Answer] = {
    timers._DUE_KEYS: _due_keys,
    timers._LOCK: _lock_free,
    timers._CLAIM: _claim_timers,
    timers._CANCEL: _cancel_timers,
    timers._HURRY: _hurry,
    timers._POSTPONE: _postpone,
}
