"""Promises, results, late deliveries and corrections of a sale in orders, on real Postgres."""

from typing import Any

import pytest

from shared.contracts.fact import Fact
from shared.inputs import Outcome
from tests.builders import (
    AT,
    OTHER_ACCOUNT,
    delivery_late,
    input_of,
    minutes,
    order_placed,
    outcome_reported,
    promise_kept,
    sale_corrected,
)
from tests.services import ServiceUnderTest, published_id

SAID: dict[str, tuple[Fact, dict[str, Any]]] = {
    "promise_kept": (
        promise_kept("training", proof="signed on site"),
        {"promise": "training", "proof": "signed on site"},
    ),
    "outcome_reported": (
        outcome_reported(reached=False, words="It is still cold."),
        {"reached": False, "words": "It is still cold."},
    ),
    "sale_corrected": (
        sale_corrected("ben", reason="Ben closed it.", by="mona"),
        {"sold_by": "ben", "reason": "Ben closed it.", "corrected_by": "mona"},
    ),
    "delivery_late": (
        delivery_late(due_at=AT, words="The lorry broke down."),
        {"due_at": AT, "words": "The lorry broke down."},
    ),
}
COLUMNS = ("due_at", "amount_minor", "currency", "reason", "promise", "proof", "reached", "words", "sold_by")
each = pytest.mark.parametrize("kind", SAID)


@each
async def test_a_fact_about_a_known_order_is_kept_with_its_content_and_published(
    orders: ServiceUnderTest, kind: str
) -> None:
    fact, said = SAID[kind]
    reported = input_of(fact, at=minutes(5))
    await orders.receive(order_placed(), reported)

    row = await orders.row("orders.order_facts")
    assert (row["kind"], row["order_id"], row["at"]) == (kind, "4711", minutes(5))
    assert {name: row[name] for name in (*COLUMNS, "corrected_by") if row[name] is not None} == said
    _, event = await orders.published()
    assert (event.id, event.type, event.time) == (published_id(reported), f"orders.{kind}", minutes(5))
    assert dict(event.data) == dict(fact)
    assert await orders.pool.fetchval("select count(*) from shared.outbox where topic = 'orders.sales.v1'") == 2


@each
async def test_a_fact_about_an_order_before_its_sale_waits_and_follows_it(orders: ServiceUnderTest, kind: str) -> None:
    fact, _ = SAID[kind]
    await orders.receive(fact)
    assert await orders.waiting() == [fact.type]
    assert await orders.published() == []

    await orders.receive(order_placed())
    assert await orders.published_types() == ["orders.order_placed", f"orders.{kind}"]
    assert (await orders.row("orders.order_facts"))["kind"] == kind


@each
async def test_a_fact_about_another_accounts_order_is_a_dead_letter(orders: ServiceUnderTest, kind: str) -> None:
    fact, _ = SAID[kind]
    await orders.receive(order_placed())
    report = await orders.receive(input_of(fact, subject=OTHER_ACCOUNT))
    assert report.outcomes == [Outcome.DEAD_LETTERED]
    assert await orders.rows("orders.order_facts") == []


async def test_a_corrected_sale_keeps_the_first_report_and_each_correction(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    before = await orders.row("orders.orders")
    await orders.receive(input_of(sale_corrected("ben", reason="Ben closed it.", by="mona"), at=minutes(1)))
    await orders.receive(input_of(sale_corrected(None, reason="Bought online.", by="max"), at=minutes(2)))

    assert await orders.row("orders.orders") == before
    corrections = [
        (row["at"], row["sold_by"], row["reason"], row["corrected_by"])
        for row in await orders.rows("orders.order_facts", "at")
    ]
    assert corrections == [
        (minutes(1), "ben", "Ben closed it.", "mona"),
        (minutes(2), None, "Bought online.", "max"),
    ]
    assert [event.data.sold_by for event in await orders.published()] == ["anna", "ben", None]


async def test_a_corrected_sale_reported_again_in_its_first_form_is_still_a_repeat(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed(), sale_corrected("ben"))
    report = await orders.receive(input_of(order_placed(), at=minutes(9)))
    assert report.outcomes == [Outcome.APPLIED]
    assert await orders.published_types() == ["orders.order_placed", "orders.sale_corrected"]
