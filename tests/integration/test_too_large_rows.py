"""An event that Kafka refuses for its size is named, and blocks only later events of its own account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from structlog.testing import capture_logs

from shared.inputs import Partition
from shared.messaging import refused_rows
from shared.messaging.relay import Relay
from shared.messaging.topics import ensure_topics
from shared.messaging.view import View
from tests.raw_records import read_topic
from tests.streams import SERVICE, TOPIC, Plumbing
from tests.waiting import eventually, until

# Rows `e-0` …, of seven accounts; one of them is large.
_FILL = """
    insert into shared.outbox (topic, key, headers, payload, created_at)
    select $1, 'c-' || n % 7,
           jsonb_build_array(jsonb_build_array('ce_id', 'e-' || n), jsonb_build_array('ce_type', 'orders.test')),
           convert_to(repeat('x', case when n = $3 then 30000 else 100 end), 'UTF8'), shared.app_now()
    from generate_series(0, $2 - 1) as n
"""
_WAITING = "select array_agg(id order by id) from shared.outbox where published_at is null"


async def limit(plumbing: Plumbing, max_bytes: int) -> None:
    admin = AIOKafkaAdminClient(**plumbing.cluster.connection())
    await admin.start()
    try:
        config = {"max.message.bytes": str(max_bytes)}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, plumbing.topic, configs=config)])
    finally:
        await admin.close()


@asynccontextmanager
async def relayed(plumbing: Plumbing) -> AsyncIterator[Relay]:
    relay = Relay(plumbing.url, plumbing.cluster, plumbing.metrics, name=SERVICE)
    running = asyncio.create_task(relay.run())
    try:
        yield relay
        assert not running.done(), "it leads all the while"
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def numbers_by_account(plumbing: Plumbing) -> dict[str, list[int]]:
    """Numbers on the topic without repeats: rows behind a refused one may be sent twice."""
    view = View(plumbing.cluster)
    count = sum((await view.ends([Partition(plumbing.topic, 0), Partition(plumbing.topic, 1)])).values())
    await view.close()
    found: dict[str, list[int]] = {}
    for record in await read_topic(plumbing.cluster, TOPIC, count):
        numbers = found.setdefault((record.key or b"").decode(), [])
        number = int(dict(record.headers)["ce_id"][2:])
        if number not in numbers:
            numbers.append(number)
    return found


async def test_a_row_too_large_for_its_topic_is_named_and_blocks_only_its_own_account(
    plumbing: Plumbing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused_rows, "FIRST_PAUSE_SECONDS", 1.0)
    await limit(plumbing, 20_000)
    await plumbing.pool.execute(_FILL, TOPIC, 21, 7)
    first = await plumbing.pool.fetchval("select min(id) from shared.outbox")
    async with relayed(plumbing) as relay:
        await eventually(lambda: plumbing.pool.fetchval(_WAITING), [first + 7, first + 14])
        (note,) = relay.refused()
        assert f"orders.test e-7 of 30000 bytes, for topic {plumbing.topic}" in note
        assert f"--alter --topic {plumbing.topic} --add-config max.message.bytes=1048576" in note
        assert "c-0" not in note
        assert plumbing.metrics.process.relay_refused._value.get() == 1
        await limit(plumbing, 1_048_576)
        await eventually(lambda: plumbing.pool.fetchval(_WAITING), None)
        assert relay.refused() == []
        assert plumbing.metrics.process.relay_refused._value.get() == 0
    assert await numbers_by_account(plumbing) == {f"c-{key}": [key, key + 7, key + 14] for key in range(7)}


async def test_rows_that_are_too_large_together_are_sent_one_by_one(plumbing: Plumbing) -> None:
    await limit(plumbing, 2_000)
    await plumbing.pool.execute(_FILL, TOPIC, 100, None)
    async with relayed(plumbing) as relay:
        await until(lambda: plumbing.pool.fetchval(_WAITING), lambda waiting: waiting is None)
        assert relay.refused() == []
    numbers = await numbers_by_account(plumbing)
    assert all(found == sorted(found) for found in numbers.values())
    assert sum(map(len, numbers.values())) == 100


async def test_a_start_warns_of_a_topic_that_refuses_large_records(plumbing: Plumbing) -> None:
    await limit(plumbing, 500_000)
    with capture_logs() as logged:
        await ensure_topics(plumbing.cluster, [TOPIC])
    (line,) = [line for line in logged if line["event"] == "a topic refuses large records"]
    assert (line["topic"], line["log_level"]) == (plumbing.topic, "warning")
    assert line["reason"] == (
        f"max.message.bytes is 500000; Handoff expects 1048576. Run kafka-configs.sh --alter --topic {plumbing.topic} "
        "--add-config max.message.bytes=1048576"
    )
