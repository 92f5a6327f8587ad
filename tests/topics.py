"""Topics deleted and recreated on a real broker, as an operator does it by hand."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.errors import for_code

from shared.messaging.cluster import Cluster
from shared.messaging.topics import shape
from tests.waiting import eventually


async def delete_topic(cluster: Cluster, topic: str) -> None:
    """Returns once no broker lists it any more."""
    async with _admin(cluster) as admin:
        answer = await admin.delete_topics([cluster.topic(topic)])
        _require([code for _, code in answer.topic_error_codes])
        await eventually(partial(_is_there, admin, cluster.topic(topic)), False)


async def create_topic(
    cluster: Cluster, topic: str, *, partitions: int | None = None, configs: Mapping[str, str] | None = None
) -> None:
    """Create it as the product does, with these settings changed. Returns once it can be written to."""
    async with _admin(cluster) as admin:
        settings = shape(topic).configuration(cluster.replication) | dict(configs or {})
        count = partitions or cluster.partitions
        new = NewTopic(cluster.topic(topic), count, cluster.replication, topic_configs=settings)
        answer = await admin.create_topics([new])
        _require([code for _, code, *_ in answer.topic_errors])
        await eventually(partial(_is_there, admin, cluster.topic(topic)), True)


async def recreate_topic(cluster: Cluster, topic: str) -> None:
    await delete_topic(cluster, topic)
    await create_topic(cluster, topic)


async def delete_records(cluster: Cluster, topic: str, before: Mapping[int, int]) -> None:
    """Delete the records before these offsets, by partition, as retention does it."""
    async with _admin(cluster) as admin:
        held = {TopicPartition(cluster.topic(topic), number): offset for number, offset in before.items()}
        deleted = await admin.delete_records({one: RecordsToDelete(offset) for one, offset in held.items()})
        assert deleted == held


async def _is_there(admin: AIOKafkaAdminClient, name: str) -> bool:
    (described,) = await admin.describe_topics([name])
    return bool(described["error_code"] == 0 and all(part["leader"] >= 0 for part in described["partitions"]))


def _require(codes: list[int]) -> None:
    for code in codes:
        if code != 0:
            raise for_code(code)


@asynccontextmanager
async def _admin(cluster: Cluster) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**cluster.connection())
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
