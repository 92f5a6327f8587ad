"""The journal of applied inputs and the ledger of delivered offsets: what makes an event count exactly once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from shared.database import Connection, DatabaseWentBack, bulk_insert
from shared.inputs import Batch, Input, Outcome, Partition, Position
from shared.tables import Journal, Ledger, Offset

_SEEN = """
    select source, event_id, digest from shared.journal
    where (source, event_id) in (select * from unnest($1::text[], $2::text[]))
"""
_FORGET = """
    delete from shared.journal where (source, event_id) in (select * from unnest($1::text[], $2::text[]))
"""
_APPEND = bulk_insert(Journal, skip=frozenset({"position"}))
_RECORD = bulk_insert(
    Ledger,
    tail="on conflict (topic, partition, record_offset) do update "
    "set outcome = excluded.outcome, decided_at = excluded.decided_at "
    "where ledger.outcome = 'dead_lettered' and excluded.outcome = 'applied'",
)
_STORE_OFFSETS = bulk_insert(
    Offset,
    skip=frozenset({"read_through_at"}),
    tail="on conflict (topic, partition) do update "
    "set next_offset = greatest(offsets.next_offset, excluded.next_offset)",
)
_READ_OFFSETS = """
    select topic, partition, next_offset from shared.offsets
    where (topic, partition) in (select * from unnest($1::text[], $2::int[]))
"""


async def digests(connection: Connection, inputs: Sequence[Input]) -> dict[tuple[str, str], bytes]:
    """Of these inputs, those applied before: the digest of the first, by source and id."""
    rows = await connection.fetch(_SEEN, *_columns(one.identity for one in inputs)) if inputs else []
    return {(row["source"], row["event_id"]): row["digest"] for row in rows}


async def forget(connection: Connection, identities: Collection[tuple[str, str]]) -> None:
    """Take back inputs that were applied by waiting, and then turned out not to be acceptable."""
    if identities:
        await connection.execute(_FORGET, *_columns(identities))


async def append(connection: Connection, inputs: Iterable[Input], now: datetime) -> None:
    """Journal what was applied, with the `now` it was decided at."""
    rows = [
        (
            one.envelope.source,
            one.envelope.id,
            one.kind.value,
            one.envelope.type,
            one.envelope.subject,
            one.envelope.time,
            now,
            one.digest,
            one.envelope.traceparent,
            one.body,
        )
        for one in inputs
    ]
    await _APPEND.run(connection, rows)


async def record(connection: Connection, outcomes: Mapping[Position, Outcome], now: datetime) -> None:
    """Enter offsets in the ledger; one delivered again keeps its entry, unless what was put aside is applied now."""
    await _RECORD.run(connection, [(*position, outcome.value, now) for position, outcome in outcomes.items()])


async def store_offsets(connection: Connection, next_offsets: Mapping[Partition, int]) -> None:
    await _STORE_OFFSETS.run(connection, [(*partition, offset) for partition, offset in sorted(next_offsets.items())])


async def read_offsets(connection: Connection, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The next offset to apply, for each partition that has one stored."""
    rows = await connection.fetch(_READ_OFFSETS, *_columns(partitions))
    return {Partition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def check_known_offsets(connection: Connection, batch: Batch) -> None:
    """Raise DatabaseWentBack where less is stored than this process has seen committed: a backup was restored."""
    if not batch.known_offsets:
        return
    stored = await read_offsets(connection, batch.known_offsets)
    for partition, known in batch.known_offsets.items():
        if stored.get(partition, 0) < known:
            raise DatabaseWentBack(f"{partition.topic}-{partition.number}: stored offset is below {known}")


def _columns(pairs: Iterable[tuple[object, object]]) -> tuple[list[object], list[object]]:
    rows = list(pairs)
    return [first for first, _ in rows], [second for _, second in rows]
