"""Very many facts wait for one opening: they are released in portions and in order, and later ones stay behind them.

No one else waits for that: a portion is a second of work, and the event loop gets its turns within.
"""

from collections.abc import AsyncIterator
from unittest.mock import patch

import pytest

import services.orders.handlers
import services.support.handlers
from services.orders.domain import OWN_FACTS
from shared.contracts.fact import Fact
from shared.inputs import Batch, Input, Outcome
from shared.rounds import fire_all
from shared.waiting import PORTION, MoreWaits
from tests.builders import (
    case_closed,
    case_opened,
    case_status_changed,
    input_of,
    minutes,
    order_changed,
    order_delivered,
    order_placed,
)
from tests.escalation import READ_THROUGH
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running

MANY = 20_000
_MORE: dict[str, type[Fact]] = {MoreWaits.type: MoreWaits}
_MANY_WAIT = """
    insert into shared.waiting_facts (source, event_id, awaits, type, subject, at, body, kept_at)
    select first.source, 'w-' || number, first.awaits, first.type, first.subject,
           first.at + number * interval '1 second', first.body, first.kept_at
    from shared.waiting_facts first, generate_series(1, $1 - 1) as number
"""


@pytest.fixture
async def support(database: MakeDatabase) -> AsyncIterator[ServiceUnderTest]:
    handle = services.support.handlers.handle
    async with running(await database("support"), "support", handle, _MORE) as made:
        yield made


@pytest.fixture
async def orders(database: MakeDatabase) -> AsyncIterator[ServiceUnderTest]:
    handle, own = services.orders.handlers.handle, {**OWN_FACTS, **_MORE}
    async with running(await database("orders"), "orders", handle, own) as made:
        yield made


def _at(minute: int, fact: Fact) -> Input:
    return input_of(fact, at=minutes(minute))


async def _statuses(support: ServiceUnderTest) -> list[str]:
    return [event.data.status for event in await support.published() if hasattr(event.data, "status")]


async def test_facts_waiting_for_a_case_are_released_in_portions_and_not_overtaken(
    support: ServiceUnderTest,
) -> None:
    with patch("shared.waiting.PORTION", 3):
        await support.receive(*(_at(number, case_status_changed(f"s{number}")) for number in (5, 2, 7, 1, 4, 3, 6)))
        later = [_at(8, case_status_changed("s8")), _at(9, case_status_changed("s9"))]
        report = await support.receive(_at(0, case_opened(status="neu")), later[0])
        assert list(report.outcomes) == [Outcome.APPLIED, Outcome.APPLIED]
        assert report.waiting == {later[0].identity}
        assert await _statuses(support) == ["neu", "s1", "s2", "s3"]
        assert (await support.receive(later[1])).waiting == {later[1].identity}
        await fire_all(support.processor)
    assert await _statuses(support) == ["neu", *(f"s{number}" for number in range(1, 10))]
    assert (await support.row("support.cases"))["status"] == "s9"
    assert await support.waiting() == []
    assert await support.rows("shared.timers") == []
    assert not (await support.receive(_at(10, case_closed()))).waiting


async def test_a_repeated_opening_lets_nothing_overtake(support: ServiceUnderTest) -> None:
    with patch("shared.waiting.PORTION", 2):
        await support.receive(*(_at(number, case_status_changed(f"s{number}")) for number in (1, 2, 3)))
        await support.receive(_at(0, case_opened(status="neu")))
        await support.receive(_at(0, case_opened(status="neu")), _at(4, case_status_changed("s4")))
        await fire_all(support.processor)
    assert await _statuses(support) == ["neu", "s1", "s2", "s3", "s4"]


@pytest.mark.parametrize("portion", [1, 2, 3, 1_000])
async def test_portions_of_any_size_release_facts_waiting_for_orders_alike(
    orders: ServiceUnderTest, portion: int
) -> None:
    """This includes renewals that wait for an order, and facts that wait for those."""
    with patch("shared.waiting.PORTION", portion):
        for minute, fact in enumerate(
            (
                order_changed(amount_minor=9_000),
                order_placed("4800", sold_by=None, renews="4711"),
                order_changed("4800", amount_minor=7_000),
                order_delivered(),
                order_changed(amount_minor=9_500),
                order_placed("4900", sold_by=None, renews="4800"),
                order_delivered("4900"),
            )
        ):
            await orders.receive(_at(minute + 1, fact))
        await orders.receive(_at(0, order_placed()))
        await orders.receive(_at(20, order_delivered()))
        await orders.pool.execute(READ_THROUGH)
        await fire_all(orders.processor)
    reported = [(event.type.rpartition(".")[2], event.data.order, event.time) for event in await orders.published()]
    for order, kinds in {
        "4711": ["order_placed", "order_changed", "order_delivered", "order_changed", "order_delivered"],
        "4800": ["order_placed", "order_changed"],
        "4900": ["order_placed", "order_delivered"],
    }.items():
        assert [kind for kind, about, _ in reported if about == order] == kinds
    assert [about for kind, about, _ in reported if kind == "order_placed"] == ["4711", "4800", "4900"]
    assert await orders.waiting() == []
    assert await orders.rows("shared.timers") == []
    assert await orders.dead_letter_codes() == []


async def test_a_case_with_very_many_waiting_facts_is_opened_at_once(
    support: ServiceUnderTest,
) -> None:
    await support.receive(case_status_changed("s"))
    await support.pool.execute(_MANY_WAIT, MANY)
    report = await support.processor.apply(Batch([input_of(case_opened())]), whole=True)
    assert list(report.outcomes) == [Outcome.APPLIED]
    assert len(await support.waiting()) == MANY - PORTION
    await fire_all(support.processor)
    assert await support.waiting() == []
    assert len(await support.published()) == MANY + 1
