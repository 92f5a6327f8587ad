"""Sales and their later facts in orders, kept and published, on real Postgres."""

import asyncio
from datetime import timedelta
from itertools import islice, permutations
from typing import Any

import orjson
import pytest

from shared.contracts import orders as published
from shared.contracts.order_parts import Promise
from shared.inputs import Input, Outcome
from tests.builders import (
    ACCOUNT,
    AT,
    OTHER_ACCOUNT,
    confirmation_required,
    input_of,
    minutes,
    order_cancelled,
    order_confirmed,
    order_delivered,
    order_placed,
    refund_paid,
)
from tests.services import ServiceUnderTest, published_id

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_sale_is_kept_with_separate_personal_fields_and_published(orders: ServiceUnderTest) -> None:
    sale = order_placed(
        segment="key accounts",
        delivery_due_at=AT + timedelta(days=3),
        expected_outcome="A warm house",
        outcome_expected_by=AT + timedelta(days=90),
        promises=(Promise(id="training", what="Training", due_at=AT + timedelta(days=7)),),
    )
    await orders.receive(sale)

    row = await orders.row("orders.orders")
    assert (row["account_id"], row["order_id"], row["sold_by"]) == (ACCOUNT, "4711", "anna")
    assert (row["customer_name"], row["customer_zone"]) == ("Petra Weiss", "Europe/Berlin")
    assert "Petra" not in row["lines"] + row["promises"]
    assert orjson.loads(row["promises"])[0]["id"] == "training"
    assert (row["segment"], row["delivery_due_at"]) == ("key accounts", AT + timedelta(days=3))
    assert row["outcome_expected_by"] == AT + timedelta(days=90)
    (event,) = await orders.published()
    assert (event.subject, event.time, event.source) == (ACCOUNT, AT, "handoff/orders")
    assert event.data == published.OrderPlaced.model_validate(dict(sale))


async def test_a_sale_without_seller_or_customer_is_kept(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed(sold_by=None, customer=None))
    row = await orders.row("orders.orders")
    assert row["sold_by"] is None
    assert row["customer_name"] is None


async def test_every_fact_of_a_known_order_is_kept_and_published_once(orders: ServiceUnderTest) -> None:
    first, second = refund_paid(amount_minor=100), refund_paid(amount_minor=200)
    facts = (confirmation_required(due_at=minutes(60)), order_confirmed(), order_delivered(), first, second)
    await orders.receive(order_placed(), *facts, order_cancelled(reason="changed my mind"))

    kinds = [row["kind"] for row in await orders.rows("orders.order_facts", "kind")]
    assert kinds == [
        "confirmation_required",
        "order_cancelled",
        "order_confirmed",
        "order_delivered",
        "refund_paid",
        "refund_paid",
    ]
    assert await orders.published_types() == [
        "orders.order_placed",
        "orders.confirmation_required",
        "orders.order_confirmed",
        "orders.order_delivered",
        "orders.refund_paid",
        "orders.refund_paid",
        "orders.order_cancelled",
    ]


