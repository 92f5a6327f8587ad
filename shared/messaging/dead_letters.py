"""Dead letters: inputs that could not be applied are kept with a reason, announced without their bytes, and replayable."""

import base64
from collections.abc import Sequence
from datetime import datetime

import orjson

from shared.contracts.dead_letters import RecordDeadLettered, topic_of
from shared.contracts.envelope import envelope
from shared.database import Connection, bulk_insert
from shared.inputs import RawMessage, Rejection
from shared.outbox import Outgoing
from shared.tables import DeadLetter

_KEEP = bulk_insert(DeadLetter, skip=frozenset({"replayed_at"}), tail="on conflict (id) do nothing returning id")


async def keep(connection: Connection, rejections: Sequence[Rejection], now: datetime) -> list[Rejection]:
    """Store dead letters; returns those that were not stored before."""
    unique = {rejection.id: rejection for rejection in rejections}
    added = await _KEEP.fetch(connection, [_row(rejection, now) for rejection in unique.values()])
    return [unique[row["id"]] for row in added]


def announcement(service: str, rejection: Rejection, now: datetime) -> Outgoing:
    """The event that tells of a dead letter: where it stood and why, never what it said."""
    position = rejection.position
    fact = RecordDeadLettered(
        service=service,
        dead_letter=rejection.id,
        topic=rejection.raw.topic,
        partition=position.partition if position else None,
        offset=position.offset if position else None,
        code=rejection.code,
        reason=rejection.reason,
    )
    source = f"handoff/{service}"
    return Outgoing(envelope(fact, id=str(rejection.id), source=source, subject=service, time=now), topic_of(service))


def encode_headers(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    return orjson.dumps(
        [[name, None if value is None else base64.b64encode(value).decode()] for name, value in headers]
    )


def decode_headers(stored: bytes | None) -> list[tuple[str, bytes | None]]:
    pairs = orjson.loads(stored) if stored else []
    return [(name, None if value is None else base64.b64decode(value)) for name, value in pairs]


def _row(rejection: Rejection, now: datetime) -> tuple[object, ...]:
    raw: RawMessage = rejection.raw
    position = rejection.position
    return (
        rejection.id,
        raw.topic,
        position.partition if position else None,
        position.offset if position else None,
        rejection.code,
        rejection.reason,
        now,
        raw.key,
        encode_headers(raw.headers),
        raw.body,
    )
