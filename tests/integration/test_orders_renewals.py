"""Sales that renew an earlier order: their seller, their wait for that order, and refusals."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.orders.domain import OWN_FACTS
from services.orders.handlers import handle
from shared.inputs import Outcome
from tests.builders import AT, OTHER_ACCOUNT, input_of, order_changed, order_delivered, order_placed
from tests.escalation import READ_THROUGH
from tests.servers import MakeDatabase
from tests.services import ServiceUnderTest, running

APPLIED, DEAD = Outcome.APPLIED, Outcome.DEAD_LETTERED
WAIT = timedelta(minutes=15)
RENEWAL = order_placed("4800", sold_by=None, renews="4711")


@pytest.fixture
async def orders(database: MakeDatabase) -> AsyncIterator[ServiceUnderTest]:
    async with running(await database("orders"), "orders", handle, OWN_FACTS) as made:
        yield made


async def wait(orders: ServiceUnderTest, ahead: timedelta) -> int:
    """The clock moves on, and everything published by then is read. Returns how many timers fire."""
    await orders.move_clock(ahead)
    await orders.pool.execute(READ_THROUGH)
    return await orders.processor.fire_timers()


async def placed(orders: ServiceUnderTest) -> list[str]:
    return [event.data.order for event in await orders.published() if event.type == "orders.order_placed"]


async def test_a_renewal_of_a_known_order_is_published_with_what_it_renews(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    assert not (await orders.receive(RENEWAL)).waiting
    *_, renewal = await orders.published()
    assert (renewal.data.order, renewal.data.renews, renewal.data.sold_by) == ("4800", "4711", None)
    assert (await orders.rows("orders.orders"))[1]["renews"] == "4711"


async def test_a_renewal_reported_first_waits_for_its_order_and_so_do_facts_about_it(
    orders: ServiceUnderTest,
) -> None:
    reported = input_of(RENEWAL)
    report = await orders.receive(reported, order_delivered("4800"))
    assert reported.identity in report.waiting
    assert len(report.waiting) == 2
    assert await placed(orders) == []
    await orders.receive(order_placed())
    assert await orders.published_types() == [
        "orders.order_placed",
        "orders.order_placed",
        "orders.order_delivered",
    ]
    assert await wait(orders, WAIT) == 0


async def test_a_renewal_waits_fifteen_minutes_and_is_then_a_sale_without_a_seller(orders: ServiceUnderTest) -> None:
    await orders.receive(RENEWAL, order_delivered("4800"))
    assert await wait(orders, WAIT - timedelta(seconds=30)) == 0
    assert await wait(orders, timedelta(minutes=1)) == 1
    assert await placed(orders) == ["4800"]
    assert await orders.waiting() == []
    await orders.receive(order_placed())
    assert await placed(orders) == ["4800", "4711"]


async def test_a_renewal_with_a_seller_of_its_own_does_not_wait(orders: ServiceUnderTest) -> None:
    report = await orders.receive(order_placed("4800", sold_by="ben", renews="4711"))
    assert (list(report.outcomes), report.waiting) == ([APPLIED], frozenset())
    assert await placed(orders) == ["4800"]


async def test_a_renewal_of_another_accounts_order_is_refused(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    report = await orders.receive(input_of(RENEWAL, subject=OTHER_ACCOUNT))
    assert list(report.outcomes) == [DEAD]
    assert [one.code for one in report.rejected] == ["order_of_another_account"]
    assert "named in renews" in report.rejected[0].reason


async def test_a_renewal_that_waited_for_another_accounts_order_ends_as_a_dead_letter(orders: ServiceUnderTest) -> None:
    await orders.receive(input_of(RENEWAL, subject=OTHER_ACCOUNT))
    await orders.receive(order_placed())
    assert await orders.dead_letter_codes() == ["order_of_another_account"]
    assert await placed(orders) == ["4711"]


async def test_a_long_chain_of_renewals_reported_backwards_is_placed_from_its_first_order(
    orders: ServiceUnderTest,
) -> None:
    chain = [order_placed(f"r-{number}", sold_by=None, renews=f"r-{number - 1}") for number in range(300, 0, -1)]
    for start in range(0, 300, 100):
        await orders.receive(*chain[start : start + 100])
    assert await placed(orders) == []
    await orders.receive(order_placed("r-0"))
    assert await placed(orders) == [f"r-{number}" for number in range(301)]


async def test_delivered_parts_and_changes_are_kept_and_published(orders: ServiceUnderTest) -> None:
    change = order_changed(amount_minor=5, lines=order_placed().lines[:1])
    await orders.receive(order_placed(), order_delivered(lines=(2,)), change)
    by_kind = {row["kind"]: row for row in await orders.rows("orders.order_facts")}
    assert by_kind["order_delivered"]["lines"] == "[2]"
    assert by_kind["order_changed"]["amount_minor"] == 5
    _, delivered, changed = await orders.published()
    assert (delivered.data.lines, delivered.data.complete) == ((2,), None)
    assert [line.product for line in changed.data.lines] == ["Heat pump"]


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
async def test_among_simultaneous_changes_the_higher_id_counts(orders: ServiceUnderTest, ids: tuple[str, str]) -> None:
    changes: dict[str, dict[str, Any]] = {"a": {"amount_minor": 1, "delivery_due_at": AT}, "b": {"amount_minor": 2}}
    await orders.receive(order_placed())
    for id in ids:
        await orders.receive(input_of(order_changed(**changes[id]), id=id))
    reported = [event.data.amount_minor for event in await orders.published() if event.type == "orders.order_changed"]
    assert [amount for amount in reported if amount is not None][-1] == 2, "readers use the later one"
    assert AT in [getattr(event.data, "delivery_due_at", None) for event in await orders.published()]


async def test_a_change_waits_for_its_order(orders: ServiceUnderTest) -> None:
    reported = input_of(order_changed(amount_minor=5))
    assert (await orders.receive(reported)).waiting == {reported.identity}
    await orders.receive(order_placed())
    assert await orders.published_types() == ["orders.order_placed", "orders.order_changed"]
