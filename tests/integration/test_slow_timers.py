"""Accounts with slow timers block no others: each gets transactions of its own, and in the end is postponed."""

import time
from collections.abc import AsyncIterator

import asyncpg
import orjson
import pytest

from shared import sampling
from shared.database import SESSION_SETTINGS
from shared.logs import configure_logging
from shared.metrics import create_metrics, render
from shared.migrations import migrate
from shared.rounds import fire_all
from shared.transaction import InputProcessor, Transaction
from tests.integration.test_timers import MINUTE, Clockwork, Reminder
from tests.servers import MakeDatabase

TOO_LONG = 0.4


class ImpatientClockwork(Clockwork):
    """Its transactions may take less than half a second."""

    @property
    def processor(self) -> InputProcessor:
        return InputProcessor(self.pool, "clockwork", self._handle, {Reminder.type: Reminder}, seconds_allowed=TOO_LONG)


@pytest.fixture
async def clockwork(database: MakeDatabase) -> AsyncIterator[Clockwork]:
    configure_logging("clockwork")  # as a process does; the default prints every variable of an exception
    url = await database("clockwork")
    await migrate(url)
    settings = SESSION_SETTINGS | {"idle_in_transaction_session_timeout": f"{int(TOO_LONG * 1000)}ms"}
    pool = await asyncpg.create_pool(url, min_size=0, max_size=4, server_settings=settings)
    yield ImpatientClockwork(pool)
    pool.terminate()


async def _fired(clockwork: Clockwork) -> list[tuple[str, str]]:
    """The fired timers' accounts and notes, in the order of application."""
    rows = await clockwork.pool.fetch("select subject, body from shared.journal where kind = 'timer' order by position")
    return [(row["subject"], orjson.loads(row["body"])["note"]) for row in rows]


async def _takes_long(_tx: Transaction) -> None:
    time.sleep(0.02)  # noqa: ASYNC251 - as a computation does


async def _takes_too_long(_tx: Transaction) -> None:
    time.sleep(2 * TOO_LONG)  # noqa: ASYNC251 - as a computation does


async def test_a_round_takes_no_more_timers_than_its_limit_even_of_few_accounts(
    clockwork: Clockwork,
) -> None:
    for number in range(30):
        await clockwork.set(f"n-{number:02}", account="c-hot")
    await clockwork.move(2 * MINUTE)
    assert [await clockwork.processor.fire_timers(20) for _ in range(3)] == [20, 10, 0]
    assert [note for _, note in await _fired(clockwork)] == [f"n-{number:02}" for number in range(30)]


async def test_an_account_with_slow_timers_gets_turns_between_the_others(clockwork: Clockwork) -> None:
    for number in range(60):
        await clockwork.set(f"n-{number:02}", account="c-hot")
    for number in range(5):
        await clockwork.set(account=f"c-{number}")
    clockwork.broken = {"c-hot": _takes_long}
    await clockwork.move(2 * MINUTE)
    await fire_all(clockwork.processor)
    fired = await _fired(clockwork)
    assert [note for account, note in fired if account == "c-hot"] == [f"n-{number:02}" for number in range(60)]
    assert len(fired) == 65, "once each"
    last_of_others = max(place for place, (account, _) in enumerate(fired) if account != "c-hot")
    assert last_of_others < 60, "no one waits for the slow account"
    assert await clockwork.timers() == 0


async def test_an_account_with_timers_that_take_too_long_is_postponed_at_growing_intervals_and_named(
    clockwork: Clockwork,
) -> None:
    for account in ("c-1", "c-hot", "c-3"):
        await clockwork.set(account=account)
    clockwork.broken = {"c-hot": _takes_too_long}
    await clockwork.move(2 * MINUTE)
    pauses = []
    for _ in range(3):
        await fire_all(clockwork.processor)
        pause = "select extract(epoch from due_at - shared.app_now())::int from shared.timers"
        pauses.append(round(await clockwork.pool.fetchval(pause) / 60))
        await clockwork.pool.execute("update shared.timers set due_at = shared.app_now()")
    assert pauses == [1, 2, 4]
    assert sorted(account for account, _ in await _fired(clockwork)) == ["c-1", "c-3"]

    metrics = create_metrics("clockwork")
    await sampling.sample_queues(clockwork.pool, metrics, None)
    assert 'handoff_timers_put_off{account="account:c-hot"} 1.0' in render(metrics.registry).decode()
    clockwork.broken = {}
    await fire_all(clockwork.processor)
    assert [account for account, _ in await _fired(clockwork)][2:] == ["c-hot"]
    await sampling.sample_queues(clockwork.pool, metrics, None)
    assert "c-hot" not in render(metrics.registry).decode()


async def test_a_failing_timer_is_postponed_alone_and_its_accounts_others_fire(clockwork: Clockwork) -> None:
    async def fails_on_one(tx: Transaction) -> None:
        await tx.connection.execute(
            "select 1 / (case when exists(select from shared.timers where attempts > 0) then 1 else 0 end)"
        )

    for number in range(4):
        await clockwork.set(f"n-{number}", account="c-hot")
    clockwork.broken = {"c-hot": fails_on_one}
    await clockwork.move(2 * MINUTE)
    await fire_all(clockwork.processor)
    assert await _fired(clockwork) == [("c-hot", f"n-{number}") for number in (1, 2, 3)]
    assert await clockwork.timers() == 1


async def test_a_timer_made_of_silence_waits_while_records_of_its_account_are_set_aside(clockwork: Clockwork) -> None:
    clockwork.silence = True
    await clockwork.pool.execute("insert into shared.offsets values ('one', 0, 0, 'infinity')")
    for account in ("c-1", "c-hot"):
        await clockwork.set(account=account)
    row = "insert into shared.set_aside (lock_key, topic, partition, record_offset, kept_at, try_at)"
    await clockwork.pool.execute(f"{row} values ('account:c-hot', 'one', 0, 7, now(), now())")
    await clockwork.move(2 * MINUTE)
    await fire_all(clockwork.processor)
    assert await _fired(clockwork) == [("c-1", "n")], "a record set aside may end the silence"
    await clockwork.pool.execute("delete from shared.set_aside")
    await fire_all(clockwork.processor)
    assert await _fired(clockwork) == [("c-1", "n"), ("c-hot", "n")]
