"""Distinguishes a topic that was deleted and created again from the one with stored offsets. Start with `compare`.

Reading such a topic from its start is harmless, as events count once; continuing at the old offset would skip records.
If no id is stored yet, the records right before the offset are compared with ledger and journal.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from shared.database import Pool
from shared.inputs import Partition
from shared.messaging.codec import Poison, decode_record
from shared.messaging.recreated import NOTE_AND_BEGIN_AGAIN, Recreated

COMPARED_RECORDS = 50

Tail = Callable[[Partition, int, int], Awaitable["list[ConsumerRecord[bytes, bytes]] | None"]]
"""The last records of a partition before an offset, up to a number; None if there are none to skip."""

_STORED = """
    select topic, partition, next_offset, topic_id, read_through_at from shared.offsets
    where topic = any($1::text[]) order by topic, partition
"""
_LEARN = "update shared.offsets set topic_id = $2 where topic = $1 and topic_id is null"
# The transaction of a record gave its ledger offset and its journal event the same instant.
_KNOWN = """
    select count(*) from unnest($3::bigint[], $4::text[], $5::text[]) as told (record_offset, source, event_id)
    join shared.ledger on (ledger.topic, ledger.partition, ledger.record_offset) = ($1, $2, told.record_offset)
    join shared.journal on (journal.source, journal.event_id) = (told.source, told.event_id)
    where journal.decided_at = ledger.decided_at
"""


@dataclass(frozen=True, slots=True)
class TopicIds:
    """Compares topics with the stored offsets. `tail` reads records, `prefix` is the installation's."""

    pool: Pool
    tail: Tail
    prefix: str = ""

    async def compare(self, ids: Mapping[str, UUID | None]) -> list[Recreated]:
        """Learn the ids of topics, None if the broker has none. Return the topics to read again."""
        rows = await self.pool.fetch(_STORED, list(ids))
        found = [
            await self._compare(topic, ids[topic], list(stored))
            for topic, stored in groupby(rows, lambda row: str(row["topic"]))
        ]
        return [one for one in found if one is not None]

    async def _compare(self, topic: str, id: UUID | None, stored: Sequence[asyncpg.Record]) -> Recreated | None:
        others = {row["topic_id"] for row in stored} - {id, None}
        begun = [row for row in stored if row["topic_id"] is None and row["next_offset"] > 0]
        if not others and (not begun or await self._is_the_one_read(topic, begun)):
            if id is not None and any(row["topic_id"] is None for row in stored):
                await self.pool.execute(_LEARN, topic, id)
            return None
        stored_ids = {row["topic_id"] for row in stored} - {id} or {None}
        moments = [row["read_through_at"] for row in stored]
        through = None if None in moments else min(moments)
        # If several processes see it at once, only one finds the ids that they all saw.
        again = [await self.pool.fetchrow(NOTE_AND_BEGIN_AGAIN, topic, id, one, through) for one in stored_ids]
        noted = [row for row in again if row is not None]
        return Recreated(**noted[-1]) if noted else None

    async def _is_the_one_read(self, topic: str, begun: Sequence[asyncpg.Record]) -> bool:
        """Whether any record is at its offset in the ledger, or no record of the topic would be skipped."""
        skips = False
        for row in begun:
            partition = Partition(topic, row["partition"])
            records = await self.tail(partition, row["next_offset"], COMPARED_RECORDS)
            skips |= records is not None
            if records and await self._knows(partition, records):
                return True
        return not skips

    async def _knows(self, partition: Partition, records: Sequence["ConsumerRecord[bytes, bytes]"]) -> bool:
        decoded = [(record.offset, decode_record(record, topic_prefix=self.prefix)) for record in records]
        events = [(offset, one.envelope) for offset, one in decoded if not isinstance(one, Poison)]
        offsets = [offset for offset, _ in events]
        sources, event_ids = [event.source for _, event in events], [event.id for _, event in events]
        return bool(await self.pool.fetchval(_KNOWN, *partition, offsets, sources, event_ids))
