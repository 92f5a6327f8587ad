"""A whole escalation process, started as in production: one bad record must not block its publishing."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from deploy.local.ports import free_ports
from shared.messaging.cluster import Cluster
from shared.messaging.publisher import Publisher
from shared.messaging.topics import ensure_topics
from tests.builders import order_placed, refund_requested, salesperson_changed
from tests.escalation import reported
from tests.raw_records import Raw, publish_raw, read_topic
from tests.servers import MakeDatabase
from tests.waiting import eventually

PARTITIONS = 2
TOPICS = ("orders.sales.v1", "salespeople.v1", "support.cases.v1")


@asynccontextmanager
async def running_process(kafka: str, url: str, prefix: str) -> AsyncIterator[asyncio.subprocess.Process]:
    (port,) = free_ports(1)
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "TOPIC_PREFIX": prefix,
        "TOPIC_PARTITIONS": str(PARTITIONS),
        "TOPIC_REPLICATION": "1",
        "ESCALATION_DATABASE_URL": url,
        "ESCALATION_PORT": str(port),
        "MAX_ALERT_AGE": "0",
        "SMTP_URL": "smtp://127.0.0.1:1",
    }
    command = (sys.executable, "-m", "services.cli", "run", "escalation")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_dead_letter_does_not_block_a_processs_publishing(
    kafka: str, database: MakeDatabase, topic_prefix: str
) -> None:
    cluster = Cluster(kafka, prefix=topic_prefix, partitions=PARTITIONS, replication=1)
    await ensure_topics(cluster, TOPICS)
    url = await database("escalation")
    async with running_process(kafka, url, topic_prefix) as process:
        await publish_raw(cluster, TOPICS[0], Raw(b"not an event", b"c-17"))
        announced = await read_topic(cluster, "escalation.dead-letters.v1", 1, waits_for_topic=True)
        assert b"not an event" not in (announced[0].value or b"")

        async with Publisher(cluster) as publisher:
            facts = [reported(salesperson_changed()), reported(order_placed()), reported(refund_requested())]
            await publisher.publish([fact.envelope for fact in facts])
        records = await read_topic(cluster, "escalation.episodes.v1", 2)
        types = {dict(record.headers)["ce_type"] for record in records}
        assert types == {b"escalation.episode_raised", b"escalation.alert_raised"}

        connection = await asyncpg.connect(url)
        unpublished = "select count(*) from shared.outbox where published_at is null"
        await eventually(lambda: connection.fetchval(unpublished), 0)
        await connection.close()

        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
