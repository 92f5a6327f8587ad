"""What keeps a group from consuming though the servers answer is said in /readyz, metrics and log, with what to do."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiokafka.errors import GroupAuthorizationFailedError
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from deploy.local.kafka import Kafka
from deploy.local.ports import LOOPBACK, free_ports
from shared.messaging.cluster import Cluster, Credentials
from shared.messaging.topics import TopicsUnfit, ensure_topics
from shared.metrics import create_metrics
from tests.ingress import KEYS, STRUCTURED, event
from tests.servers import MakeDatabase
from tests.streams import SERVICE, TOPIC, Plumbing, confirmed, plumbing_on
from tests.topics import create_topic, delete_topic
from tests.waiting import eventually, until


async def test_partitions_that_nobody_reads_block_and_their_lag_is_told(plumbing: Plumbing) -> None:
    await plumbing.publish(*(confirmed(n, partition=n % 2) for n in range(6)))
    async with plumbing.watched() as watched:
        await until(watched.reasons, lambda reasons: reasons == {"partitions_unassigned"})
        assert f"{plumbing.topic} partitions 0, 1" in watched.blocked["partitions_unassigned"]
        assert (await plumbing.lag(), plumbing.blocked()) == ({0: 3, 1: 3}, {"partitions_unassigned"})
        await watched.consumer.start()
        await until(watched.reasons, lambda reasons: not reasons)
        await eventually(plumbing.ledger, {"applied": 6})
        await eventually(plumbing.lag, {0: 0, 1: 0})
        assert not plumbing.blocked()


async def test_a_process_without_partitions_is_not_blocked_where_others_have_them_all(plumbing: Plumbing) -> None:
    others = [replace(plumbing, metrics=create_metrics(SERVICE)) for _ in range(3)]
    async with (
        others[0].watched() as first,
        others[1].watched() as second,
        others[2].watched() as third,
    ):
        members = (first, second, third)
        for member in members:
            await member.consumer.start()

        async def assigned() -> list[int]:
            return sorted(len(member.consumer.positions.assigned()) for member in members)

        async def reported() -> list[int]:
            return sorted([partition for other in others for partition in await other.lag()])

        await eventually(assigned, [0, 1, 1])
        await eventually(reported, [0, 1])
        for member in members:
            await until(member.reasons, lambda reasons: not reasons)
        spare = next(member for member in members if not member.consumer.positions.assigned())
        assert not spare.blocked


_LITERAL = ResourcePatternType.LITERAL
_USER = "User:handoff"


class Guarded:
    """A broker that lets a user do only what is granted; whoever comes without a password may do all."""

    def __init__(self, folder: Path) -> None:
        port, controller_port, self.guarded_port = free_ports(3)
        changes = {
            "listeners": f"CLIENTS://{LOOPBACK}:{port},GUARDED://{LOOPBACK}:{self.guarded_port},"
            f"CONTROLLER://{LOOPBACK}:{controller_port}",
            "advertised.listeners": f"CLIENTS://{LOOPBACK}:{port},GUARDED://{LOOPBACK}:{self.guarded_port}",
            "listener.security.protocol.map": "CLIENTS:PLAINTEXT,GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.guarded.plain.sasl.jaas.config": (
                'org.apache.kafka.common.security.plain.PlainLoginModule required user_handoff="secret";'
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }
        self.broker = Kafka(folder / "kafka", port=port, controller_port=controller_port, changes=changes)

    def guarded(self, cluster: Cluster) -> Cluster:
        """The same cluster, for the user that needs rights."""
        return replace(
            cluster,
            bootstrap_servers=f"{LOOPBACK}:{self.guarded_port}",
            credentials=Credentials("PLAIN", "handoff", "secret"),
            create_topics=False,
        )

    def grant(self, kind: ResourceType, name: str, *operations: AclOperation) -> None:
        allow = AclPermissionType.ALLOW
        self.create(*(AclBinding(kind, name, _LITERAL, _USER, "*", operation, allow) for operation in operations))

    def create(self, *rights: AclBinding) -> None:
        admin = self._admin()
        for done in admin.create_acls(list(rights)).values():
            done.result(10)

    def take_all_back(self) -> None:
        anything: Any = None  # a name, a principal, a host: the stubs know no filter without them
        every = AclBindingFilter(
            ResourceType.ANY,
            anything,
            ResourcePatternType.ANY,
            anything,
            anything,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        admin = self._admin()
        for done in admin.delete_acls([every]).values():
            done.result(10)

    def take_back(self, kind: ResourceType, name: str) -> None:
        every = AclBindingFilter(kind, name, _LITERAL, _USER, "*", AclOperation.ANY, AclPermissionType.ANY)
        admin = self._admin()
        for done in admin.delete_acls([every]).values():
            done.result(10)

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.broker.address})


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
    """What a user without any right has made for it."""
    async with plumbing_on(guard.broker.address, await database("plumbing"), topic_prefix) as made:
        yield replace(made, cluster=guard.guarded(made.cluster))


async def test_missing_rights_are_named_and_what_is_unread_is_told(guard: Guarded, user: Plumbing) -> None:
    group, admin = user.cluster.topic(SERVICE), replace(user.cluster, credentials=None)
    admin = replace(admin, bootstrap_servers=guard.broker.address)
    await replace(user, cluster=admin).publish(*(confirmed(n, partition=n % 2) for n in range(6)))
    with pytest.raises(TopicsUnfit, match=f"does not let this user see topic {user.topic}"):
        await ensure_topics(user.cluster, [TOPIC])

    async with user.watched() as watched:
        assert watched.blocked.keys() == {"group_right_missing", "topic_right_missing"}
        guard.grant(ResourceType.TOPIC, user.topic, AclOperation.READ)
        await eventually(watched.reasons, {"group_right_missing"})
        assert f"READ and DESCRIBE group {group}" in watched.blocked["group_right_missing"]
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


@dataclass(frozen=True)
class OrdersProcess:
    """A whole orders process, and what it logs."""

    client: httpx2.AsyncClient
    log: Path

    async def reasons(self) -> list[str] | None:
        """Why it is not ready, as far as it answers."""
        try:
            answer = await self.client.get("/readyz")
        except httpx2.TransportError:
            return None
        found: list[str] = answer.json()["reasons"]
        assert (answer.status_code == 200) == (not found)
        return found

    async def blocked(self) -> set[str]:
        """By which reasons, as its metrics say."""
        text = (await self.client.get("/metrics")).text
        return set(re.findall(r'^handoff_consumer_blocked{reason="(\w+)"} 1.0$', text, re.MULTILINE))

    async def lags(self) -> dict[str, str]:
        text = (await self.client.get("/metrics")).text
        found = re.findall(r'^handoff_consumer_lag_records{partition="(\d)",.*} (\S+)$', text, re.MULTILINE)
        return dict(found)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@asynccontextmanager
async def orders_process(url: str, log: Path, settings: Mapping[str, str]) -> AsyncIterator[OrdersProcess]:
    """It must end in order."""
    (port,) = free_ports(1)
    ours = {"ORDERS_DATABASE_URL": url, "ORDERS_PORT": str(port), "PUBLISHER_KEYS": KEYS, "TOPIC_PARTITIONS": "2"}
    command = (sys.executable, "-m", "services.cli", "run", "orders")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **ours, **settings}, stdout=output)
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield OrdersProcess(client, log)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_process_whose_topic_is_deleted_says_so_and_goes_on_when_it_is_there_again(
    kafka: str, database: MakeDatabase, topic_prefix: str, tmp_path: Path
) -> None:
    settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "TOPIC_PREFIX": topic_prefix, "TOPIC_REPLICATION": "1"}
    cluster = Cluster(kafka, prefix=topic_prefix, partitions=2, replication=1)
    async with orders_process(await database("orders"), tmp_path / "log", settings) as process:
        await eventually(process.reasons, [])
        await eventually(process.lags, {"0": "0.0", "1": "0.0"})
        await delete_topic(cluster, TOPIC)
        (reason,) = await until(process.reasons, bool) or [""]
        assert f"Kafka has no topic {cluster.topic(TOPIC)}" in reason
        assert await process.blocked() == {"topic_missing"}
        assert await process.lags() == {"0": "NaN", "1": "NaN"}
        assert (await process.client.get("/healthz")).status_code == 200
        assert (await process.client.post("/events", json=event(), headers=STRUCTURED)).status_code == 200
        await create_topic(cluster, TOPIC)
        await eventually(process.reasons, [])
        await eventually(process.lags, {"0": "0.0", "1": "0.0"})
    assert [line for line in process.lines() if line["event"] == "not consuming" and line["do"] == reason]
    assert [line for line in process.lines() if "created again" in line["event"]]


async def test_a_process_that_may_not_read_as_its_group_names_the_right_and_the_group(
    guard: Guarded, database: MakeDatabase, topic_prefix: str, tmp_path: Path
) -> None:
    cluster = Cluster(guard.broker.address, prefix=topic_prefix, partitions=2, replication=1)
    topics = [TOPIC, "orders.sales.v1", "salespeople.v1", "orders.dead-letters.v1"]
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
    refusals = [line for line in process.lines() if line["event"] == "Kafka refuses, trying again"]
    assert {line["do"] for line in refusals} == {reason}
    assert not [line for line in process.lines() if "does not answer" in line["event"]]
