"""The report about a group that consumes nothing: the reason, the names, and a remedy."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)

from shared.inputs import Partition
from shared.messaging.blocks import Block, Reading, blocks_of, refusal
from shared.messaging.cluster import Cluster
from shared.messaging.recreated import published_again
from shared.messaging.relay import SendFailed
from shared.messaging.topics_seen import TopicSeen
from shared.messaging.view import Seen

READING = Reading(Cluster("kafka:9092", prefix="acme.", partitions=2), ("orders.sales.v1",), "acme.escalation")
SALES = "acme.orders.sales.v1"
THERE = TopicSeen(UUID(int=1), 2)
BOTH = frozenset({Partition(SALES, 0), Partition(SALES, 1)})


def seen(topic: TopicSeen = THERE, *, group_readable: bool = True) -> Seen:
    return Seen({SALES: topic}, BOTH, group_readable)


@pytest.mark.parametrize(
    ("what", "unassigned", "block", "named"),
    [
        (seen(), BOTH, Block.PARTITIONS_UNASSIGNED, f"group acme.escalation reads {SALES} partitions 0, 1"),
        (
            seen(TopicSeen(UUID(int=1), 4)),
            BOTH,
            Block.PARTITION_COUNT_WRONG,
            f"{SALES} has 4 partitions",
        ),
        (seen(TopicSeen()), (), Block.TOPIC_MISSING, f"no topic {SALES}"),
        (seen(TopicSeen(readable=False)), (), Block.TOPIC_RIGHT_MISSING, f"READ and DESCRIBE on topic {SALES}"),
        (seen(TopicSeen(UUID(int=1), 2, readable=False)), (), Block.TOPIC_RIGHT_MISSING, f"read topic {SALES}"),
        (seen(group_readable=False), BOTH, Block.GROUP_RIGHT_MISSING, "READ and DESCRIBE on the group acme.escalation"),
    ],
)
def test_each_reason_names_what_is_missing(
    what: Seen, unassigned: tuple[Partition, ...], block: Block, named: str
) -> None:
    found = blocks_of(what, unassigned, READING, {})
    assert found.keys() == {block}
    assert named in found[block]


def test_nothing_is_reported_while_everything_is_read() -> None:
    assert blocks_of(seen(), (), READING, {}) == {}


def test_a_missing_topic_should_be_created_with_the_common_number_of_partitions() -> None:
    assert "with 2 partitions" in blocks_of(seen(TopicSeen()), (), READING, {})[Block.TOPIC_MISSING]


def test_a_refusal_is_distinguished_from_a_server_that_does_not_answer() -> None:
    assert "READ and DESCRIBE on the group acme.escalation" in (
        refusal(GroupAuthorizationFailedError("x"), "acme.escalation") or ""
    )
    assert SALES in (refusal(TopicAuthorizationFailedError({SALES}), "g") or "")
    assert SALES in (refusal(TopicAuthorizationFailedError(SALES), "g") or "")
    assert refusal(KafkaConnectionError(), "g") is None
    assert refusal(TimeoutError(), "g") is None


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("orders.sales.v1", "`handoff outbox replay --since 2026-05-04T09:30:00Z orders`"),
        ("salespeople.v1", "`handoff outbox replay --since 2026-05-04T09:30:00Z orders`"),
        ("support.cases.v1", "`handoff outbox replay --since 2026-05-04T09:30:00Z support`"),
        ("support.inbound.v1", "have its publishers send their events since 2026-05-04T09:30:00Z again"),
    ],
)
def test_the_remedy_for_lost_records_names_their_publisher(topic: str, expected: str) -> None:
    since = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    assert expected in published_again(topic, since)


async def test_unconfirmed_rows_are_reported_with_kafkas_reason() -> None:
    sends = [asyncio.get_running_loop().create_future() for _ in range(3)]
    sends[0].set_result(None)
    sends[1].set_exception(TopicAuthorizationFailedError("x"))
    sends[2].set_exception(KafkaTimeoutError())
    expected = SendFailed(2, sends).safe_message
    assert expected == ("Kafka did not confirm 2 rows of the outbox: KafkaTimeoutError, TopicAuthorizationFailedError")
    assert "no answer in time" in SendFailed(1, []).safe_message


def test_unreadable_records_are_named_with_their_place() -> None:
    found = blocks_of(seen(), (), READING, {Partition("orders.sales.v1", 2): "offset 41 (CorruptRecordException)"})
    assert "orders.sales.v1 partition 2 at offset 41 (CorruptRecordException)" in found[Block.RECORDS_UNREADABLE]
