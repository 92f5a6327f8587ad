"""A service names at its start who else may write to its topics, if the broker lets it ask."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest
from aiokafka.errors import ClusterAuthorizationFailedError
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from structlog.testing import capture_logs

from shared.messaging.cluster import Cluster
from shared.messaging.rights import name_other_writers, other_writers
from tests.integration.guarded_kafka import Guarded
from tests.waiting import eventually

SALES, PEOPLE = "orders.sales.v1", "salespeople.v1"
ALLOW, DENY = AclPermissionType.ALLOW, AclPermissionType.DENY
LITERAL, PREFIXED = ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED


@pytest.fixture(scope="module")
async def guard(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    guard = Guarded(tmp_path_factory.mktemp("guarded"))
    try:
        await guard.broker.start()
        yield guard
    finally:
        await guard.broker.kill()


@pytest.fixture
def ours(guard: Guarded) -> Iterator[Cluster]:
    """Our own user, who may write to its topics; the rights are removed with the test."""
    cluster = guard.guarded(Cluster(guard.broker.address, prefix="acme."))
    give(guard, "User:handoff", "acme.", AclOperation.WRITE, pattern=PREFIXED)
    yield cluster
    guard.take_all_back()


def give(
    guard: Guarded,
    principal: str,
    name: str,
    operation: AclOperation,
    *,
    pattern: ResourcePatternType = LITERAL,
    kind: AclPermissionType = ALLOW,
) -> None:
    guard.create(AclBinding(ResourceType.TOPIC, name, pattern, principal, "*", operation, kind))


def may_ask(guard: Guarded) -> None:
    name = "kafka-cluster"
    guard.create(AclBinding(ResourceType.BROKER, name, LITERAL, "User:handoff", "*", AclOperation.DESCRIBE, ALLOW))


async def asked(cluster: Cluster) -> object:
    """The other users who may write, once we may ask for them."""
    try:
        return await other_writers(cluster, [SALES, PEOPLE])
    except ClusterAuthorizationFailedError as refused:
        return refused


async def test_others_who_may_write_are_named_by_topic_however_the_right_was_granted(
    guard: Guarded, ours: Cluster
) -> None:
    may_ask(guard)
    await eventually(partial(asked, ours), {})
    give(guard, "User:mallory", f"acme.{PEOPLE}", AclOperation.WRITE)
    give(guard, "User:etl", "acme.salespeople", AclOperation.ALL, pattern=PREFIXED)
    give(guard, "User:root", "*", AclOperation.WRITE)
    give(guard, "User:report", f"acme.{PEOPLE}", AclOperation.READ)
    give(guard, "User:root", f"acme.{SALES}", AclOperation.ALL, kind=DENY)
    named = {f"acme.{PEOPLE}": ["User:etl", "User:mallory", "User:root"]}
    await eventually(lambda: other_writers(ours, [SALES, PEOPLE]), named)
    with capture_logs() as logged:
        await name_other_writers(ours, [SALES, PEOPLE])
    assert "others may write to a topic" in str(logged)
    assert "User:etl, User:mallory, User:root" in str(logged)


async def test_without_the_right_to_ask_a_process_starts_anyway(guard: Guarded, ours: Cluster) -> None:
    give(guard, "User:mallory", f"acme.{PEOPLE}", AclOperation.WRITE)
    with pytest.raises(ClusterAuthorizationFailedError):
        await other_writers(ours, [PEOPLE])
    with capture_logs() as logged:
        await name_other_writers(ours, [PEOPLE])
    assert "may not DESCRIBE the cluster" in str(logged)


async def test_a_process_without_a_user_name_counts_as_the_only_writer(guard: Guarded, ours: Cluster) -> None:
    nameless = Cluster(guard.broker.address, prefix="acme.")
    assert await other_writers(nameless, [PEOPLE]) == {}
    give(guard, "User:mallory", f"acme.{PEOPLE}", AclOperation.WRITE)
    named = {f"acme.{PEOPLE}": ["User:handoff", "User:mallory"]}
    await eventually(lambda: other_writers(nameless, [PEOPLE]), named)


async def test_a_broker_without_access_control_names_no_one(kafka: str) -> None:
    assert await other_writers(Cluster(kafka), [PEOPLE]) == {}
