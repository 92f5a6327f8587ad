"""Records as bytes, published to a topic and read from it unchanged."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from shared.contracts.envelope import Envelope
from shared.messaging.cluster import Cluster
from shared.messaging.codec import encode_record
from tests.builders import event_of, order_confirmed
from tests.waiting import eventually

Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Raw:
    """A record as bytes."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[Header] = ()
    partition: int = 0


def record_of(event: Envelope[Any], *, partition: int = 0) -> Raw:
    key, value, headers = encode_record(event)
    return Raw(value, key, list(headers), partition)


def confirmed(number: int, *, account: str = "c-17", partition: int = 0) -> Raw:
    """The record of an event with the id `e-<number>`."""
    return record_of(event_of(order_confirmed(f"o-{number}"), id=f"e-{number}", subject=account), partition=partition)


async def publish_raw(cluster: Cluster, topic: str, *records: Raw) -> None:
    """Publish bytes unchanged, valid or not."""
    producer = AIOKafkaProducer(**cluster.connection(), acks="all", max_request_size=2_000_000)
    name = cluster.topic(topic)
    await producer.start()
    try:
        sends = [
            await producer.send(name, r.value, key=r.key, headers=list(r.headers), partition=r.partition)
            for r in records
        ]
        await asyncio.gather(*sends)
    finally:
        await producer.stop()


async def read_topic(
    cluster: Cluster, topic: str, count: int, *, waits_for_topic: bool = False
) -> list["ConsumerRecord[bytes, bytes]"]:
    """The first records of a topic, unchanged."""
    if waits_for_topic:
        await eventually(partial(_exists, cluster, topic), True)
    consumer = AIOKafkaConsumer(
        cluster.topic(topic),
        **cluster.connection(),
        group_id=None,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()


async def _exists(cluster: Cluster, topic: str) -> bool:
    admin = AIOKafkaAdminClient(**cluster.connection())
    await admin.start()
    try:
        return cluster.topic(topic) in await admin.list_topics()
    finally:
        await admin.close()
