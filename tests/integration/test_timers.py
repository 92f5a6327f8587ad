"""Timers fire when they are due, once, without blocking others, and never because of a backlog."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from shared import timers
from shared.contracts.envelope import Envelope
from shared.contracts.fact import Fact
from shared.database import Pool, open_pool
from shared.messaging.known_partitions import know_partitions
from shared.migrations import migrate
from shared.rounds import fire_all
from shared.transaction import InputProcessor, Transaction
from tests.builders import AT, batch_of, input_of, order_confirmed
from tests.servers import MakeDatabase

MINUTE = timedelta(minutes=1)
_MOVE = """
    insert into shared.clock (single, ahead) values (true, $1)
    on conflict (single) do update set ahead = clock.ahead + excluded.ahead
"""
_READ = "update shared.offsets set read_through_at = shared.app_now() where topic = any($1::text[])"


class Reminder(Fact):
    type: ClassVar[str] = "test.timer.reminder"
    topic: ClassVar[str] = ""
    note: str


@dataclass
class Clockwork:
    """A service that sets a timer for each confirmed order and records what fires."""

    pool: Pool
    fired: list[tuple[str, str]] = field(default_factory=list)
    silence: bool = False
    awaits: str | None = None
    broken: Mapping[str, Callable[[Transaction], Awaitable[object]]] = field(default_factory=dict)

    @property
    def processor(self) -> InputProcessor:
        return InputProcessor(self.pool, "clockwork", self._handle, {Reminder.type: Reminder})

    async def _handle(self, tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        fired = []
        for event in events:
            if isinstance(event.data, Reminder):
                if event.subject in self.broken:
                    await self.broken[event.subject](tx)
                fired.append((event.subject, event.data.note))
                continue
            note = getattr(event.data, "order", "")
            tx.set_timer(
                Reminder(note=note),
                cause=event,
                due_at=tx.now + MINUTE,
                awaits=self.awaits,
                made_of_silence=self.silence,
            )
        self.fired += fired

    async def set(self, note: str = "n", account: str = "c-17") -> None:
        await self.processor.apply(batch_of(input_of(order_confirmed(note), subject=account)))

    async def move(self, ahead: timedelta) -> None:
        await self.pool.execute(_MOVE, ahead)

    async def timers(self) -> int:
        return int(await self.pool.fetchval("select count(*) from shared.timers"))


@pytest.fixture
async def clockwork(database: MakeDatabase) -> AsyncIterator[Clockwork]:
    url = await database("clockwork")
    await migrate(url)
    pool = await open_pool(url, name="clockwork")
    yield Clockwork(pool)
    pool.terminate()


@asynccontextmanager
async def _held(clockwork: Clockwork, account: str) -> AsyncIterator[None]:
    """The account is busy with another transaction."""
    async with clockwork.pool.acquire() as connection, connection.transaction():
        await connection.execute("select 1 from shared.locks where key = $1 for update", f"account:{account}")
        yield


async def test_a_timer_fires_when_it_is_due_and_once(clockwork: Clockwork) -> None:
    await clockwork.set()
    await fire_all(clockwork.processor)
    await clockwork.move(MINUTE - timedelta(seconds=5))
    await fire_all(clockwork.processor)
    assert clockwork.fired == []
    await clockwork.move(timedelta(seconds=5))
    await asyncio.gather(*(fire_all(clockwork.processor) for _ in range(4)))
    await clockwork.move(60 * MINUTE)
    await fire_all(clockwork.processor)
    assert clockwork.fired == [("c-17", "n")]
    assert await clockwork.timers() == 0
    kinds = await clockwork.pool.fetch("select kind from shared.journal order by position")
    assert [row["kind"] for row in kinds] == ["record", "timer"]


async def test_a_timer_that_becomes_due_while_others_fire_is_decided_at_its_time(
    clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise its handler would set it again for the same instant, under an id that has already fired."""
    claim = timers.claim

    async def slow_claim(*arguments: Any) -> Any:
        await clockwork.move(MINUTE)
        return await claim(*arguments)

    await clockwork.set("due")
    await clockwork.move(MINUTE / 2)
    await clockwork.set("soon")
    await clockwork.move(MINUTE / 2)
    monkeypatch.setattr(timers, "claim", slow_claim)
    assert await clockwork.processor.fire_timers() == 2
    early = "select count(*) from shared.journal where kind = 'timer' and decided_at < at"
    assert await clockwork.pool.fetchval(early) == 0


async def test_timers_of_an_account_fire_in_the_order_they_fell_due(clockwork: Clockwork) -> None:
    for note in ("a", "b", "c"):
        await clockwork.set(note)
        await clockwork.move(timedelta(seconds=1))
    await clockwork.move(5 * MINUTE)
    await fire_all(clockwork.processor)
    assert clockwork.fired == [("c-17", note) for note in "abc"]


async def test_a_busy_account_is_left_for_later_and_blocks_no_one(clockwork: Clockwork) -> None:
    await clockwork.set(account="c-busy")
    await clockwork.set(account="c-free")
    await clockwork.move(2 * MINUTE)
    async with _held(clockwork, "c-busy"), asyncio.timeout(3):
        await fire_all(clockwork.processor)
        assert clockwork.fired == [("c-free", "n")]
    await fire_all(clockwork.processor)
    assert clockwork.fired == [("c-free", "n"), ("c-busy", "n")]


async def _fails(tx: Transaction) -> None:
    await tx.connection.execute("select 1 / 0")


