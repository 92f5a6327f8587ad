"""After any failure around a batch, it is delivered again, and its effects exist once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from deploy.local.kafka import Kafka
from shared.contracts.envelope import Envelope, Fact
from shared.database import open_pool
from shared.messaging.consumer import Consumer
from shared.messaging.records import Records
from shared.transaction import Transaction
from tests.postgres_proxy import Cut, proxy_to
from tests.raw_records import confirmed
from tests.servers import MakeDatabase
from tests.streams import TOPIC, Plumbing, plumbing_on
from tests.waiting import eventually, until

COUNT = 40
RECORDS = [confirmed(number, account=f"c-{number % 7}", partition=number % 2) for number in range(COUNT)]
IDS = sorted(f"e-{number}" for number in range(COUNT))


class Forgetful(Consumer):
    """As if the process ended between the database's commit and Kafka's, every time."""

    async def commit(self, records: Records) -> None:
        return


async def test_a_whole_batch_delivered_again_changes_nothing(plumbing: Plumbing) -> None:
    await plumbing.publish(*RECORDS)
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": COUNT})
    state = await plumbing.pool.fetch("select * from shared.journal order by position")
    for partition in (0, 1):
        await plumbing.commit_in_kafka(0, partition)

    again = plumbing.batches.copy()
    async with plumbing.consuming():
        await eventually(lambda: plumbing.committed(0), COUNT // 2)
        await eventually(lambda: plumbing.committed(1), COUNT // 2)

    assert plumbing.batches == again, "the handler must get new events only"
    assert sorted(await plumbing.effects()) == IDS
    assert await plumbing.pool.fetch("select * from shared.journal order by position") == state
    assert await plumbing.ledger() == {"applied": COUNT}


async def test_a_crash_between_the_databases_commit_and_kafkas_repeats_nothing(plumbing: Plumbing) -> None:
    await plumbing.publish(*RECORDS[: COUNT // 2])
    async with plumbing.consuming(Forgetful):
        await eventually(plumbing.ledger, {"applied": COUNT // 2})
    assert await plumbing.committed() is None

    await plumbing.publish(*RECORDS[COUNT // 2 :])
    async with plumbing.consuming(Forgetful), plumbing.consuming(Forgetful):
        await eventually(plumbing.ledger, {"applied": COUNT})
    assert sorted(await plumbing.effects()) == IDS


async def test_each_accounts_events_are_applied_in_their_order(plumbing: Plumbing) -> None:
    await plumbing.publish(*RECORDS)
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": COUNT})
    effects = await plumbing.effects()
    for partition in (0, 1):
        ours = [f"e-{number}" for number in range(COUNT) if number % 2 == partition]
        assert [id for id in effects if id in ours] == ours


@pytest.mark.parametrize("when", list(Cut), ids=lambda when: f"cut {when.value} the commit")
async def test_a_connection_that_breaks_at_the_commit_leaves_every_effect_once(plumbing: Plumbing, when: Cut) -> None:
    async with proxy_to(plumbing.url, when) as wire:
        pool = await open_pool(wire.url, name="through the wire")
        wire.cuts = 3
        await plumbing.publish(*RECORDS[:10])
        async with plumbing.consuming(pool=pool):
            await eventually(plumbing.ledger, {"applied": 10})
            await until(_given(wire, "cuts"), lambda cuts: cuts < 3)
            await plumbing.publish(*RECORDS[10:])
            await eventually(plumbing.ledger, {"applied": COUNT})
        pool.terminate()
    assert wire.done > 0
    assert sorted(await plumbing.effects()) == IDS
    assert not await plumbing.dead_letters()


async def test_a_killed_connection_in_the_middle_of_a_transaction_leaves_every_effect_once(plumbing: Plumbing) -> None:
    kills = 3

    async def kill(tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        nonlocal kills
        if kills:
            kills -= 1
            pid = await tx.connection.fetchval("select pg_backend_pid()")
            await plumbing.pool.execute("select pg_terminate_backend($1)", pid)

    plumbing.hook = kill
    await plumbing.publish(*RECORDS)
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": COUNT})
    assert kills == 0
    assert sorted(await plumbing.effects()) == IDS
    assert not await plumbing.dead_letters()


async def test_a_database_that_is_away_pauses_the_stream_and_skips_nothing(plumbing: Plumbing) -> None:
    async with proxy_to(plumbing.url, Cut.BEFORE_COMMIT) as wire:
        pool = await open_pool(wire.url, name="through the wire")
        async with plumbing.consuming(pool=pool, measuring=True) as consumer:
            await plumbing.publish(*RECORDS[:10])
            await eventually(plumbing.ledger, {"applied": 10})
            async with wire.away():
                await plumbing.publish(*RECORDS[10:])
                await until(_given(wire, "refused"), lambda refused: refused >= 2)
                assert not consumer.stalled(limit_seconds=5)
                assert await plumbing.ledger() == {"applied": 10}
            await eventually(plumbing.ledger, {"applied": COUNT})
        pool.terminate()
    assert sorted(await plumbing.effects()) == IDS
    assert not await plumbing.dead_letters()


async def test_a_batch_that_always_takes_too_long_goes_through_record_by_record(plumbing: Plumbing) -> None:
    async def too_much_at_once(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        if len(events) > 1:
            await tx.connection.execute("set local statement_timeout = '20ms'")
            await tx.connection.execute("select pg_sleep(1)")

    plumbing.hook = too_much_at_once
    await plumbing.publish(*(confirmed(number) for number in range(12)))
    async with plumbing.consuming():
        await eventually(plumbing.effect_count, 12)
    assert await plumbing.ledger() == {"applied": 12}


async def test_a_stray_cancellation_does_not_end_the_stream(plumbing: Plumbing) -> None:
    strays = 2

    async def stray(_tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        nonlocal strays
        if strays:
            strays -= 1
            task = asyncio.create_task(asyncio.sleep(60))
            task.cancel()
            await task

    plumbing.hook = stray
    await plumbing.publish(*RECORDS)
    async with plumbing.consuming() as consumer:
        await eventually(plumbing.ledger, {"applied": COUNT})
        assert not consumer.stalled(limit_seconds=60)
    assert strays == 0
    assert sorted(await plumbing.effects()) == IDS


async def test_members_that_come_and_go_lose_double_and_reorder_nothing(plumbing: Plumbing) -> None:
    records = [confirmed(number, account=f"c-{number % 6}", partition=number % 2) for number in range(600)]

    async def publish() -> None:
        for start in range(0, len(records), 50):
            await plumbing.publish(*records[start : start + 50])

    async def visit() -> None:
        for _ in range(3):
            async with plumbing.consuming(Forgetful):
                seen = await plumbing.effect_count()
                await until(plumbing.effect_count, lambda count, seen=seen: count >= min(600, seen + 60))  # type: ignore[misc]

    async with plumbing.consuming():
        await asyncio.gather(publish(), visit())
        await eventually(plumbing.ledger, {"applied": 600})
    effects = await plumbing.effects()
    assert sorted(effects) == sorted(f"e-{number}" for number in range(600))
    for account in range(6):
        ours = [f"e-{number}" for number in range(account, 600, 6)]
        assert [id for id in effects if id in set(ours)] == ours


async def test_a_stop_in_the_middle_of_a_batch_waits_for_its_end(plumbing: Plumbing) -> None:
    entered = asyncio.Event()

    async def slow(_tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        entered.set()
        await asyncio.sleep(0.5)

    plumbing.hook = slow
    await plumbing.publish(*RECORDS)
    async with plumbing.consuming():
        await asyncio.wait_for(entered.wait(), 20)
    assert plumbing.batches
    assert await plumbing.effect_count() == sum(len(batch) for batch in plumbing.batches)


async def test_an_aborted_transaction_is_not_applied_and_blocks_nothing(plumbing: Plumbing) -> None:
    for number, commit in enumerate([True, False, True, False]):
        await _publish_in_a_transaction(plumbing, number, commit=commit)
    async with plumbing.consuming(measuring=True):
        await eventually(plumbing.effects, ["e-0", "e-2"])
        read_through = "select count(*) from shared.offsets where read_through_at is not null"
        await eventually(lambda: plumbing.pool.fetchval(read_through), 2)
    assert await plumbing.ledger() == {"applied": 2}


async def test_a_partition_counts_as_read_only_once_its_records_are_applied(plumbing: Plumbing) -> None:
    held = asyncio.Event()

    async def hold(_tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        await held.wait()

    read = "select partition from shared.offsets where read_through_at > $1 order by partition"
    plumbing.hook = hold
    await plumbing.publish(*RECORDS)
    async with plumbing.consuming(measuring=True) as consumer:
        await until(_given(plumbing, "batches"), lambda batches: bool(batches))
        asked_at = await plumbing.pool.fetchval("select shared.app_now()")
        for _ in range(3):
            await consumer.positions.measure()
        assert await plumbing.pool.fetch(read, asked_at) == []
        held.set()
        await eventually(plumbing.ledger, {"applied": COUNT})
        await until(lambda: plumbing.pool.fetch(read, asked_at), lambda rows: [r[0] for r in rows] == [0, 1])


def _given(holder: object, name: str) -> Callable[[], Awaitable[Any]]:
    async def probe() -> object:
        return getattr(holder, name)

    return probe


async def _publish_in_a_transaction(plumbing: Plumbing, number: int, *, commit: bool) -> None:
    producer = AIOKafkaProducer(
        **plumbing.cluster.connection(), transactional_id=plumbing.cluster.topic(f"producer-{number}")
    )
    await producer.start()
    try:
        await producer.begin_transaction()
        raw = confirmed(number)
        await producer.send_and_wait(plumbing.topic, raw.value, key=raw.key, headers=list(raw.headers), partition=0)
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    finally:
        await producer.stop()


async def test_a_consumer_that_found_no_broker_can_start_later(
    private_kafka: Kafka, database: MakeDatabase, topic_prefix: str
) -> None:
    async with plumbing_on(private_kafka.address, await database("plumbing"), topic_prefix) as plumbing:
        await plumbing.publish(*RECORDS)
        await private_kafka.kill()
        consumer = Consumer(plumbing.processor(), plumbing.cluster, [TOPIC], plumbing.metrics)
        for _ in range(2):
            with pytest.raises(KafkaConnectionError):
                await consumer.start()
        await private_kafka.start()
        await consumer.start()
        try:
            await eventually(plumbing.ledger, {"applied": COUNT})
        finally:
            await consumer.stop()
