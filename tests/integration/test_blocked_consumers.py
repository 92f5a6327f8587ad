"""The reason why a group does not consume although the servers answer is in /readyz, metrics and log, with a remedy."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from services.cli.main import app
from shared.messaging.cluster import Cluster
from shared.metrics import create_metrics
from tests.ingress import STRUCTURED, event
from tests.integration.orders_process import orders_process
from tests.raw_records import confirmed
from tests.servers import MakeDatabase
from tests.streams import SERVICE, TOPIC, Plumbing
from tests.topics import create_topic, delete_topic
from tests.waiting import eventually, until


async def test_unread_partitions_block_and_their_lag_is_reported(plumbing: Plumbing) -> None:
    await plumbing.publish(*(confirmed(n, partition=n % 2) for n in range(6)))
    async with plumbing.watched() as watched:
        await until(watched.reasons, lambda reasons: reasons == {"partitions_unassigned"})
        assert f"{plumbing.topic} partitions 0, 1" in watched.blocked["partitions_unassigned"]
        assert (await plumbing.lag(), plumbing.blocked()) == ({0: 3, 1: 3}, {"partitions_unassigned"})
        await watched.consumer.start()
        await until(watched.reasons, lambda reasons: not reasons)
        await eventually(plumbing.ledger, {"applied": 6})
        await eventually(plumbing.lag, {0: 0, 1: 0})
        await eventually(plumbing.reasons, set())


async def test_a_process_without_partitions_is_not_blocked_if_others_have_them_all(plumbing: Plumbing) -> None:
    others = [replace(plumbing, metrics=create_metrics(SERVICE)) for _ in range(3)]
    async with (
        others[0].watched() as first,
        others[1].watched() as second,
        others[2].watched() as third,
    ):
        members = (first, second, third)
        for member in members:
            await member.consumer.start()

        async def assigned() -> list[int]:
            return sorted(len(member.consumer.positions.assigned()) for member in members)

        async def reported() -> list[int]:
            return sorted([partition for other in others for partition in await other.lag()])

        await eventually(assigned, [0, 1, 1])
        await eventually(reported, [0, 1])
        for member in members:
            await until(member.reasons, lambda reasons: not reasons)
        spare = next(member for member in members if not member.consumer.positions.assigned())
        assert not spare.blocked


async def test_a_process_reports_a_deleted_topic_and_goes_on_when_it_is_recreated(
    kafka: str, database: MakeDatabase, topic_prefix: str, tmp_path: Path
) -> None:
    settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "TOPIC_PREFIX": topic_prefix, "TOPIC_REPLICATION": "1"}
    cluster = Cluster(kafka, prefix=topic_prefix, partitions=2, replication=1)
    url = await database("orders")
    async with orders_process(url, tmp_path / "log", settings) as process:
        await eventually(process.reasons, [])
        await eventually(process.lags, {"0": "0.0", "1": "0.0"})
        await delete_topic(cluster, TOPIC)
        (reason,) = await until(process.reasons, bool) or [""]
        assert f"Kafka has no topic {cluster.topic(TOPIC)}" in reason
        assert await process.blocked() == {"topic_missing"}
        await eventually(process.lags, {"0": "NaN", "1": "NaN"})
        assert (await process.client.get("/healthz")).status_code == 200
        assert (await process.client.post("/events", json=event(), headers=STRUCTURED)).status_code == 200
        await create_topic(cluster, TOPIC)
        await eventually(process.reasons, [])
        await eventually(process.lags, {"0": "0.0", "1": "0.0"})
        (note,) = await until(process.notes, bool)
        assert f"topic {cluster.topic(TOPIC)} was deleted and created again" in note
        assert "have its publishers send their events since 20" in note
        assert await process.recreated() == [cluster.topic(TOPIC)]
        acknowledge = re.search(r"`handoff (topics acknowledge .* --by) NAME`", note)
        assert acknowledge is not None
        environment = {"ORDERS_DATABASE_URL": url, "TOPIC_PREFIX": topic_prefix}
        arguments = [*acknowledge[1].split(), "Sam"]
        done = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
        assert done.exit_code == 0, done.output
        await eventually(process.notes, [])
        await eventually(process.recreated, [])
    assert [line for line in process.lines() if line["event"] == "not consuming" and line["do"] == reason]
    assert [line for line in process.lines() if "created again" in line["event"]]
