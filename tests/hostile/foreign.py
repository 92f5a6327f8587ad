"""A publisher that is not our code: librdkafka, which sends any bytes it is given. Start at `send`."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from shared.messaging.cluster import Cluster
from tests.adapters.test_tolerant_records import batch_with_header_names
from tests.raw_records import Raw

_SECONDS = 60.0


class Place(NamedTuple):
    """The position that the broker gave a record."""

    partition: int
    offset: int


async def send(cluster: Cluster, topic: str, records: Sequence[Raw], **settings: object) -> list[Place | str]:
    """Send records. Returns the place of each, or the name of the error if the broker refused it.

    Records of one partition are sent in one batch, as far as it holds them.
    """
    return await asyncio.to_thread(_send, _producer(cluster, **settings), cluster.topic(topic), records)


async def send_and_abort(cluster: Cluster, topic: str, records: Sequence[Raw]) -> None:
    """Send records in a transaction, and abort it."""
    producer = _producer(cluster, **{"transactional.id": cluster.topic("foreign")})

    def send_them() -> None:
        producer.init_transactions(_SECONDS)
        producer.begin_transaction()
        places = _send(producer, cluster.topic(topic), records)
        assert all(isinstance(place, Place) for place in places)
        producer.abort_transaction(_SECONDS)

    await asyncio.to_thread(send_them)


async def committed(cluster: Cluster, service: str, topic: str, partition: int) -> int:
    """The offset from which a service would continue, according to Kafka."""
    observer = Consumer({"bootstrap.servers": cluster.bootstrap_servers, "group.id": cluster.topic(service)})
    wanted = [TopicPartition(cluster.topic(topic), partition)]
    (found,) = await asyncio.to_thread(observer.committed, wanted, _SECONDS)
    await asyncio.to_thread(observer.close)
    offset: int = found.offset
    return offset


async def send_header_names(cluster: Cluster, topic: str, *names: bytes) -> None:
    """Send records to partition 0, each with one header of such a name. No client library sends a
    name that is not UTF-8."""
    producer = AIOKafkaProducer(**cluster.connection())
    await producer.start()
    try:
        batch = producer.create_batch()
        for _ in names:
            batch.append(key=None, value=b"", timestamp=None)
        batch.close()
        batch._buffer = batch_with_header_names(*names)
        await (await producer.send_batch(batch, cluster.topic(topic), partition=0))
    finally:
        await producer.stop()


def _producer(cluster: Cluster, **settings: object) -> Producer:
    return Producer(
        {
            "bootstrap.servers": cluster.bootstrap_servers,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "linger.ms": 20_000,  # until they are flushed
            "message.max.bytes": 20_000_000,
            **settings,
        }
    )


def _place(message: Message) -> Place:
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return Place(partition, offset)


def _send(producer: Producer, topic: str, records: Sequence[Raw]) -> list[Place | str]:
    ended: dict[int, Place | str] = {}

    def note(number: int, error: KafkaError | None, message: Message) -> None:
        ended[number] = error.name() if error else _place(message)

    for number, record in enumerate(records):
        producer.produce(
            topic,
            value=record.value,
            key=record.key,
            headers=list(record.headers),
            partition=record.partition,
            on_delivery=partial(note, number),
        )
    assert producer.flush(_SECONDS) == 0
    return [ended[number] for number in range(len(records))]
