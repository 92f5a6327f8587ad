"""Spoiled records of every topic that a service reads, sent over Kafka, and their outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import asyncpg

from tests.hostile.foreign import Place, send
from tests.hostile.mutations import Mutant, mutant
from tests.hostile.scale import SEED, scaled
from tests.raw_records import Raw
from tests.stories import Company
from tests.waiting import eventually

READERS = {
    "orders.inbound.v1": "orders",
    "support.inbound.v1": "support",
    "orders.sales.v1": "escalation",
    "salespeople.v1": "escalation",
    "support.cases.v1": "escalation",
}
RECORDS = scaled(2_000) // len(READERS)
_LEDGER = """
    select partition, record_offset, outcome, code, reason, body from shared.ledger
    left join shared.dead_letters using (topic, partition, record_offset) where topic = $1
"""
_ENDED = """
    select count(*) from shared.ledger
    join unnest($2::int[], $3::bigint[]) as sent (partition, record_offset) using (partition, record_offset)
    where topic = $1
"""
_SECONDS = 60 + RECORDS / 50


@dataclass(frozen=True)
class Spoiled:
    """The records sent to a topic by position, the errors of those that the broker refused, and the
    ledger's entries."""

    kept: Mapping[Place, Mutant]
    refused: list[tuple[str, Mutant]]
    ledger: Mapping[Place, asyncpg.Record]


async def spoil(company: Company, topic: str) -> Spoiled:
    """Send records to the partitions of their keys, and wait until each accepted one has an outcome."""
    sent = _records(topic)
    raw = [Raw(one.value, one.key, one.headers, partition=-1) for one in sent]
    ended = list(zip(await send(company.cluster, topic, raw), sent, strict=True))
    kept = {place: record for place, record in ended if isinstance(place, Place)}
    refused = [(error, record) for error, record in ended if not isinstance(error, Place)]
    pool, name = company.pools[READERS[topic]], company.cluster.topic(topic)

    async def ended_count() -> object:
        return await pool.fetchval(_ENDED, name, [place.partition for place in kept], [place.offset for place in kept])

    await eventually(ended_count, len(kept), within_seconds=_SECONDS)
    rows = await pool.fetch(_LEDGER, name)
    return Spoiled(kept, refused, {Place(row["partition"], row["record_offset"]): row for row in rows})


def _records(topic: str) -> list[Mutant]:
    """A compacted topic accepts no record without a key."""
    sent = []
    for number in range(RECORDS):
        record = mutant(Random(f"{SEED} {topic} {number}"), id=f"m-{number}", topics=frozenset({topic}))
        keyless = record.key is None and topic.startswith("salespeople.")
        sent.append(Mutant(record.topic, b"", record.headers, record.value) if keyless else record)
    return sent
