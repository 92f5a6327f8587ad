"""A user who lacks a right in Kafka consumes nothing: /readyz, metrics and log name the missing right."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import GroupAuthorizationFailedError
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._resource import ResourceType

from deploy.local.ports import LOOPBACK
from shared.messaging.cluster import Cluster
from shared.messaging.topics import TopicsUnfit, ensure_topics
from tests.integration.guarded_kafka import Guarded
from tests.integration.orders_process import orders_process
from tests.raw_records import confirmed
from tests.servers import MakeDatabase
from tests.streams import SERVICE, TOPIC, Plumbing, plumbing_on
from tests.waiting import eventually, until


@pytest.fixture
async def guard(server_folder: Path) -> AsyncIterator[Guarded]:
    guard = Guarded(server_folder)
    try:
        await guard.broker.start()
        yield guard
    finally:
        await guard.broker.kill()


@pytest.fixture
async def user(guard: Guarded, database: MakeDatabase, topic_prefix: str) -> AsyncIterator[Plumbing]:
    """The plumbing of a user without any right, with topics that another user created."""
    async with plumbing_on(guard.broker.address, await database("plumbing"), topic_prefix) as made:
        yield replace(made, cluster=guard.guarded(made.cluster))


async def test_missing_rights_are_named_and_the_lag_is_reported(guard: Guarded, user: Plumbing) -> None:
    group, admin = user.cluster.topic(SERVICE), replace(user.cluster, credentials=None)
    admin = replace(admin, bootstrap_servers=guard.broker.address)
    await replace(user, cluster=admin).publish(*(confirmed(n, partition=n % 2) for n in range(6)))
    with pytest.raises(TopicsUnfit, match=f"does not let this user see topic {user.topic}"):
        await ensure_topics(user.cluster, [TOPIC])

    async with user.watched() as watched:
        assert watched.blocked.keys() == {"group_right_missing", "topic_right_missing"}
        guard.grant(ResourceType.TOPIC, user.topic, AclOperation.READ)
        await eventually(watched.reasons, {"group_right_missing"})
        assert f"READ and DESCRIBE on the group {group}" in watched.blocked["group_right_missing"]
        await eventually(user.lag, {0: 3, 1: 3})
        with pytest.raises(GroupAuthorizationFailedError):
            await watched.consumer.start()
        assert watched.blocked.keys() == {"group_right_missing"}

        guard.grant(ResourceType.GROUP, group, AclOperation.READ)
        await watched.consumer.start()
        await eventually(user.ledger, {"applied": 6})
        await eventually(watched.reasons, set())

        guard.take_back(ResourceType.GROUP, group)
        await eventually(watched.reasons, {"group_right_missing"})
        assert user.blocked() == {"group_right_missing"}
        guard.grant(ResourceType.GROUP, group, AclOperation.READ)
        await eventually(watched.reasons, set())
        await eventually(user.lag, {0: 0, 1: 0})


async def test_a_process_that_may_not_read_as_its_group_names_the_right_and_the_group(
    guard: Guarded, database: MakeDatabase, topic_prefix: str, tmp_path: Path
) -> None:
    cluster = Cluster(guard.broker.address, prefix=topic_prefix, partitions=2, replication=1)
    topics = [TOPIC, "escalation.rescues.v1", "orders.sales.v1", "salespeople.v1", "orders.dead-letters.v1"]
    await ensure_topics(cluster, topics)
    for topic in topics:
        guard.grant(ResourceType.TOPIC, cluster.topic(topic), AclOperation.READ, AclOperation.WRITE)
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{guard.guarded_port}",
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_SASL_USER": "handoff",
        "KAFKA_SASL_PASSWORD": "secret",
        "TOPIC_PREFIX": topic_prefix,
        "CREATE_TOPICS": "false",
    }
    async with orders_process(await database("orders"), tmp_path / "log", settings) as process:
        (reason,) = await until(process.reasons, lambda found: found != ["starting"] and bool(found)) or [""]
        assert f"consumer group {topic_prefix}orders (GroupAuthorizationFailed)" in reason
        assert await process.blocked() == {"group_right_missing"}
        await eventually(process.lags, {"0": "0.0", "1": "0.0"})
        guard.grant(ResourceType.GROUP, cluster.topic("orders"), AclOperation.READ)
        await eventually(process.reasons, [])
        assert await process.blocked() == set()
    refusals = [line for line in process.lines() if line["event"] == "a server refuses this process, trying again"]
    assert {line["do"] for line in refusals} == {reason}
    assert not [line for line in process.lines() if "does not respond" in line["event"]]
