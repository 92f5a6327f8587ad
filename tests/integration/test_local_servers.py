"""The servers started by tests and `handoff up` keep confirmed data and come back at the same addresses."""

from urllib.parse import urlsplit

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.kafka import Kafka
from tests.databases import Databases
from tests.servers import MakeDatabase, PrivatePostgres


async def make_topic(address: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    finally:
        await admin.close()


async def publish(address: str, topic: str, *bodies: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, enable_idempotence=True)
    await producer.start()
    try:
        for body in bodies:
            await producer.send_and_wait(topic, body, key=b"c-1")
    finally:
        await producer.stop()


async def read(address: str, topic: str, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=address,
        group_id=f"{topic}.readers",
        auto_offset_reset="earliest",
        session_timeout_ms=1500,
        heartbeat_interval_ms=300,
    )
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_kafka_carries_what_was_published(kafka: str, topic_prefix: str) -> None:
    topic = f"{topic_prefix}facts"
    await make_topic(kafka, topic)
    await publish(kafka, topic, b"one", b"two")
    assert await read(kafka, topic, 2) == [b"one", b"two"]


async def test_kafka_creates_no_topic_by_itself(kafka: str, topic_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.describe_topics([f"{topic_prefix}nowhere"])
        assert f"{topic_prefix}nowhere" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_a_killed_broker_comes_back_with_its_acknowledged_records(private_kafka: Kafka) -> None:
    address = private_kafka.address
    await make_topic(address, "facts")
    await publish(address, "facts", b"before")
    await private_kafka.kill()
    await private_kafka.start()
    await publish(address, "facts", b"after")
    assert private_kafka.address == address
    assert await read(address, "facts", 2) == [b"before", b"after"]


async def test_databases_of_two_tests_are_separate(database: MakeDatabase) -> None:
    first, second = await database("orders"), await database("orders")
    await run(first, "create table facts (body text)")
    assert await tables(first) - await tables(second) == {"facts"}


async def test_a_service_cannot_connect_to_the_database_of_another(database: MakeDatabase) -> None:
    orders, support = await database("orders"), await database("support")
    intruder = orders.replace("//orders", "//support", 1)
    assert await tables(support) is not None
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tables(intruder)


async def test_a_service_owns_its_database_and_is_no_superuser(database: MakeDatabase) -> None:
    url = await database("escalation")
    await run(url, "create schema archive")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(url, "create role intruder")


async def test_a_database_can_be_restored_to_an_older_state(databases: Databases) -> None:
    url = await databases.make("orders")
    await run(url, "create table facts (body text)", "insert into facts values ('older')")
    copy = await databases.keep(url)
    await run(url, "insert into facts values ('newer')")
    await databases.put_back(copy)
    assert await column(url, "select body from facts") == ["older"]
    await run(url, "insert into facts values ('newer again')")
    await databases.make("support")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tables(url.replace("//orders", "//support", 1))


@pytest.mark.parametrize("way", ["stop", "stop_at_once", "kill"])
async def test_a_database_server_comes_back_with_its_committed_data(
    private_postgres: PrivatePostgres, way: str
) -> None:
    url = await private_postgres.databases.make("kept")
    await run(url, "create table facts (body text)", "insert into facts values ('committed')")
    await getattr(private_postgres.server, way)()
    with pytest.raises(OSError):
        await tables(url)
    await private_postgres.server.start()
    assert await column(url, "select body from facts") == ["committed"]


async def test_the_database_server_keeps_confirmed_commits(private_postgres: PrivatePostgres) -> None:
    url = private_postgres.server.url
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert await column(url, f"show {setting}") == ["on"]
    assert await column(url, "show listen_addresses") == ["127.0.0.1"]
    assert urlsplit(url).hostname == "127.0.0.1"


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def column(url: str, query: str) -> list[object]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def tables(url: str) -> set[object]:
    return set(await column(url, "select tablename from pg_tables where schemaname not like 'pg_%'"))