async def _is_cancelled_by_the_server(tx: Transaction) -> None:
    await tx.connection.execute("set local statement_timeout = '20ms'")
    await tx.connection.execute("select pg_sleep(5)")


async def _is_waited_for_in_vain(tx: Transaction) -> None:
    await tx.connection.execute("select pg_sleep(5)", timeout=0.02)


@pytest.mark.parametrize("breaks", [_fails, _is_cancelled_by_the_server, _is_waited_for_in_vain])
async def test_an_account_with_a_failing_or_slow_timer_is_postponed_and_the_others_fire(
    clockwork: Clockwork, breaks: Callable[[Transaction], Awaitable[object]]
) -> None:
    for account in ("c-1", "c-2", "c-3"):
        await clockwork.set(account=account)
    clockwork.broken = {"c-2": breaks}
    await clockwork.move(2 * MINUTE)
    await fire_all(clockwork.processor)
    assert sorted(account for account, _ in clockwork.fired) == ["c-1", "c-3"]
    await fire_all(clockwork.processor)
    assert await clockwork.timers() == 1

    clockwork.broken = {}
    await clockwork.move(MINUTE)
    await fire_all(clockwork.processor)
    assert [account for account, _ in clockwork.fired][2:] == ["c-2"]


async def test_a_silence_timer_waits_until_every_partition_was_read_past_its_time(clockwork: Clockwork) -> None:
    await know_partitions(clockwork.pool, {"one": 2, "two": 1})
    clockwork.silence = True
    await clockwork.set()
    await clockwork.pool.execute(_READ, ["one", "two"])
    await clockwork.move(2 * MINUTE)
    await fire_all(clockwork.processor)
    assert clockwork.fired == [], "read up to an instant before its due time"
    await clockwork.pool.execute(_READ, ["one"])
    await fire_all(clockwork.processor)
    assert clockwork.fired == [], "one topic is not read yet"
    await clockwork.pool.execute(_READ, ["two"])
    await fire_all(clockwork.processor)
    assert clockwork.fired == [("c-17", "n")]


async def test_a_topic_no_longer_read_does_not_hold_back_silence_timers(clockwork: Clockwork) -> None:
    await know_partitions(clockwork.pool, {"former": 2, "one": 1})
    await know_partitions(clockwork.pool, {"one": 1})
    clockwork.silence = True
    await clockwork.set()
    await clockwork.move(2 * MINUTE)
    await fire_all(clockwork.processor)
    assert clockwork.fired == []
    await clockwork.pool.execute(_READ, ["one"])
    await fire_all(clockwork.processor)
    assert clockwork.fired == [("c-17", "n")]


@pytest.mark.parametrize("overdue", [False, True], ids=["before it is due", "while it waits for unread input"])
async def test_the_event_that_a_timer_awaits_makes_it_fire_at_once(clockwork: Clockwork, overdue: bool) -> None:
    clockwork.silence, clockwork.awaits = True, "salesperson:anna"
    await clockwork.set()
    if overdue:
        await clockwork.move(5 * MINUTE)
    await fire_all(clockwork.processor)
    assert clockwork.fired == []

    async def arrive(tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        tx.hurry_timers("salesperson:anna")

    arrival = InputProcessor(clockwork.pool, "clockwork", arrive)
    await arrival.apply(batch_of(input_of(order_confirmed(), subject="c-2")))
    await fire_all(clockwork.processor)
    assert clockwork.fired == [("c-17", "n")]


async def test_a_timer_set_again_is_one_timer_at_the_later_time(clockwork: Clockwork) -> None:
    await clockwork.set()
    await clockwork.move(MINUTE / 2)
    await clockwork.set()
    await clockwork.move(MINUTE / 2)
    await fire_all(clockwork.processor)
    assert clockwork.fired == []
    await clockwork.move(MINUTE / 2)
    await fire_all(clockwork.processor)
    assert clockwork.fired == [("c-17", "n")]


async def test_a_timer_cancelled_does_not_fire_whether_set_before_or_in_the_same_transaction(
    clockwork: Clockwork,
) -> None:
    await clockwork.set("before")

    async def cancel(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        tx.cancel_timer(Reminder(note="before"), "c-17")
        tx.set_timer(Reminder(note="now"), cause=events[0], due_at=AT)
        tx.cancel_timer(Reminder(note="now"), "c-17")
        tx.cancel_timer(Reminder(note="back"), "c-17")
        tx.set_timer(Reminder(note="back"), cause=events[0], due_at=AT)

    await InputProcessor(clockwork.pool, "clockwork", cancel).apply(batch_of(order_confirmed("x")))
    await clockwork.move(5 * MINUTE)
    await fire_all(clockwork.processor)
    assert clockwork.fired == [("c-17", "back")]


async def test_a_connection_lost_while_timers_fire_leaves_them_to_be_fired_once(clockwork: Clockwork) -> None:
    for number in range(20):
        await clockwork.set(account=f"c-{number}")
    await clockwork.move(2 * MINUTE)
    async with clockwork.pool.acquire() as observer:
        blocked = await observer.fetchval("select pg_backend_pid()")
        firing = asyncio.create_task(fire_all(clockwork.processor))
        await observer.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> $1",
            blocked,
        )
        await asyncio.gather(firing, return_exceptions=True)
    clockwork.fired.clear()
    left = await clockwork.timers()
    await fire_all(clockwork.processor)
    assert len(clockwork.fired) == left
    assert await clockwork.timers() == 0
    assert await clockwork.pool.fetchval("select count(*) from shared.journal where kind = 'timer'") == 20