async def test_the_same_event_again_is_a_duplicate_and_publishes_nothing(orders: ServiceUnderTest) -> None:
    sale, delivery = input_of(order_placed()), input_of(order_delivered())
    await orders.receive(sale, delivery)
    report = await orders.receive(delivery, sale)
    assert report.outcomes == [Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert len(await orders.published()) == 2


async def test_an_identical_sale_under_another_id_has_no_effect(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    report = await orders.receive(input_of(order_placed(), at=minutes(5)))
    assert report.outcomes == [Outcome.APPLIED]
    assert await orders.published_types() == ["orders.order_placed"]
    assert (await orders.row("orders.orders"))["placed_at"] == AT


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two"])
async def test_a_contradicting_sale_is_a_dead_letter_and_the_first_stands(
    orders: ServiceUnderTest, together: bool
) -> None:
    contradictions = {
        "another amount": input_of(order_placed("another amount", amount_minor=1)),
        "another seller": input_of(order_placed("another seller", sold_by="ben")),
        "another account": input_of(order_placed("another account"), subject=OTHER_ACCOUNT),
    }
    for order, contradiction in contradictions.items():
        first = input_of(order_placed(order))
        if together:
            report = await orders.receive(first, contradiction)
        else:
            _, report = await orders.receive_one_by_one(first, contradiction)
        assert report.outcomes[-1] is Outcome.DEAD_LETTERED
        assert [rejection.code for rejection in report.rejected] == ["order_contradicted"]

    for row in await orders.rows("orders.orders"):
        assert (row["account_id"], row["amount_minor"], row["sold_by"]) == (ACCOUNT, 1_490_000, "anna")
    assert await orders.published_types() == ["orders.order_placed"] * 3


async def test_a_contradicting_sale_does_not_fail_its_neighbours(orders: ServiceUnderTest) -> None:
    report = await orders.receive(order_placed("1"), order_placed("1", amount_minor=1), order_placed("2"))
    assert report.outcomes == [Outcome.APPLIED, Outcome.DEAD_LETTERED, Outcome.APPLIED]
    assert len(await orders.rows("orders.orders")) == 2


async def test_one_of_two_accounts_that_claim_an_order_at_the_same_moment_wins(orders: ServiceUnderTest) -> None:
    for number in range(30):
        claims = [input_of(order_placed(f"o{number}"), subject=account) for account in (ACCOUNT, OTHER_ACCOUNT)]
        reports = await asyncio.gather(*(orders.receive(claim) for claim in claims))
        outcomes = sorted(outcome for report in reports for outcome in report.outcomes)
        assert outcomes == [Outcome.APPLIED, Outcome.DEAD_LETTERED]
    assert len(await orders.published()) == 30


async def test_a_fact_that_comes_before_its_sale_waits_and_follows_it(orders: ServiceUnderTest) -> None:
    await orders.receive(order_cancelled(reason="too slow"))
    assert await orders.waiting() == ["orders.inbound.order_cancelled"]
    assert await orders.published() == []

    await orders.receive(order_placed("another"), order_placed())
    assert await orders.published_types() == [
        "orders.order_placed",
        "orders.order_placed",
        "orders.order_cancelled",
    ]
    assert await orders.waiting() == []
    assert (await orders.row("orders.order_facts"))["reason"] == "too slow"


async def test_waiting_facts_follow_their_sale_in_the_order_of_their_times(orders: ServiceUnderTest) -> None:
    await orders.receive_one_by_one(
        input_of(order_delivered(), at=minutes(30)),
        input_of(refund_paid(amount_minor=2), at=minutes(20), id="b"),
        input_of(refund_paid(amount_minor=1), at=minutes(20), id="a"),
    )
    await orders.receive(input_of(order_confirmed(), at=minutes(10)), order_placed(), order_cancelled())

    events = await orders.published()
    assert [event.type.removeprefix("orders.") for event in events] == [
        "order_placed",
        "order_confirmed",
        "refund_paid",
        "refund_paid",
        "order_delivered",
        "order_cancelled",
    ]
    assert [events[2].data.amount_minor, events[3].data.amount_minor] == [1, 2]
    assert events[4].time == minutes(30)


async def test_a_waiting_fact_keeps_its_trace(orders: ServiceUnderTest) -> None:
    fact = input_of(order_delivered())
    traced = fact.envelope.model_copy(update={"traceparent": TRACEPARENT})
    await orders.receive(Input(traced, fact.body, fact.digest, fact.kind))
    await orders.receive(order_placed())
    _, delivered = await orders.published()
    assert delivered.traceparent is not None
    assert delivered.traceparent.split("-")[1] == TRACEPARENT.split("-")[1]


async def test_a_repeated_waiting_fact_is_published_once(orders: ServiceUnderTest) -> None:
    fact = input_of(order_delivered())
    _, again = await orders.receive_one_by_one(fact, fact)
    assert again.outcomes == [Outcome.DUPLICATE]
    await orders.receive(order_placed())
    await orders.receive(fact)
    assert await orders.published_types() == ["orders.order_placed", "orders.order_delivered"]


@pytest.mark.parametrize("batches", [[4], [1, 3], [2, 2], [1, 1, 1, 1]], ids=str)
async def test_facts_of_one_order_in_any_order_end_in_the_same_state_and_the_same_events(
    orders: ServiceUnderTest, batches: list[int]
) -> None:
    expected_ids, expected_rows = set[str](), list[tuple[str, str, Any]]()
    for number, sequence in enumerate(permutations(range(4))):
        order, account = f"o{number}", f"c{number}"
        facts = [order_placed(order), order_confirmed(order), refund_paid(order), order_delivered(order)]
        inputs = [
            input_of(fact, id=f"{number}/{index}", at=minutes(index), subject=account)
            for index, fact in enumerate(facts)
        ]
        arriving = iter([inputs[index] for index in sequence])
        for size in batches:
            await orders.receive(*islice(arriving, size))
        expected_ids |= {published_id(one) for one in inputs}
        expected_rows += [(order, one.envelope.id, one.envelope.time) for one in inputs[1:]]

    assert await orders.published_ids() == expected_ids
    assert len(await orders.published()) == len(expected_ids)
    rows = await orders.rows("orders.order_facts")
    assert {(row["order_id"], row["event_id"], row["at"]) for row in rows} == set(expected_rows)
    assert await orders.waiting() == []
    first_of_each = {event.subject: event.type for event in reversed(await orders.published())}
    assert set(first_of_each.values()) == {"orders.order_placed"}


async def test_a_fact_naming_an_order_of_another_account_is_a_dead_letter(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    report = await orders.receive(input_of(order_cancelled(), subject=OTHER_ACCOUNT))
    assert report.outcomes == [Outcome.DEAD_LETTERED]
    assert await orders.dead_letter_codes() == ["order_of_another_account"]
    assert await orders.rows("orders.order_facts") == []


async def test_a_waiting_fact_is_refused_when_its_order_turns_out_to_be_of_another_account(
    orders: ServiceUnderTest,
) -> None:
    early = input_of(order_cancelled(), subject=OTHER_ACCOUNT)
    await orders.receive(early)
    report = await orders.receive(order_placed())
    assert report.outcomes == [Outcome.APPLIED]
    assert await orders.waiting() == []
    (letter,) = await orders.rows("shared.dead_letters")
    assert (letter["code"], letter["answered"]) == ("order_of_another_account", False)
    assert await orders.published_types() == ["orders.order_placed"]


async def test_an_order_claimed_while_a_fact_about_it_arrives_never_leaves_the_fact_waiting(
    orders: ServiceUnderTest,
) -> None:
    for number in range(30):
        await asyncio.gather(
            orders.receive(order_placed(f"o{number}")),
            orders.receive(input_of(order_cancelled(f"o{number}"), subject=OTHER_ACCOUNT)),
        )
    assert await orders.waiting() == []
    assert await orders.dead_letter_codes() == ["order_of_another_account"] * 30
