"""The journal of applied inputs and the ledger of delivered offsets, by which an event counts exactly once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from shared.breathing import in_breaths
from shared.database import Connection, DatabaseWentBack, TopicRecreated, bulk_insert, sql_table
from shared.inputs import Batch, Input, Outcome, Partition, Position
from shared.tables import Journal, Offset, SharedTable

# The `offset` forces an index look-up for each event, regardless of the journal's size at planning time. A plan made
# for an empty journal reads all of it (150,000 rows: 39 ms a batch against 4) until the table is analysed.
_SEEN = """
    select seen.* from unnest($1::text[], $2::text[]) as told (source, event_id) cross join lateral (
        select source, event_id, digest from shared.journal
        where source = told.source and event_id = told.event_id offset 0) seen
"""
_FORGET = """
    delete from shared.journal where (source, event_id) in (select * from unnest($1::text[], $2::text[]))
"""
_JOURNALED = tuple(column.name for column in sql_table(Journal).columns if column.name != "position")
_RECORD = """
    insert into shared.ledger (topic, partition, record_offset, outcome, decided_at)
    select topic, partition, record_offset, outcome, $6
    from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::text[])
             as runs (topic, partition, first, last, outcome),
         generate_series(first, last) as record_offset
    on conflict (topic, partition, record_offset) do update
    set outcome = excluded.outcome, decided_at = excluded.decided_at
    where ledger.outcome = 'dead_lettered' and excluded.outcome = 'applied' or ledger.decided_at < (
        select begun_at from shared.offsets where (topic, partition) = (ledger.topic, ledger.partition))
"""
_STORE_OFFSETS = bulk_insert(
    Offset,
    skip=frozenset({"read_through_at", "begun_at", "whole_to"}),
    tail="on conflict (topic, partition) do update "
    "set next_offset = greatest(offsets.next_offset, excluded.next_offset) "
    "where offsets.topic_id is not distinct from excluded.topic_id returning topic, partition",
)
_READ_OFFSETS = """
    select topic, partition, next_offset, topic_id from shared.offsets
    where (topic, partition) in (select * from unnest($1::text[], $2::int[]))
"""


class Place(NamedTuple):
    """The next offset of a partition, and the id of its topic if known."""

    next_offset: int = 0
    topic_id: UUID | None = None


async def digests(connection: Connection, inputs: Sequence[Input]) -> dict[tuple[str, str], bytes]:
    """Of these inputs, those applied before: the digest of the first, by source and id."""
    rows = await connection.fetch(_SEEN, *_columns(one.identity for one in inputs)) if inputs else []
    return {(row["source"], row["event_id"]): row["digest"] for row in rows}


async def forget(connection: Connection, identities: Collection[tuple[str, str]]) -> None:
    """Take back inputs that were applied as waiting and later turned out to be unacceptable."""
    if identities:
        await connection.execute(_FORGET, *_columns(identities))


async def append(
    connection: Connection, inputs: Iterable[Input], now: datetime, *, rules_version: int | None = None
) -> None:
    """Journal applied inputs, with the `now` and the rules of their decision.

    By COPY, because it is the widest and longest table of a batch.
    """
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
            rules_version,
        )
        async for one in in_breaths(inputs)
    ]
    if rows:
        await connection.copy_records_to_table(
            Journal.__tablename__, schema_name=SharedTable.metadata.schema, columns=_JOURNALED, records=rows
        )


async def record(connection: Connection, outcomes: Mapping[Position, Outcome], now: datetime) -> None:
    """Enter offsets in the ledger. An offset delivered again keeps its entry, unless a dead letter is applied now.

    An entry of a deleted topic is replaced.
    """
    if outcomes:
        await connection.execute(_RECORD, *(list(column) for column in zip(*runs(outcomes), strict=True)), now)


async def store_offsets(connection: Connection, batch: Batch) -> None:
    """Store the next offset of each partition. Raises TopicRecreated if the stored one belongs to another topic."""
    rows = [(*one, offset, batch.topic_ids.get(one)) for one, offset in sorted(batch.next_offsets.items())]
    if len(await _STORE_OFFSETS.fetch(connection, rows)) < len(rows):
        raise TopicRecreated("a topic was found to be another while its records were applied")


async def read_places(connection: Connection, partitions: Iterable[Partition]) -> dict[Partition, Place]:
    """The stored place of each partition that has one."""
    rows = await connection.fetch(_READ_OFFSETS, *_columns(partitions))
    return {Partition(row["topic"], row["partition"]): Place(row["next_offset"], row["topic_id"]) for row in rows}


async def read_offsets(connection: Connection, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The next offset to apply, for each partition that has one stored."""
    return {one: place.next_offset for one, place in (await read_places(connection, partitions)).items()}


async def check_known_offsets(connection: Connection, batch: Batch) -> None:
    """Raise DatabaseWentBack if less is stored than this process has seen committed: a backup was restored.

    Raises TopicRecreated if the stored offsets belong to another topic than these records.
    """
    if not batch.known_offsets:
        return
    stored = await read_places(connection, batch.known_offsets)
    for partition, known in batch.known_offsets.items():
        place = stored.get(partition, Place())
        if place.topic_id != batch.topic_ids.get(partition):
            raise TopicRecreated(f"{partition.topic}-{partition.number}: what is stored is of another topic")
        if place.next_offset < known:
            raise DatabaseWentBack(f"{partition.topic}-{partition.number}: stored offset is below {known}")


def runs(outcomes: Mapping[Position, Outcome]) -> Iterator[tuple[str, int, int, int, str]]:
    """Adjacent offsets with equal outcomes as one row, with the first and the last of them; a batch has few rows."""
    numbered = enumerate(sorted(outcomes))
    for (topic, partition, _, outcome), run in groupby(
        numbered, lambda pair: (*pair[1][:2], pair[1].offset - pair[0], outcomes[pair[1]].value)
    ):
        offsets = [position.offset for _, position in run]
        yield topic, partition, offsets[0], offsets[-1], outcome


def _columns(pairs: Iterable[tuple[object, object]]) -> tuple[list[object], list[object]]:
    rows = list(pairs)
    return [first for first, _ in rows], [second for _, second in rows]
