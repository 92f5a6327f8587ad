"""An account with a record that takes too long, even alone, blocks no other: it is set aside, and applied in order
and once when it can be.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import asyncpg
import pytest

from shared import sampling
from shared.contracts.envelope import Envelope, Fact
from shared.database import DATABASE_ERRORS, SESSION_SETTINGS
from shared.inputs import Batch
from shared.logs import configure_logging
from shared.messaging.applying import Endings
from shared.messaging.consumer import Consumer
from shared.messaging.kept_letters import decode_headers
from shared.messaging.records import Records
from shared.metrics import render
from shared.rounds import SetAsideRounds
from shared.transaction import Transaction
from tests.builders import input_of, order_confirmed
from tests.log_streams import LogStream, logging_restored
from tests.raw_records import confirmed
from tests.streams import Plumbing
from tests.waiting import eventually, until

HOT = "c-hot"
TOO_LONG = 0.5
COUNT = 40
MIXED = [confirmed(number, account=HOT if number % 5 == 2 else f"c-{number % 5}") for number in range(COUNT)]
OF_HOT = [f"e-{number}" for number in range(COUNT) if number % 5 == 2]
OF_OTHERS = [f"e-{number}" for number in range(COUNT) if number % 5 != 2]


class Hopeless:
    """The handler of a service that takes too long for one account without returning to the event loop."""

    def __init__(self, cured: bool = False) -> None:
        self.cured = cured

    async def __call__(self, _tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        if not self.cured and any(event.subject == HOT for event in events):
            time.sleep(2 * TOO_LONG)  # noqa: ASYNC251 - as a computation does


class Forgetful(Consumer):
    """As if the process ended between the database's commit and Kafka's, every time."""

    async def commit(self, records: Records) -> None:
        return


@pytest.fixture
def logged() -> Iterator[LogStream]:
    with logging_restored():
        yield LogStream()


@pytest.fixture
async def impatient(plumbing: Plumbing) -> AsyncIterator[Plumbing]:
    """A transaction may take half a second, and Postgres ends a session that is idle in a transaction for as long."""
    settings = SESSION_SETTINGS | {"idle_in_transaction_session_timeout": f"{int(TOO_LONG * 1000)}ms"}
    pool = await asyncpg.create_pool(plumbing.url, min_size=0, max_size=8, server_settings=settings)
    yield replace(plumbing, pool=pool, seconds_allowed=TOO_LONG)
    pool.terminate()


@pytest.fixture
def hopeless(impatient: Plumbing) -> Hopeless:
    impatient.hook = handler = Hopeless()
    return handler


async def retry(impatient: Plumbing) -> None:
    """One round of the loop that retries accounts set aside."""
    endings = Endings("plumbing", impatient.cluster.logical, impatient.metrics)
    await SetAsideRounds(impatient.processor(), endings).run()


async def test_a_batch_whose_computing_outlasts_the_session_is_halved_until_it_passes(impatient: Plumbing) -> None:
    batches: list[int] = []

    async def slow(_tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        batches.append(len(events))
        time.sleep(0.04 * len(events))  # noqa: ASYNC251 - as a computation does

    impatient.hook = slow
    await impatient.publish(*(confirmed(number, account=HOT) for number in range(COUNT)))
    async with impatient.consuming():
        await eventually(impatient.ledger, {"applied": COUNT})
    assert await impatient.effects() == [f"e-{number}" for number in range(COUNT)]
    assert max(batches) > 12 > min(batches), "a larger batch was tried first, then smaller ones"
    assert await set_aside(impatient) == []


async def test_an_account_that_takes_too_long_is_set_aside_and_the_others_go_on(
    impatient: Plumbing, hopeless: Hopeless, logged: LogStream
) -> None:
    configure_logging("plumbing", stream=logged)
    await impatient.publish(*MIXED)
    async with impatient.consuming():
        await eventually(impatient.effects, OF_OTHERS)
        await eventually(lambda: set_aside(impatient), OF_HOT)
        await eventually(lambda: impatient.committed(0), COUNT)
    assert await impatient.ledger() == {"applied": len(OF_OTHERS)}
    assert not await impatient.dead_letters()
    named = [line for line in logged.lines() if "set aside" in line["event"]]
    assert [line["account"] for line in named] == [f"account:{HOT}"], "named once, however many records follow it"
    await sampling.sample_queues(impatient.pool, impatient.metrics, None)
    measured = render(impatient.metrics.registry).decode()
    assert f'handoff_set_aside_records{{account="account:{HOT}"}} {len(OF_HOT)}.0' in measured
    assert "handoff_set_aside_accounts 1.0" in measured


async def test_records_set_aside_are_applied_once_and_in_order_when_possible(
    impatient: Plumbing, hopeless: Hopeless
) -> None:
    await impatient.publish(*MIXED[: COUNT // 2])
    async with impatient.consuming():
        await until(lambda: set_aside(impatient), lambda ids: len(ids) == COUNT // 10)
        hopeless.cured = True
        await impatient.publish(*MIXED[COUNT // 2 :])
        await eventually(lambda: set_aside(impatient), OF_HOT)
    assert await impatient.effects() == OF_OTHERS, "later records of the account wait behind its first"
    await retry(impatient)
    assert await impatient.effects() == OF_OTHERS + OF_HOT
    assert await impatient.ledger() == {"applied": COUNT}
    assert await set_aside(impatient) == []
    measured = render(impatient.metrics.registry).decode()
    assert f'outcome="applied",service="plumbing",topic="orders.inbound.v1"}} {COUNT}.0' in measured


async def test_an_account_that_still_takes_too_long_is_retried_at_growing_intervals(
    impatient: Plumbing, hopeless: Hopeless
) -> None:
    pauses = "select attempts, extract(epoch from try_at - shared.app_now())::int from shared.set_aside order by id"
    await impatient.publish(*(confirmed(number, account=HOT) for number in range(3)))
    async with impatient.consuming():
        await until(lambda: set_aside(impatient), lambda ids: len(ids) == 3)
    seen = []
    for _ in range(3):
        await retry(impatient)
        seen.append(tuple((await impatient.pool.fetch(pauses))[0]))
        await impatient.pool.execute("update shared.set_aside set try_at = shared.app_now()")
    assert [attempts for attempts, _ in seen] == [1, 2, 3]
    assert [round(pause / 15) for _, pause in seen] == [1, 2, 4]
    assert await set_aside(impatient) == ["e-0", "e-1", "e-2"]


async def test_repeated_records_of_an_account_set_aside_are_kept_once(impatient: Plumbing, hopeless: Hopeless) -> None:
    await impatient.publish(*MIXED)
    async with impatient.consuming(Forgetful):
        await eventually(lambda: set_aside(impatient), OF_HOT)
    async with impatient.consuming(Forgetful):  # reads from the beginning, because Kafka has no committed offset
        await impatient.publish(confirmed(COUNT, account="c-0"))
        await until(impatient.effects, lambda ids: f"e-{COUNT}" in ids)
    assert await set_aside(impatient) == OF_HOT
    hopeless.cured = True
    await retry(impatient)
    async with impatient.consuming(Forgetful):
        await impatient.publish(confirmed(COUNT + 1, account="c-0"))
        await until(impatient.effects, lambda ids: f"e-{COUNT + 1}" in ids)
    effects = await impatient.effects()
    assert [id for id in effects if id in OF_HOT] == OF_HOT
    assert len(effects) == len(set(effects)) == COUNT + 2
    assert await impatient.ledger() == {"applied": COUNT + 2}
    assert await set_aside(impatient) == []


async def test_no_one_waits_for_an_account_set_aside(impatient: Plumbing, hopeless: Hopeless) -> None:
    """During a retry the account's lock is held for long."""
    await impatient.publish(*(confirmed(number, account=HOT) for number in range(2)))
    async with impatient.consuming():
        await until(lambda: set_aside(impatient), lambda ids: len(ids) == 2)
        async with impatient.pool.acquire() as connection, connection.transaction():
            await connection.execute("select from shared.locks where key = $1 for update", f"account:{HOT}")
            await impatient.publish(confirmed(2, account=HOT), confirmed(3, account="c-1"))
            await eventually(impatient.effects, ["e-3"], within_seconds=4)
            await retry(impatient)  # and a round skips it
    assert await set_aside(impatient) == ["e-0", "e-1", "e-2"]


