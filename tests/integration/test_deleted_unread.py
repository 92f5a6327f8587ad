"""Records that Kafka deletes before they are read are recorded as lost, at any time; other deletions are not."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from typer.testing import CliRunner

from services.cli.main import app
from shared.messaging import recreated
from shared.messaging.cluster import Cluster
from shared.messaging.deleted_unread import unsettled
from tests.integration.orders_process import orders_process
from tests.raw_records import confirmed, publish_raw
from tests.servers import MakeDatabase
from tests.streams import TOPIC, Plumbing
from tests.topics import delete_records
from tests.waiting import eventually, until


async def _noted(plumbing: Plumbing) -> dict[str, int]:
    async with plumbing.pool.acquire() as connection:
        return {one.topic: one.records for one in await unsettled(connection)}


async def _know_partitions(plumbing: Plumbing) -> None:
    """A process that found nothing to read."""
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await until(plumbing.read_through, lambda moments: None not in moments)


async def _publish(plumbing: Plumbing, first: int, last: int) -> None:
    await plumbing.publish(*(confirmed(number) for number in range(first, last)))


def _ids(first: int, last: int) -> list[str]:
    return [f"e-{number}" for number in range(first, last)]


async def test_records_deleted_before_a_partition_is_first_read_are_recorded(plumbing: Plumbing) -> None:
    await _know_partitions(plumbing)
    await _publish(plumbing, 0, 10)
    await delete_records(plumbing.cluster, TOPIC, {0: 6})
    for _ in range(2):  # a second start records nothing again
        async with plumbing.watched() as watched:
            await watched.consumer.start()
            await eventually(plumbing.effects, _ids(6, 10))
            await until(plumbing.read_through, lambda moments: None not in moments)
        assert await _noted(plumbing) == {plumbing.topic: 6}


async def test_a_new_installation_misses_nothing_of_old_topics(plumbing: Plumbing) -> None:
    await _publish(plumbing, 0, 10)
    await delete_records(plumbing.cluster, TOPIC, {0: 6})
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await eventually(plumbing.effects, _ids(6, 10))
        await delete_records(plumbing.cluster, TOPIC, {0: 10})
        await eventually(plumbing.lag, {0: 0, 1: 0})
    await _know_partitions(plumbing)
    assert await _noted(plumbing) == {}


async def test_records_deleted_while_a_running_consumer_is_behind_are_recorded(plumbing: Plumbing) -> None:
    async with _behind(plumbing):
        await _publish(plumbing, 0, 10)
        await delete_records(plumbing.cluster, TOPIC, {0: 6})
    assert await plumbing.effects() == _ids(6, 10)
    assert await _noted(plumbing) == {plumbing.topic: 6}


async def test_deleted_records_of_a_running_consumer_are_recorded_even_if_none_is_left(plumbing: Plumbing) -> None:
    async with _behind(plumbing):
        await _publish(plumbing, 0, 10)
        await delete_records(plumbing.cluster, TOPIC, {0: 10})
    assert await plumbing.effects() == []
    assert await _noted(plumbing) == {plumbing.topic: 10}


async def test_records_deleted_after_reading_are_no_loss(plumbing: Plumbing) -> None:
    """The marker that ends a publisher's transaction is no loss either: it is deleted with the
    records and never read."""
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _publish_in_a_transaction(plumbing.cluster, 3)
        await eventually(plumbing.effects, _ids(0, 3))
        await eventually(plumbing.lag, {0: 0, 1: 0})
        assert await plumbing.next_offsets() == [3, 0]
        await until(lambda: plumbing.pool.fetchval("select max(whole_to) from shared.offsets"), lambda end: end == 4)
        await delete_records(plumbing.cluster, TOPIC, {0: 4})
        await _publish(plumbing, 3, 4)
        await eventually(plumbing.effects, _ids(0, 4))
    await delete_records(plumbing.cluster, TOPIC, {0: 5})
    await _know_partitions(plumbing)
    assert await _noted(plumbing) == {}


async def test_another_loss_adds_to_an_open_one_and_reopens_a_settled_one(plumbing: Plumbing) -> None:
    await _know_partitions(plumbing)
    for first, noted in ((0, 4), (4, 8)):
        await _publish(plumbing, first, first + 4)
        await delete_records(plumbing.cluster, TOPIC, {0: first + 4})
        await _know_partitions(plumbing)
        assert await _noted(plumbing) == {plumbing.topic: noted}
    assert await recreated.settle(plumbing.pool, [plumbing.topic], by="Sam") == [plumbing.topic]
    assert await _noted(plumbing) == {}
    await _publish(plumbing, 8, 9)
    await delete_records(plumbing.cluster, TOPIC, {0: 9})
    await _know_partitions(plumbing)
    assert await _noted(plumbing) == {plumbing.topic: 1}


async def test_a_process_reports_a_loss_until_an_operator_settles_it(
    kafka: str, database: MakeDatabase, topic_prefix: str, tmp_path: Path
) -> None:
    settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "TOPIC_PREFIX": topic_prefix, "TOPIC_REPLICATION": "1"}
    cluster = Cluster(kafka, prefix=topic_prefix, partitions=2, replication=1)
    url, topic = await database("orders"), "orders.inbound.v1"
    async with orders_process(url, tmp_path / "first", settings) as process:
        await eventually(process.reasons, [])
        await eventually(process.lags, {"0": "0.0", "1": "0.0"})
        assert await process.notes() == []
    await publish_raw(cluster, topic, *(confirmed(number) for number in range(5)))
    await delete_records(cluster, topic, {0: 3})
    async with orders_process(url, tmp_path / "second", settings) as process:
        await eventually(process.reasons, [])
        (note,) = await until(process.notes, bool)
        assert f"Kafka deleted 3 records of topic {cluster.topic(topic)} before orders read them" in note
        assert "have its publishers send their events since 20" in note
        assert await process.deleted_unread() == {cluster.topic(topic): 3}
        environment = {"ORDERS_DATABASE_URL": url, "TOPIC_PREFIX": topic_prefix}
        listed = await asyncio.to_thread(CliRunner().invoke, app, ["topics", "recreated", "orders"], env=environment)
        assert f"{cluster.topic(topic)}  3 records deleted unread" in listed.output
        acknowledge = re.search(r"`handoff (topics acknowledge .* --by) NAME`", note)
        assert acknowledge is not None
        arguments = [*acknowledge[1].split(), "Sam"]
        done = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
        assert done.exit_code == 0, done.output
        await eventually(process.notes, [])
        await eventually(process.deleted_unread, {})


@asynccontextmanager
async def _behind(plumbing: Plumbing) -> AsyncIterator[None]:
    """The body runs while a running consumer takes no records; then it reads to the end."""
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await until(plumbing.read_through, lambda moments: None not in moments)
        reader = watched.consumer.positions._consumer()
        assert isinstance(reader, AIOKafkaConsumer)
        held = reader.assignment()
        reader.pause(*held)
        yield
        reader.resume(*held)
        await until(lambda: _noted(plumbing), bool)
        await eventually(plumbing.lag, {0: 0, 1: 0})


async def _publish_in_a_transaction(cluster: Cluster, count: int) -> None:
    producer = AIOKafkaProducer(**cluster.connection(), transactional_id=f"{cluster.prefix}publisher")
    await producer.start()
    try:
        async with producer.transaction():
            for record in (confirmed(number) for number in range(count)):
                sent = {"key": record.key, "headers": list(record.headers), "partition": record.partition}
                await producer.send(cluster.topic(TOPIC), record.value, **sent)
    finally:
        await producer.stop()
