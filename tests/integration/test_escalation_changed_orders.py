"""Orders that arrive in parts, change, or renew another: the signals that stand, the recipients, and the severity."""

from datetime import timedelta
from typing import Any

from shared.contracts.order_parts import Line
from tests.builders import (
    AT,
    minutes,
    order_changed,
    order_delivered,
    order_placed,
    sale_corrected,
)
from tests.escalation import DESK, Escalation, dead_end, reported
from tests.team import person

DAY = timedelta(days=1)
MACHINE, GRINDER = Line(product="Machine"), Line(product="Grinder, on back order", quantity=2)


async def sold(escalation: Escalation, **changes: Any) -> None:
    """Anna sold a machine and a grinder, which were due an hour ago."""
    now = await escalation.now()
    due: dict[str, Any] = {
        "delivery_due_at": now - timedelta(hours=1),
        "lines": (MACHINE, GRINDER),
        "amount_minor": 120_000,
    }
    sale = order_placed(sold_at=now - 3 * DAY, **(due | changes))
    await escalation.receive(person("anna"), person("ben"), person(DESK), reported(sale, at=now - 3 * DAY))
    await escalation.wait(timedelta(minutes=2))


async def test_a_late_delivery_stands_until_the_last_line_has_arrived_and_a_new_line_is_late_again(
    escalation: Escalation,
) -> None:
    await sold(escalation)
    assert await escalation.matches() == [("4711", ["delivery_late"])]
    await escalation.receive(reported(order_delivered(lines=(1,)), at=await escalation.now()))
    (signal,) = await escalation.signals()
    assert (signal["ended"], (await escalation.episodes())[0]["closed_at"]) == (None, None)
    await escalation.receive(reported(order_delivered(lines=(2,)), at=await escalation.now()))
    (signal,) = await escalation.signals()
    assert (signal["ended"], signal["ended_because"]) == ("cleared", "order_delivered")
    (episode,) = await escalation.episodes()
    assert (episode["result"], episode["reason"]) == ("cause_gone", "signals_cleared")
    added = order_changed(lines=(MACHINE, GRINDER, Line(product="Beans")))
    await escalation.receive(reported(added, at=await escalation.now()))
    await escalation.wait(timedelta(minutes=2))
    assert [row["ended"] for row in await escalation.signals()] == ["cleared", None], "late again"


async def test_a_changed_amount_can_raise_the_severity_and_never_lowers_it(escalation: Escalation) -> None:
    await escalation.receive(person("anna"), order_placed(amount_minor=50_000), dead_end())
    assert [row["severity"] for row in await escalation.episodes()] == ["high"]
    await escalation.receive(reported(order_changed(amount_minor=2_000_000), at=minutes(2)))
    assert [row["severity"] for row in await escalation.episodes()] == ["critical"]
    assert [row["cause"] for row in await escalation.alerts()] == ["signal", "severity"]
    await escalation.receive(reported(order_changed(amount_minor=100), at=minutes(3)))
    assert [row["severity"] for row in await escalation.episodes()] == ["critical"]
    assert (await escalation.row("escalation.orders"))["amount_minor"] == 100


async def test_the_latest_change_of_each_member_counts_and_absent_members_stay(escalation: Escalation) -> None:
    await escalation.receive(person("anna"), order_placed(lines=(MACHINE,), amount_minor=50_000))
    await escalation.receive(reported(order_changed(lines=(GRINDER,)), at=minutes(5)))
    await escalation.receive(reported(order_changed(lines=(MACHINE, GRINDER), amount_minor=7), at=minutes(4)))
    order = await escalation.row("escalation.orders")
    assert (order["bought"], order["amount_minor"]) == ("2 × Grinder, on back order", 7)
    assert (order["sold_by"], order["currency"], order["sold_at"]) == ("anna", "EUR", AT)


async def test_a_renewal_is_the_earlier_sellers_with_later_corrections(escalation: Escalation) -> None:
    renewal = order_placed("4800", sold_by=None, renews="4711", sold_at=minutes(1))
    second = order_placed("4900", sold_by=None, renews="4800", sold_at=minutes(2))
    await escalation.receive(person("anna"), person("ben"), person(DESK), order_placed(), renewal, second)
    await escalation.receive(reported(dead_end(order="4900"), at=minutes(5)))
    assert [row["recipient"] for row in await escalation.alerts()] == ["anna"]
    await escalation.receive(sale_corrected("ben"))
    assert [row["sold_by"] for row in await escalation.rows("escalation.orders", "order_id")] == ["ben"] * 3
    await escalation.receive(reported(sale_corrected("anna", order="4800"), at=minutes(6)))
    await escalation.receive(reported(sale_corrected(None), at=minutes(7)))
    assert [row["sold_by"] for row in await escalation.rows("escalation.orders", "order_id")] == [None, "anna", "anna"]


async def test_a_renewals_own_seller_counts(escalation: Escalation) -> None:
    own = order_placed("4800", sold_by="ben", renews="4711")
    await escalation.receive(person("anna"), person("ben"), order_placed(), own, sale_corrected(None))
    assert [row["sold_by"] for row in await escalation.rows("escalation.orders", "order_id")] == [None, "ben"]


async def test_a_renewal_without_its_order_gets_the_seller_when_the_order_arrives(escalation: Escalation) -> None:
    renewal = order_placed("4800", sold_by=None, renews="4711", sold_at=minutes(1))
    await escalation.receive(person("anna"), person(DESK), renewal, order_placed())
    assert [row["sold_by"] for row in await escalation.rows("escalation.orders", "order_id")] == ["anna", "anna"]


async def test_a_signal_without_an_order_goes_to_an_earlier_seller_before_a_later_order_without_one(
    escalation: Escalation,
) -> None:
    now = await escalation.now()
    machine = order_placed("machine", sold_at=now - 90 * DAY)
    plan = order_placed("plan", sold_by=None, sold_at=now - 5 * DAY)
    await escalation.receive(person("anna"), person(DESK), machine, plan)
    await escalation.receive(reported(dead_end(case=None), at=now))
    assert [row["recipient"] for row in await escalation.alerts()] == ["anna"]
    words = [row["words"] for row in await escalation.rows("escalation.decisions") if row["rule"] == "matched"]
    assert words == ["Matched to order machine: the latest order, plan, has no seller."]
