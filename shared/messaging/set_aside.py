"""Accounts set aside: a record that takes too long even alone waits here, followed by its account's later records.

The partition continues without them, nothing is lost, and each account's records keep their order. Only the reader of
their partition adds records; a process that takes them out holds the account's lock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.database import Connection, bulk_insert
from shared.inputs import Input, InputKind, Partition, Position, RawMessage, Rejection
from shared.messaging.codec import Poison, decode_message
from shared.messaging.dead_letters import encode_headers
from shared.messaging.kept_letters import decode_headers
from shared.tables import SetAside

FIRST_PAUSE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 1_800

_KEEP = bulk_insert(
    SetAside,
    skip=frozenset({"id", "attempts"}),
    tail="on conflict (topic, partition, record_offset, topic_id) do nothing",
)
_FIRST = "select distinct on (lock_key) lock_key, id, try_at from shared.set_aside order by lock_key, id"
_DUE = f"""
    select lock_key, (select count(*) from shared.set_aside behind where behind.lock_key = first.lock_key) as records
    from ({_FIRST}) first where try_at <= shared.app_now() order by id
"""
_TAKE = """
    select waiting.*, coalesce(waiting.topic_id <> stored.topic_id, false) as of_another_topic
    from shared.set_aside waiting left join shared.offsets stored using (topic, partition)
    where lock_key = $1 order by id limit $2
"""
_DONE = "delete from shared.set_aside where id = any($1::bigint[])"
_PUT_OFF = f"""
    update shared.set_aside set attempts = attempts + 1, try_at = shared.app_now() + make_interval(
        secs => least({LONGEST_PAUSE_SECONDS}, {FIRST_PAUSE_SECONDS} * power(2, least(attempts, 20))))
    where id = (select min(id) from shared.set_aside where lock_key = $1)
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """An account's first records, decoded again, with their rows, those that are no longer events, and the time of the
    last receipt."""

    rows: list[int]
    inputs: list[Input]
    rejections: list[Rejection]
    received_at: datetime | None = None


async def keep(
    connection: Connection, inputs: Iterable[Input], topic_ids: Mapping[Partition, UUID | None], now: datetime
) -> None:
    """Set records aside, in their order. Existing ones stay."""
    rows = []
    for one in inputs:
        raw, position = one.raw, one.position
        assert raw is not None
        assert position is not None
        headers = encode_headers(raw.headers)
        topic_id = topic_ids.get(Partition(position.topic, position.partition))
        rows.append((one.envelope.lock_key, *position, topic_id, now, now, raw.key, headers, raw.body))
    await _KEEP.run(connection, rows)


async def due(connection: Connection) -> dict[str, int]:
    """The lock keys of accounts to try again now, oldest first, and the number of records of each."""
    return {row["lock_key"]: row["records"] for row in await connection.fetch(_DUE)}


async def take(connection: Connection, lock_key: str, limit: int) -> Taken:
    """An account's first records. The caller holds its lock."""
    found = await connection.fetch(_TAKE, lock_key, limit)
    taken = Taken([], [], [], max((row["kept_at"] for row in found), default=None))
    for row in found:
        taken.rows.append(row["id"])
        match _decoded(row):
            case Input() as one:
                taken.inputs.append(one)
            case Rejection() as no_event:
                taken.rejections.append(no_event)
    return taken


async def done(connection: Connection, rows: list[int]) -> None:
    """Delete records that were decided on."""
    await connection.execute(_DONE, rows)


async def put_off(connection: Connection, lock_key: str) -> None:
    """Postpone an account that still takes too long, each time for twice as long."""
    await connection.execute(_PUT_OFF, lock_key)


def _decoded(row: asyncpg.Record) -> Input | Rejection:
    raw = RawMessage(row["topic"], row["key"], decode_headers(row["headers"]), row["body"])
    place = Position(row["topic"], row["partition"], row["record_offset"])
    position = None if row["of_another_topic"] else place  # that position in the ledger belongs to the new topic
    decoded = decode_message(raw.body, raw.headers, key=raw.key, topic=None)
    if isinstance(decoded, Poison):
        return Rejection(decoded.code, decoded.reason, raw, position)
    kind = InputKind.RECORD
    return Input(decoded.envelope, decoded.body, decoded.digest, kind, raw, position, decoded.key_matches)
