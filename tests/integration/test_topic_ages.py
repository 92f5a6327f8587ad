"""The age of a record counts from its arrival, not from its publisher's timestamp: old records are not deleted unread.

A connector, an outbox that is read by CDC and an import give a record the time of the event itself.
"""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from structlog.testing import capture_logs

from deploy.local.kafka import Kafka
from deploy.local.ports import free_ports
from shared.messaging.cluster import Cluster
from shared.messaging.topics import ensure_topics
from tests.topics import create_topic
from tests.waiting import eventually

TOPIC, THEIRS = "orders.inbound.v1", "support.inbound.v1"
_YEARS_AGO_MS = 1_577_836_800_000  # 2020


@pytest.fixture
async def sweeping(server_folder: Path) -> AsyncIterator[Cluster]:
    """A cluster whose broker checks twice a second for records that are too old."""
    port, controller_port = free_ports(2)
    often = {"log.retention.check.interval.ms": "500", "log.initial.task.delay.ms": "100"}
    broker = Kafka(server_folder / "kafka", port=port, controller_port=controller_port, changes=often)
    try:
        await broker.start()
        yield Cluster(broker.address, partitions=1, replication=1)
    finally:
        await broker.kill()


async def test_a_record_with_an_old_time_of_its_own_is_kept_until_it_is_read(sweeping: Cluster) -> None:
    await ensure_topics(sweeping, [TOPIC])
    await create_topic(sweeping, THEIRS, configs={"message.timestamp.type": "CreateTime"})
    await _publish_old(sweeping, TOPIC)
    for swept in (1, 2):  # by the second time, everything has been checked since
        await _publish_old(sweeping, THEIRS)
        await eventually(partial(_first_offset, sweeping, THEIRS), swept)
    assert await _first_offset(sweeping, TOPIC) == 0


async def test_a_warning_about_a_topic_that_uses_publishers_timestamps_names_the_command(sweeping: Cluster) -> None:
    await create_topic(sweeping, TOPIC, configs={"message.timestamp.type": "CreateTime"})
    await create_topic(sweeping, "salespeople.v1", configs={"message.timestamp.type": "CreateTime"})
    with capture_logs() as logged:
        await ensure_topics(sweeping, [TOPIC, "salespeople.v1"])
    (line,) = [line for line in logged if line["log_level"] == "warning"]
    assert (line["topic"], line["reason"]) == (
        TOPIC,
        "message.timestamp.type is CreateTime; Handoff expects LogAppendTime. Run kafka-configs.sh --alter --topic "
        f"{TOPIC} --add-config message.timestamp.type=LogAppendTime",
    )


async def _publish_old(cluster: Cluster, topic: str) -> None:
    producer = AIOKafkaProducer(**cluster.connection(), acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(cluster.topic(topic), b"{}", partition=0, timestamp_ms=_YEARS_AGO_MS)
    finally:
        await producer.stop()


async def _first_offset(cluster: Cluster, topic: str) -> int:
    reader = AIOKafkaConsumer(**cluster.connection())
    await reader.start()
    try:
        held = TopicPartition(cluster.topic(topic), 0)
        return int((await reader.beginning_offsets([held]))[held])
    finally:
        await reader.stop()
