"""The clock, the locks of accounts, the journal with its ledger and offsets, and the outbox."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared import journal, outbox, transaction
from shared.messaging import positions, relay
from tests.simulation.database import Answer, Session
from tests.simulation.inserting import insert
from tests.simulation.tables import JOURNAL, LEDGER, LOCKS, OFFSETS, OUTBOX, Rows


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


def _seen(session: Session, arguments: Sequence[Any]) -> Rows:
    reported = set(zip(*arguments, strict=True))
    return [row for row in session.rows(JOURNAL) if (row["source"], row["event_id"]) in reported]


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


def _store_offsets(session: Session, arguments: Sequence[Any]) -> Rows:
    """No topic is recreated here: every topic's id is unknown."""
    stored = []
    for topic, partition, offset, topic_id in zip(*arguments, strict=True):
        known = session.get(OFFSETS, (topic, partition))
        if known is None:
            columns = ("topic", "partition", "next_offset", "topic_id")
            stored.append(insert(session, OFFSETS, columns, (topic, partition, offset, topic_id)))
        elif known["topic_id"] == topic_id:
            stored.append({**known, "next_offset": max(known["next_offset"], offset)})
            session.put(OFFSETS, stored[-1])
    return stored


def _mark_read(session: Session, arguments: Sequence[Any]) -> Rows:
    for topic, partition, at, topic_id, reached in zip(*arguments, strict=True):
        row = session.get(OFFSETS, (topic, partition))
        if row is not None and row["topic_id"] == topic_id:
            session.put(OFFSETS, {**row, "read_through_at": at, "whole_to": reached})
    return []


def _append(session: Session, arguments: Sequence[Any]) -> Rows:
    for values in zip(*arguments, strict=True):
        insert(session, OUTBOX, outbox._APPEND.columns, values)
    return [{"count": 1}]


def _unpublished(session: Session, arguments: Sequence[Any]) -> Rows:
    waiting = [row for row in session.rows(OUTBOX) if row["published_at"] is None]
    return sorted(waiting, key=lambda row: row["id"])[: arguments[0]]


def _mark_published(session: Session, arguments: Sequence[Any]) -> Rows:
    for id in arguments[0]:
        row = session.get(OUTBOX, (id,))
        assert row is not None
        session.put(OUTBOX, {**row, "published_at": session.now})
    return []


ANSWERS: Mapping[str, Answer] = {
    "select shared.app_now()": _now,
    transaction._ADD_LOCKS: _nothing,
    transaction._LOCK: _lock,
    journal._SEEN: _seen,
    journal._RECORD: _record,
    journal._READ_OFFSETS: _read_offsets,
    journal._STORE_OFFSETS.sql: _store_offsets,
    positions._MARK_READ: _mark_read,
    outbox._APPEND_AND_WAKE: _append,
    relay._UNPUBLISHED: _unpublished,
    relay._MARK: _mark_published,
}