async def test_several_processes_that_retry_at_once_apply_everything_once(
    impatient: Plumbing, hopeless: Hopeless
) -> None:
    await impatient.publish(*MIXED)
    async with impatient.consuming():
        await eventually(lambda: set_aside(impatient), OF_HOT)
    hopeless.cured = True
    await asyncio.gather(*(retry(impatient) for _ in range(4)))
    await retry(impatient)
    assert await impatient.effects() == OF_OTHERS + OF_HOT
    assert await impatient.ledger() == {"applied": COUNT}


async def test_a_record_set_aside_with_bad_data_becomes_a_dead_letter_and_the_rest_is_applied(
    impatient: Plumbing, hopeless: Hopeless
) -> None:
    async def fails(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        if any(event.id == OF_HOT[2] for event in events):
            await tx.connection.execute("select 1 / 0")

    await impatient.publish(*MIXED)
    async with impatient.consuming():
        await eventually(lambda: set_aside(impatient), OF_HOT)
    impatient.hook = fails
    await retry(impatient)
    assert await impatient.effects() == OF_OTHERS + [id for id in OF_HOT if id != OF_HOT[2]]
    assert [letter["code"] for letter in await impatient.dead_letters()] == ["not_applicable"]
    assert await impatient.ledger() == {"applied": COUNT - 1, "dead_lettered": 1}
    assert await set_aside(impatient) == []


async def test_a_connection_lost_during_a_retry_loses_and_doubles_nothing(
    impatient: Plumbing, hopeless: Hopeless
) -> None:
    async def killed(tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        pid = await tx.connection.fetchval("select pg_backend_pid()")
        await impatient.pool.execute("select pg_terminate_backend($1)", pid)

    await impatient.publish(*MIXED)
    async with impatient.consuming():
        await eventually(lambda: set_aside(impatient), OF_HOT)
    impatient.hook = killed
    with suppress(*DATABASE_ERRORS):
        await retry(impatient)
    assert await set_aside(impatient) == OF_HOT
    impatient.hook = None
    await retry(impatient)
    assert await impatient.effects() == OF_OTHERS + OF_HOT


async def test_an_event_by_http_is_tried_at_once_and_counts_once(impatient: Plumbing, hopeless: Hopeless) -> None:
    """HTTP calls and records have no order among each other; the sender gets an answer."""
    await impatient.publish(*MIXED)
    async with impatient.consuming():
        await eventually(lambda: set_aside(impatient), OF_HOT)
    hopeless.cured = True
    reported = input_of(order_confirmed("o-http"), id="e-http", subject=HOT)
    await impatient.processor().apply(Batch([reported]), whole=True)
    await retry(impatient)
    assert await impatient.effects() == [*OF_OTHERS, "e-http", *OF_HOT]


async def test_a_database_that_dies_slowly_sets_no_account_aside(impatient: Plumbing) -> None:
    """A connection lost after as long as a transaction may take can mean either: then fewer records
    are tried, never more."""
    cuts = 4

    async def dies_late(tx: Transaction, _events: Sequence[Envelope[Fact]]) -> None:
        nonlocal cuts
        if cuts:
            cuts -= 1
            pid = await tx.connection.fetchval("select pg_backend_pid()")
            await tx.connection.execute("select pg_sleep($1)", TOO_LONG)
            await impatient.pool.execute("select pg_terminate_backend($1)", pid)

    impatient.hook = dies_late
    await impatient.publish(*MIXED)
    async with impatient.consuming():
        await eventually(impatient.ledger, {"applied": COUNT})
    assert cuts == 0
    assert await set_aside(impatient) == []
    assert not await impatient.dead_letters()


async def set_aside(impatient: Plumbing) -> list[str]:
    """The ids of the waiting events, in order."""
    rows = await impatient.pool.fetch("select headers from shared.set_aside order by id")
    ids = [dict(decode_headers(row["headers"]))["ce_id"] for row in rows]
    return [id.decode() for id in ids if id is not None]
