"""Topics with another number of partitions or copies than wanted: each message says which, and what to do."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from shared.messaging.reach import Reach
from shared.messaging.topics import TopicsUnfit, ensure_topics
from tests.integration.orders_process import cannot_start
from tests.servers import MakeDatabase
from tests.streams import DEAD_LETTERS, TOPIC, Plumbing
from tests.topics import create_topic, delete_topic


async def test_one_topic_of_another_count_is_to_be_created_again(plumbing: Plumbing) -> None:
    await delete_topic(plumbing.cluster, TOPIC)
    await create_topic(plumbing.cluster, TOPIC, partitions=4)
    with pytest.raises(TopicsUnfit) as error:
        await ensure_topics(plumbing.cluster, [TOPIC, DEAD_LETTERS])
    assert f"Topic {plumbing.topic} has 4 partitions, and 2 are wanted" in str(error.value)
    assert "create it again with 2 partitions" in str(error.value)
    assert "Set TOPIC_PARTITIONS" not in str(error.value)


async def test_where_all_topics_have_another_count_the_setting_is_to_follow(plumbing: Plumbing) -> None:
    with pytest.raises(TopicsUnfit, match=r"have 2 partitions, and TOPIC_PARTITIONS is 6\. Set TOPIC_PARTITIONS=2;"):
        await ensure_topics(replace(plumbing.cluster, partitions=6), [TOPIC, DEAD_LETTERS])


async def test_a_publisher_notes_that_a_topic_has_another_count(plumbing: Plumbing) -> None:
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
    assert fitting.noted() == [], "a topic that is missing is no topic of another count"


async def test_more_copies_than_brokers_are_said_with_both_numbers(plumbing: Plumbing) -> None:
    with pytest.raises(TopicsUnfit) as error:
        await ensure_topics(replace(plumbing.cluster, replication=3), ["orders.sales.v1"])
    assert "TOPIC_REPLICATION is 3 and the cluster has 1 broker. Set TOPIC_REPLICATION to 1" in str(error.value)


async def test_a_start_that_its_topics_end_does_not_say_that_it_is_to_be_started_anew(
    kafka: str, database: MakeDatabase, topic_prefix: str
) -> None:
    settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "TOPIC_PREFIX": topic_prefix, "TOPIC_REPLICATION": "3"}
    reason, output = await cannot_start({**settings, "ORDERS_DATABASE_URL": await database("orders")})
    assert "TOPIC_REPLICATION is 3" in reason
    assert "started anew" not in output
