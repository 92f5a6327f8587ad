"""Faults caused by Kafka's operators: a topic deleted and created again, a right taken away for a while."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import httpx2
from aiokafka.errors import TopicAlreadyExistsError
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from deploy.local.ports import LOOPBACK
from shared.database import open_pool
from shared.messaging.cluster import Cluster
from shared.publishing_again import publish_again
from tests.faults.processes import Worker
from tests.faults.publishing_history import HistoryPublisher
from tests.faults.world import PARTITIONS, PREFIX, World, connected
from tests.topics import create_topic, delete_topic
from tests.waiting import eventually, until

_OWNERS = {"orders.sales.v1": "orders", "support.cases.v1": "support"}
_READ_AGAIN = "select count(*) from shared.offsets where topic = $1 and begun_at >= $2"
_UNREAD_SINCE = "select unread_since from shared.recreated_topics where topic = $1"
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_NOTICED_SECONDS = 60.0
_IN_FLIGHT_SECONDS = 2.0
"""By this time after the topic's deletion, no relay marks a row whose record was deleted with the topic."""


async def recreate_a_topic(world: World, _: HistoryPublisher) -> None:
    """Delete and recreate a topic, then replay its owner's outbox twice: at once, so that events come in order, and
    again after relays have finished their sends. A process that starts in between creates the topic itself.

    Readers are frozen first, so some records are lost unread. Unless another process took their place, the replay they
    ask for must start before the freeze.
    """
    topic, owner = world.random.choice(sorted(_OWNERS.items()))
    cluster = Cluster(world.brokers.address, prefix=PREFIX, partitions=PARTITIONS, replication=1)
    async with connected(world, "escalation") as connection:
        before = await connection.fetchval("select shared.app_now()")
    frozen = _freeze_all(world, "escalation")
    pool = await open_pool(world.urls[owner], name="faults")
    try:
        await asyncio.sleep(world.random.uniform(1, 4))
        await delete_topic(cluster, topic)
        await publish_again(pool, _EVER)
        await asyncio.sleep(_IN_FLIGHT_SECONDS + world.random.uniform(0, 2))
        await publish_again(pool, _EVER)
    finally:
        pool.terminate()
    with suppress(TopicAlreadyExistsError):
        await create_topic(cluster, topic)
    asleep = [worker for worker, pid in frozen if worker.pid == pid]
    for worker in asleep:
        worker.thaw()

    async def read_again() -> int:
        async with connected(world, "escalation") as connection:
            return int(await connection.fetchval(_READ_AGAIN, cluster.topic(topic), before))

    await eventually(read_again, PARTITIONS, within_seconds=_NOTICED_SECONDS)
    if len(asleep) == len(frozen):
        async with connected(world, "escalation") as connection:
            since = await connection.fetchval(_UNREAD_SINCE, cluster.topic(topic))
        assert since < before, f"{topic} is to be replayed from {since}, but its readers were frozen at {before}"


def _freeze_all(world: World, service: str) -> list[tuple[Worker, int | None]]:
    """Freeze all processes of a service. Returns each with its process id."""
    frozen = [(worker, worker.pid) for worker in world.workers if worker.service == service]
    for worker, _ in frozen:
        worker.freeze()
    return frozen


async def take_the_right_of_a_group(world: World, _: HistoryPublisher) -> None:
    """Its processes must report that they may not read, and go on by themselves once they may."""
    service = world.random.choice(sorted(world.urls))
    admin = AdminClient({"bootstrap.servers": world.brokers.address})
    right = (ResourceType.GROUP, PREFIX + service, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*")
    denied = AclBinding(*right, AclOperation.READ, AclPermissionType.DENY)
    await asyncio.to_thread(admin.create_acls([denied])[denied].result, 10)

    async def says_so() -> bool:
        return any(f"consumer group {PREFIX}{service} " in reason for reason in await _reasons(world, service))

    try:
        await until(says_so, bool, wanted="a process that names its group", within_seconds=_NOTICED_SECONDS)
        await asyncio.sleep(world.random.uniform(0, 5))
    finally:
        every = AclBindingFilter(*right, AclOperation.ANY, AclPermissionType.ANY)
        await asyncio.to_thread(admin.delete_acls([every])[every].result, 10)


async def _reasons(world: World, service: str) -> list[str]:
    """The reasons why a service's processes are not ready, from those that answer."""
    reasons: list[str] = []
    async with httpx2.AsyncClient(timeout=2) as client:
        for worker in [each for each in world.workers if each.service == service]:
            try:
                reasons += (await client.get(f"http://{LOOPBACK}:{worker.port}/readyz")).json()["reasons"]
            except (httpx2.HTTPError, ValueError):
                continue
    return reasons
