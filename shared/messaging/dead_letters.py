"""Dead letters: inputs that could not be applied, kept with a reason, announced without their bytes, replayable."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import orjson

from shared.contracts.dead_letters import RecordDeadLettered, topic_of
from shared.contracts.envelope import envelope
from shared.database import Connection, bulk_insert
from shared.inputs import Batch, Input, InputKind, Outcome, Position, RawMessage, Rejection
from shared.messaging.codec import Poison, decode_message
from shared.messaging.kept_letters import KeptLetter
from shared.outbox import Outgoing
from shared.tables import DeadLetter

_DECIDED_LATER = frozenset({"replayed_at", "dismissed_at", "dismissed_by", "dismissed_why"})
_KEEP = bulk_insert(DeadLetter, skip=_DECIDED_LATER, tail="on conflict (id) do nothing returning id")
# Kept from the same position with another body: from a topic that was deleted and created again.
_TAKEN = """
    select told.id from unnest($1::uuid[], $2::bytea[]) as told (id, body)
    join shared.dead_letters as kept on kept.id = told.id and kept.body is distinct from told.body
"""
_MARK_REPLAYED = """
    with replayed as (update shared.dead_letters set replayed_at = $2 where id = $1 returning *)
    update shared.ledger set outcome = $3, decided_at = $2 from replayed
    where ledger.topic = replayed.topic and ledger.partition = replayed.partition
      and ledger.record_offset = replayed.record_offset and ledger.decided_at <= replayed.received_at
"""


def replay_of(
    letter: KeptLetter, raw: RawMessage, *, prefix: str, received_at: datetime | None = None
) -> Batch | Poison:
    """The batch that tries a dead letter again, or why it is still not an event.

    Its times are judged by the time of first receipt. With `received_at`, times ahead of that count as `received_at`.
    """
    topic = raw.topic.removeprefix(prefix)
    decoded = decode_message(raw.body, raw.headers, key=raw.key, topic=topic)
    if isinstance(decoded, Poison):
        return decoded
    position = None
    if letter.partition is not None and letter.record_offset is not None:
        position = Position(letter.topic, letter.partition, letter.record_offset)
    kind = InputKind.HTTP if position is None else InputKind.RECORD
    one = Input(decoded.envelope, decoded.body, decoded.digest, kind, raw, position)
    first = received_at or letter.received_at
    return Batch([one], replays=letter.id, received_at=first, any_time=received_at is not None)


async def mark_replayed(connection: Connection, id: UUID, outcome: Outcome, now: datetime) -> None:
    """Note that a dead letter was accepted: its offset's ledger entry gets the outcome, if it is of this topic."""
    await connection.execute(_MARK_REPLAYED, id, now, outcome.value)


async def keep(connection: Connection, rejections: Sequence[Rejection], now: datetime) -> list[Rejection]:
    """Store dead letters. Return those that were not stored before."""
    unique = {rejection.id: rejection for rejection in rejections}
    added = await _keep(connection, unique, now)
    known = [one for one in unique.values() if one not in added and one.position is not None]
    if not known:
        return added
    taken = await connection.fetch(_TAKEN, [one.id for one in known], [one.raw.body for one in known])
    apart = [replace(unique[row["id"]], place_is_taken=True) for row in taken]
    return added + await _keep(connection, {one.id: one for one in apart}, now)


async def _keep(connection: Connection, letters: Mapping[UUID, Rejection], now: datetime) -> list[Rejection]:
    added = await _KEEP.fetch(connection, [_row(letter, now) for letter in letters.values()])
    return [letters[row["id"]] for row in added]


def announcement(service: str, rejection: Rejection, now: datetime) -> Outgoing:
    """The event that reports a dead letter: its position and the reason, never its content."""
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
        rejection.answered,
    )
