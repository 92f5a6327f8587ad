"""A service that computes for long returns to the event loop regularly: pages, heartbeats and metrics go on."""

import asyncio
import time
from collections.abc import Mapping
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

import services.escalation.domain.deciding
import services.orders.handlers
import services.support.handlers
from shared.breathing import in_breaths
from shared.contracts.envelope import Fact
from shared.contracts.orders import OrderConfirmed
from shared.database import RanTooLong
from shared.messaging.codec import Poison
from shared.messaging.records import read_records
from tests.builders import case_opened, input_of, order_placed
from tests.escalation import Escalation
from tests.services import ServiceUnderTest

CPU_SECONDS = 0.1
"""The most that may be computed between two returns."""
EVENTS = 120


class Turns:
    """Another task in the process: the most CPU time used until its next turn."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._go_round(time.thread_time()))

    async def _go_round(self, since: float) -> None:
        while True:
            now = time.thread_time()
            self.longest, since = max(self.longest, now - since), now
            await asyncio.sleep(0)

    async def end(self) -> float:
        await asyncio.sleep(0)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return self.longest


def compute(*_arguments: Any) -> None:
    """As long as a fact of a large account may take."""
    until = time.thread_time() + 0.005
    while time.thread_time() < until:
        pass


async def test_orders_and_support_take_turns(
    orders: ServiceUnderTest, support: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for handlers in (services.orders.handlers, services.support.handlers):
        known: Mapping[type[Fact], Any] = handlers.SUBSCRIPTIONS
        monkeypatch.setattr(handlers, "SUBSCRIPTIONS", dict.fromkeys(known, compute))
    turns = Turns()
    await orders.receive(*(input_of(order_placed(f"o-{number}"), id=f"e-{number}") for number in range(EVENTS)))
    await support.receive(*(input_of(case_opened(f"c-{number}"), id=f"e-{number}") for number in range(EVENTS)))
    assert await turns.end() < CPU_SECONDS


async def test_escalation_takes_turns(escalation: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
    known = services.escalation.domain.deciding.SUBSCRIPTIONS
    monkeypatch.setattr(services.escalation.domain.deciding, "SUBSCRIPTIONS", dict.fromkeys(known, (compute,)))
    turns = Turns()
    reported = [OrderConfirmed(order=f"o-{number}") for number in range(EVENTS)]
    await escalation.receive(*(input_of(fact, id=f"e-{number}") for number, fact in enumerate(reported)))
    assert await turns.end() < CPU_SECONDS


async def test_decoding_takes_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    class Record:
        topic, partition, offset, key, headers, value = "orders.inbound.v1", 0, 0, b"", (), b"{"

    monkeypatch.setattr("shared.messaging.records.decode_record", _slow_decoding)
    turns = Turns()
    batch = await read_records([Record()] * EVENTS, "")
    assert len(batch.rejections) == EVENTS
    assert await turns.end() < CPU_SECONDS


def _slow_decoding(*_arguments: Any, **_named: Any) -> Any:
    compute()
    return Poison("not_json", "not JSON")


async def test_work_past_its_time_is_abandoned_between_two_items(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = count()
    clock = SimpleNamespace(monotonic=lambda: next(readings), thread_time=lambda: 0.0)
    monkeypatch.setattr("shared.breathing.time", clock)

    async def work() -> None:
        assert [number async for number in in_breaths(range(1_000), give_up_at=10)]

    with pytest.raises(RanTooLong):
        await work()
    assert next(readings) == 12
