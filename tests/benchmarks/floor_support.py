"""The floor's support service, which keeps and publishes: `python -m tests.benchmarks.floor_support`.

As `floor`, with one addition: it sends its own outbox right after the commit, and marks the rows then.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.benchmarks import floor_store as sql
from tests.benchmarks.floor import event_of, journal, lock_key, next_offsets
from tests.benchmarks.floor_decide import Event, derived

INBOUND = "support.inbound.v1"
OUT = "support.cases.v1"
_MARK = "update shared.outbox set published_at = shared.app_now() where published_at is null"


async def main() -> None:
    url, prefix = os.environ["SUPPORT_DATABASE_URL"], os.environ["TOPIC_PREFIX"]
    servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    connection = await asyncpg.connect(url)
    consumer = AIOKafkaConsumer(
        prefix + INBOUND,
        bootstrap_servers=servers,
        group_id=f"{prefix}floor-support",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True, linger_ms=5)
    await asyncio.gather(consumer.start(), producer.start())
    while True:
        fetched = await consumer.getmany(timeout_ms=10, max_records=500)
        records = [record for part in fetched.values() for record in part]
        if records:
            rows = await apply(connection, records)
            sends = [await producer.send(prefix + OUT, body, key=key, headers=head) for key, head, body in rows]
            await asyncio.gather(*sends)
            await connection.execute(_MARK)
            await consumer.commit({TopicPartition(*place): offset for place, offset in next_offsets(records).items()})


async def apply(
    connection: sql.Connection, records: Sequence[Any]
) -> list[tuple[bytes, list[tuple[str, bytes]], bytes]]:
    """One batch in one transaction. Returns the rows to send."""
    events = [event_of(record) for record in records]
    async with connection.transaction():
        keys = sorted({lock_key(event) for event in events})
        await connection.execute(sql.ADD_LOCKS, keys)
        now = await connection.fetchval(sql.LOCK, keys)
        fresh = await journal(connection, events, now)
        reported = [(event, _headers(event)) for event in fresh]
        rows = [(OUT, event.subject, orjson.dumps(head).decode(), event.body) for event, head in reported]
        await sql.save(connection, sql.OUTBOX, rows, now)
        applied = {id(event) for event in fresh}
        ledger = [(*event.position, "applied" if id(event) in applied else "duplicate") for event in events]
        await sql.save(connection, sql.LEDGER, ledger, now)
        await sql.save(connection, sql.OFFSETS, [(*place, offset) for place, offset in next_offsets(records).items()])
    return [
        (event.subject.encode(), [(name, value.encode()) for name, value in head], event.body)
        for event, head in reported
    ]


def _headers(event: Event) -> list[tuple[str, str]]:
    type = event.type.replace(".inbound.", ".")
    headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", str(derived("event", event.source, event.id, type, ""))),
        ("ce_source", "handoff/support"),
        ("ce_type", type),
        ("ce_subject", event.subject),
        ("ce_time", event.at.isoformat()),
        ("content-type", "application/json"),
        ("ce_dataschema", f"urn:handoff:{type}:1"),
    ]
    if event.traceparent is not None:
        headers += [("ce_traceparent", event.traceparent), ("traceparent", event.traceparent)]
    return headers


if __name__ == "__main__":
    asyncio.run(main())
