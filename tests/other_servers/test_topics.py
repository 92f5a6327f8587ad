"""Topics made by an operator are checked at the start: settings that would lose records are named with a remedy."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from structlog.testing import capture_logs

from shared.messaging.cluster import Cluster, Credentials
from shared.messaging.tokens import Tokens
from shared.messaging.topics import TopicsUnfit, ensure_topics
from tests.other_servers.secured_kafka import SecuredKafka
from tests.other_servers.test_kafka import unsecured_token
from tests.topics import create_topic

DAY = 86_400_000
FACTS, PEOPLE = "orders.sales.v1", "salespeople.v1"


@pytest.fixture
def theirs(secured: SecuredKafka, topic_prefix: str) -> Cluster:
    """A cluster whose operator makes the topics."""
    address = secured.broker.address
    return Cluster(address, prefix=topic_prefix, partitions=2, replication=1, create_topics=False)


@pytest.mark.parametrize(
    ("topic", "configs", "do"),
    [
        (PEOPLE, {"cleanup.policy": "delete"}, "--add-config cleanup.policy=compact"),
        (PEOPLE, {"cleanup.policy": "compact,delete", "retention.ms": str(DAY)}, "--add-config cleanup.policy=compact"),
        (FACTS, {"cleanup.policy": "compact"}, "--add-config cleanup.policy=delete"),
    ],
)
async def test_a_topic_that_would_lose_records_is_an_error_that_says_what_to_do(
    theirs: Cluster, topic: str, configs: Mapping[str, str], do: str
) -> None:
    await create_topic(theirs, topic, configs=configs)
    with pytest.raises(TopicsUnfit) as error:
        await ensure_topics(theirs, [topic])
    assert f"Topic {theirs.topic(topic)} has cleanup.policy=" in str(error.value)
    assert do in str(error.value)


@pytest.mark.parametrize(
    ("configs", "reason"),
    [
        ({"retention.ms": str(7 * DAY)}, "retention.ms is 604800000 (7 days); Handoff expects 1209600000 (14 days)"),
        ({"retention.ms": str(DAY)}, "retention.ms is 86400000 (1 day); Handoff expects 1209600000 (14 days)"),
        ({"retention.bytes": "1000000"}, "retention.bytes is 1000000; Handoff expects -1 (no limit)"),
        ({"retention.ms": "-1"}, None),
        ({}, None),
    ],
)
async def test_a_topic_that_keeps_records_for_a_short_time_is_warned_of(
    theirs: Cluster, configs: Mapping[str, str], reason: str | None
) -> None:
    await create_topic(theirs, FACTS, configs=configs)
    await create_topic(theirs, PEOPLE)
    with capture_logs() as logged:
        await ensure_topics(theirs, [FACTS, PEOPLE])
    lines = [line for line in logged if line["log_level"] == "warning"]
    reported = [(line["topic"], line["reason"].partition(". Run ")) for line in lines]
    assert [(topic, said) for topic, (said, _, _) in reported] == ([(theirs.topic(FACTS), reason)] if reason else [])
    remedy = f"kafka-configs.sh --alter --topic {theirs.topic(FACTS)} --add-config retention."
    assert all(do.startswith(remedy) for _, (_, _, do) in reported)


async def test_a_process_without_the_right_to_describe_settings_starts_anyway(
    secured: SecuredKafka, theirs: Cluster
) -> None:
    await create_topic(theirs, PEOPLE, configs={"cleanup.policy": "delete"})
    name = theirs.topic(PEOPLE)
    right = AclBinding(
        ResourceType.TOPIC,
        name,
        ResourcePatternType.LITERAL,
        "User:reader",
        "*",
        AclOperation.DESCRIBE,
        AclPermissionType.ALLOW,
    )
    admin = AdminClient({"bootstrap.servers": theirs.bootstrap_servers})
    for done in admin.create_acls([right]).values():
        done.result(10)
    tokens = Tokens(command=f"echo {unsecured_token('reader')}")
    reader = replace(
        theirs, bootstrap_servers=secured.address("OAUTH"), credentials=Credentials("OAUTHBEARER", tokens=tokens)
    )
    with capture_logs() as logged:
        assert await ensure_topics(reader, [PEOPLE]) == {name: 2}
    (line,) = [line for line in logged if "not checked" in line["event"]]
    assert line["topics"] == [name]
