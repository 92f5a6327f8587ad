"""Topics with an unexpected number of partitions or copies: each message says which, and names a remedy."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from shared.messaging.reach import Reach
from shared.messaging.topics import TopicsUnfit, ensure_topics
from tests.integration.orders_process import cannot_start
from tests.servers import MakeDatabase
from tests.streams import DEAD_LETTERS, TOPIC, Plumbing
from tests.topics import create_topic, delete_topic


async def test_a_single_topic_of_another_count_should_be_recreated(plumbing: Plumbing) -> None:
    await delete_topic(plumbing.cluster, TOPIC)
    await create_topic(plumbing.cluster, TOPIC, partitions=4)
    with pytest.raises(TopicsUnfit) as error:
        await ensure_topics(plumbing.cluster, [TOPIC, DEAD_LETTERS])
    assert f"Topic {plumbing.topic} has 4 partitions, and 2 are wanted" in str(error.value)
    assert "create it again with 2 partitions" in str(error.value)
    assert "Set TOPIC_PARTITIONS" not in str(error.value)


async def test_the_setting_should_follow_if_all_topics_have_another_count(plumbing: Plumbing) -> None:
    with pytest.raises(TopicsUnfit, match=r"have 2 partitions, and TOPIC_PARTITIONS is 6\. Set TOPIC_PARTITIONS=2;"):
        await ensure_topics(replace(plumbing.cluster, partitions=6), [TOPIC, DEAD_LETTERS])


async def test_a_publisher_logs_that_a_topic_has_another_count(plumbing: Plumbing) -> None:
    expecting = Reach(replace(plumbing.cluster, partitions=4), plumbing.metrics, publishes=[TOPIC])
    with capture_logs() as logged:
        for _ in range(2):
            await expecting.look()
    await expecting.close()
    (note,) = expecting.noted()
    assert f"Topic {plumbing.topic} has 2 partitions, and 4 are wanted" in note
    assert [line["do"] for line in logged] == [note], "it is logged once"
    fitting = Reach(plumbing.cluster, plumbing.metrics, publishes=[TOPIC, "orders.sales.v1"])
    await fitting.look()
    await fitting.close()
    assert fitting.noted() == [], "a missing topic does not have another count"


async def test_more_copies_than_brokers_are_reported_with_both_numbers(plumbing: Plumbing) -> None:
    with pytest.raises(TopicsUnfit) as error:
        await ensure_topics(replace(plumbing.cluster, replication=3), ["orders.sales.v1"])
    assert "TOPIC_REPLICATION is 3 and the cluster has 1 broker. Set TOPIC_REPLICATION to 1" in str(error.value)


async def test_a_start_that_fails_for_its_topics_does_not_ask_for_a_restart(
    kafka: str, database: MakeDatabase, topic_prefix: str
) -> None:
    settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "TOPIC_PREFIX": topic_prefix, "TOPIC_REPLICATION": "3"}
    reason, output = await cannot_start({**settings, "ORDERS_DATABASE_URL": await database("orders")})
    assert "TOPIC_REPLICATION is 3" in reason
    assert "started anew" not in output
