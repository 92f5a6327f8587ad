"""The watchdog reports a consumer that does nothing, but not one that waits for records."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from shared.contracts.envelope import Envelope, Fact
from shared.messaging.consumer import Consumer
from shared.transaction import Transaction
from tests.raw_records import confirmed
from tests.streams import Plumbing
from tests.waiting import eventually, until

COUNT = 40
RECORDS = [confirmed(number, partition=number % 2) for number in range(COUNT)]


async def test_the_watchdog_reports_an_ended_consume_task(plumbing: Plumbing) -> None:
    async with plumbing.consuming() as consumer:
        assert not consumer.stalled(limit_seconds=0)
        for task in consumer.subscriber.tasks:
            task.cancel()
        await asyncio.wait(consumer.subscriber.tasks, timeout=20)
        assert consumer.stalled(limit_seconds=60)


async def test_the_watchdog_reports_records_that_are_not_tried(plumbing: Plumbing) -> None:
    async with plumbing.consuming() as consumer:
        consumer.subscriber.consumer.pause(*consumer.subscriber.consumer.assignment())
        await plumbing.publish(*RECORDS)
        await until(lambda: _measured(consumer, plumbing), lambda behind: behind)
        assert not consumer.stalled(limit_seconds=60), "records have only just come"
        await until(lambda: _stalled(consumer, 0.2), lambda stalled: stalled)


async def test_the_watchdog_reports_records_that_are_tried_repeatedly_and_never_applied(
    plumbing: Plumbing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task

    monkeypatch.setattr("shared.messaging.consumer._LONGEST_PAUSE_SECONDS", 0.2)
    plumbing.hook = never
    async with plumbing.consuming(measuring=True) as consumer:
        await plumbing.publish(*RECORDS)
        await until(partial(_batches, plumbing), lambda batches: len(batches) >= 3)
        assert not consumer.stalled(limit_seconds=60), "records have only just come"
        await until(lambda: _stalled(consumer, 1.0), lambda stalled: stalled)
        assert len(plumbing.batches) >= 4, "and were being tried"
        plumbing.hook = None
        await eventually(plumbing.ledger, {"applied": COUNT})
        await eventually(lambda: _stalled(consumer, 1.0), False)
        await asyncio.sleep(4.5)
        assert not consumer.stalled(limit_seconds=1.0), "nothing waits"


async def _measured(consumer: Consumer, plumbing: Plumbing) -> bool:
    await consumer.positions.measure()
    return consumer.positions.behind


async def _stalled(consumer: Consumer, limit_seconds: float) -> bool:
    return consumer.stalled(limit_seconds)


async def _batches(plumbing: Plumbing) -> list[list[str]]:
    return plumbing.batches
