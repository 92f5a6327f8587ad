"""Publishing from outside: confirmed, in order, each event with a trace, and errors a person can act on."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from deploy.local.kafka import Kafka
from deploy.local.ports import LOOPBACK, free_ports
from shared.contracts.envelope import Decoded, Envelope, Fact, envelope
from shared.contracts.orders_inbound import OrderCancelled
from shared.contracts.support_inbound import CaseReassigned
from shared.messaging.cluster import Cluster
from shared.messaging.codec import decode_record
from shared.messaging.publisher import CHUNK_EVENTS, Publisher, PublishError
from shared.messaging.topics import ensure_topics

STARTS_AT = datetime(2026, 5, 4, 9, tzinfo=UTC)
GIVEN_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
COUNT = 2 * CHUNK_EVENTS + 7


def reassigned(number: int, *, traceparent: str | None = None) -> Envelope[Fact]:
    return envelope(
        CaseReassigned(case="case-1", reassignments=number + 1),
        id=f"event-{number}",
        source="tests",
        subject=f"account-{number % 5}",
        time=STARTS_AT + timedelta(seconds=number),
        traceparent=traceparent,
    )


@pytest.fixture
async def cluster(kafka: str, topic_prefix: str) -> Cluster:
    cluster = Cluster(kafka, prefix=topic_prefix, partitions=3, replication=1)
    await ensure_topics(cluster, [CaseReassigned.topic])
    return cluster


async def records_of(cluster: Cluster, topic: str, count: int) -> Sequence[Any]:
    consumer = AIOKafkaConsumer(
        cluster.topic(topic), **cluster.connection(), group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()


async def test_events_arrive_under_their_subject_in_order_each_with_a_trace_of_its_own(
    cluster: Cluster,
) -> None:
    sent = [reassigned(0, traceparent=GIVEN_TRACE), *(reassigned(number) for number in range(1, COUNT))]
    done: list[int] = []

    async with Publisher(cluster) as publisher:
        await publisher.publish(sent, progress=done.append)

    records = await records_of(cluster, CaseReassigned.topic, COUNT)
    received = [decode_record(record, topic_prefix=cluster.prefix) for record in records]
    events = [one.envelope for one in received if isinstance(one, Decoded) and one.key_matches]
    by_account = sorted(events, key=lambda event: event.subject)
    assert [event.id for event in by_account] == [event.id for event in sorted(sent, key=lambda event: event.subject)]
    traces = {event.id: event.traceparent for event in events}
    assert traces["event-0"] == GIVEN_TRACE
    assert len({trace for trace in traces.values() if trace is not None}) == COUNT
    assert done == [CHUNK_EVENTS, 2 * CHUNK_EVENTS, COUNT]


async def test_an_address_and_a_prefix_are_enough(cluster: Cluster) -> None:
    async with Publisher(cluster.bootstrap_servers, prefix=cluster.prefix) as publisher:
        await publisher.publish([reassigned(1)])
    [record] = await records_of(cluster, CaseReassigned.topic, 1)
    assert record.key == b"account-1"


async def test_a_missing_topic_is_named_and_not_created(cluster: Cluster) -> None:
    event: Envelope[Fact] = envelope(
        OrderCancelled(order="o-1"), id="event-1", source="tests", subject="account-1", time=STARTS_AT
    )
    async with Publisher(cluster, timeout_seconds=1) as publisher:
        with pytest.raises(PublishError, match=rf"{cluster.prefix}orders\.inbound\.v1 does not exist .*TOPIC_PREFIX"):
            await publisher.publish([event])


async def test_a_missing_broker_is_reported_with_its_address_and_a_remedy() -> None:
    [port] = free_ports(1)
    with pytest.raises(PublishError, match=rf"{LOOPBACK}:{port}.*`handoff up`.*KAFKA_BOOTSTRAP_SERVERS"):
        async with Publisher(f"{LOOPBACK}:{port}"):
            pass


async def test_a_broker_that_dies_is_reported_with_the_number_of_events_that_arrived(private_kafka: Kafka) -> None:
    cluster = Cluster(private_kafka.address, partitions=3, replication=1)
    await ensure_topics(cluster, [CaseReassigned.topic])
    async with Publisher(cluster, timeout_seconds=3) as publisher:
        await publisher.publish([reassigned(0)])
        await private_kafka.kill()
        with pytest.raises(PublishError, match="confirmed 0 events and did not confirm 2 more"):
            await publisher.publish([reassigned(1), reassigned(2)])
