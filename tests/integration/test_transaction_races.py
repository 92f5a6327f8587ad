"""Two streams that meet at one account: the result does not depend on which was first."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from services.escalation.handlers import handling
from shared.database import open_pool
from shared.inputs import Input, Outcome
from shared.transaction import InputProcessor
from tests.builders import batch_of, minutes, order_placed, refund_requested, salesperson_changed
from tests.escalation import NO_LIMIT, Escalation, dead_end, reported
from tests.servers import MakeDatabase

PAIRS = 3_000
_AT_ONCE = 6
_SIGNALS = "select count(*) from escalation.signals where episode_id is null"
# An account's first two transactions meet at the insert of its lock, later ones at the lock itself.
_HALF_OF_THEM_KNOWN = """
    insert into shared.locks (key) select 'account:c-' || number from generate_series(1, $1) as number
"""
_UNEVEN = """
    select account_id from (select unnest($1::text[]) as account_id) wanted
    left join (select account_id, count(*) as episodes from escalation.episodes group by 1) e using (account_id)
    left join (select account_id, count(*) as alerts from escalation.alerts group by 1) a using (account_id)
    where episodes is distinct from 1 or alerts is distinct from 1
"""


async def test_an_order_and_its_signal_at_the_same_moment_make_one_episode_and_one_alert_each_time(
    escalation: Escalation,
) -> None:
    await escalation.receive(salesperson_changed())
    await escalation.pool.execute(_HALF_OF_THEM_KNOWN, PAIRS // 2)
    other = InputProcessor(escalation.pool, "escalation", handling(NO_LIMIT))
    accounts = [f"c-{number}" for number in range(PAIRS)]
    chance = random.Random(4711)

    async def race(group: Sequence[str]) -> None:
        orders = [reported(order_placed(f"o-{account}"), subject=account) for account in group]
        signals = [reported(dead_end(), subject=account) for account in group]
        chance.shuffle(orders)
        chance.shuffle(signals)
        pair = [escalation.processor.apply(batch_of(*orders)), other.apply(batch_of(*signals))]
        chance.shuffle(pair)
        await asyncio.gather(*pair)

    await _in_parallel(race, [accounts[start : start + 6] for start in range(0, PAIRS, 6)])

    assert await escalation.pool.fetchval(_SIGNALS) == 0
    assert await escalation.pool.fetch(_UNEVEN, accounts) == []
    assert await escalation.pool.fetchval("select count(*) from shared.journal") == 2 * PAIRS + 1


async def test_the_same_batch_applied_by_two_at_once_counts_once(escalation: Escalation) -> None:
    facts = [reported(salesperson_changed())]
    for number in range(50):
        facts += [
            reported(order_placed(f"o-{number}"), subject=f"c-{number}"),
            reported(dead_end(), subject=f"c-{number}"),
        ]
    reports = await asyncio.gather(*(escalation.receive(*facts) for _ in range(4)))
    applied = [outcome for report in reports for outcome in report.outcomes].count(Outcome.APPLIED)
    assert applied == len(facts)
    assert len(await escalation.alerts()) == len(await escalation.episodes()) == 50


async def test_batches_that_share_accounts_in_opposite_orders_do_not_block_each_other(escalation: Escalation) -> None:
    async def receive(number: int) -> None:
        accounts = [f"c-{n}" for n in range(20)]
        ordered = accounts if number % 2 else accounts[::-1]
        await escalation.receive(*(reported(dead_end(), subject=account) for account in ordered))

    async with asyncio.timeout(30):
        await asyncio.gather(*(receive(number) for number in range(30)))
    kinds = Counter(row["kind"] for row in await escalation.signals())
    assert kinds == {"contact_dead_ended": 600, "contact_repeated": 20}


async def test_the_clock_never_runs_backwards_for_an_account(database: MakeDatabase) -> None:
    pool = await open_pool(await database("escalation"), name="clock")
    processor = InputProcessor(pool, "escalation", handling(NO_LIMIT))
    await asyncio.gather(*(processor.apply(batch_of(reported(dead_end()))) for _ in range(60)))
    decided = [row["decided_at"] for row in await pool.fetch("select decided_at from shared.journal order by position")]
    assert decided == sorted(decided)
    pool.terminate()


_FACTS: list[tuple[str, Callable[[], Input]]] = [
    ("seller", lambda: reported(salesperson_changed(), id="p-1")),
    ("order", lambda: reported(order_placed(), id="o-1")),
    ("dead end", lambda: reported(dead_end(order="4711"), id="s-1", at=minutes(1))),
    ("refund", lambda: reported(refund_requested(order="4711"), id="s-2", at=minutes(2))),
    ("other order", lambda: reported(order_placed("4712"), id="o-2")),
]


async def test_facts_in_any_order_end_in_the_same_episodes_signals_and_alerts(
    escalation: Escalation,
) -> None:
    """Signals keep their order, as in one topic; people and sales come from other topics, at any time. Two signals that
    wait for their seller get one alert."""
    orders = [order for order in itertools.permutations(_FACTS) if _in_time([name for name, _ in order])]
    assert len(orders) == 60
    expected = None
    for order in orders:
        await _start_over(escalation)
        for _, fact in order:
            await escalation.receive(fact())
            await escalation.fire()
        await escalation.wait(timedelta(minutes=2))
        names = [name for name, _ in order]
        ended = (await escalation.matches(), await escalation.waiting_signals())
        expected = expected or ended
        assert ended == expected, names
        both_waited = names.index("seller") > max(names.index("refund"), names.index("order"))
        assert await escalation.alerted() == [("anna", "seller")] * (1 if both_waited else 2), names
    assert expected == ([("4711", ["contact_dead_ended", "refund_requested", "gone_quiet"])], 0)


def _in_time(names: list[str]) -> bool:
    return names.index("dead end") < names.index("refund")


async def _start_over(escalation: Escalation) -> None:
    tables = await escalation.pool.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables "
        "where schemaname in ('shared', 'escalation') and tablename <> 'alembic_version'"
    )
    await escalation.pool.execute(f"truncate {', '.join(row['name'] for row in tables)} restart identity cascade")


async def _in_parallel(job: Callable[[Sequence[str]], Awaitable[None]], groups: list[list[str]]) -> None:
    waiting = iter(groups)

    async def work() -> None:
        for group in waiting:
            await job(group)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


@pytest.mark.parametrize("size", [1, 500])
async def test_a_batch_of_any_size_is_one_transaction(escalation: Escalation, size: int) -> None:
    await escalation.receive(
        salesperson_changed(), *(reported(order_placed(f"o-{n}"), subject=f"c-{n}") for n in range(size))
    )
    moments = await escalation.pool.fetch("select distinct decided_at from shared.journal")
    assert len(moments) == 1
