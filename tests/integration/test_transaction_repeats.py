"""Repeated events and replayed dead letters: a refusal blocks nothing."""

from dataclasses import replace

from shared.contracts.envelope import Fact
from shared.inputs import Batch, Input, Outcome, Position, RawMessage, Report
from shared.messaging.codec import Poison, encode_record
from shared.messaging.dead_letters import replay_of
from shared.messaging.kept_letters import kept_letter
from tests.builders import batch_of, input_of, order_cancelled, order_placed
from tests.services import ServiceUnderTest

APPLIED, DUPLICATE, DEAD = Outcome.APPLIED, Outcome.DUPLICATE, Outcome.DEAD_LETTERED


def as_record(one: Input, offset: int) -> Input:
    """The input as it comes from Kafka, with its bytes and position."""
    key, body, headers = encode_record(one.envelope)
    raw = RawMessage("orders.inbound.v1", key, headers, body)
    return replace(one, raw=raw, position=Position("orders.inbound.v1", 0, offset))


def contradiction_and_correction() -> list[Input]:
    """After order 4711: one that contradicts it, a repetition of that, and another order under the same event id."""

    def reported(fact: Fact) -> Input:
        return input_of(fact, id="x")

    contradicting = order_placed(amount_minor=1)
    return [reported(contradicting), reported(contradicting), reported(order_placed("4712"))]


async def replay(orders: ServiceUnderTest) -> Report:
    """Replay the only dead letter."""
    found = await kept_letter(orders.pool, (await orders.row("shared.dead_letters"))["id"])
    assert found is not None
    batch = replay_of(*found, prefix="")
    assert not isinstance(batch, Poison), batch
    return await orders.processor.apply(batch)


async def ledger(orders: ServiceUnderTest) -> list[str]:
    return [row["outcome"] for row in await orders.rows("shared.ledger", "record_offset")]


async def test_an_id_repeated_in_one_batch_ends_as_in_two_batches(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    together = await orders.processor.apply(batch_of(*contradiction_and_correction()))
    assert list(together.outcomes) == [DEAD, DEAD, APPLIED]
    assert {row["order_id"] for row in await orders.rows("orders.orders")} == {"4711", "4712"}


async def test_an_id_repeated_one_by_one_ends_the_same(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    reports = await orders.receive_one_by_one(*contradiction_and_correction())
    assert [outcome for report in reports for outcome in report.outcomes] == [DEAD, DEAD, APPLIED]


async def test_a_dead_letter_finally_accepted_is_applied_in_the_ledger(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    await orders.processor.apply(Batch([as_record(input_of(order_placed(amount_minor=1)), 7)]))
    assert await ledger(orders) == ["dead_lettered"]
    await orders.pool.execute("delete from orders.order_facts")
    await orders.pool.execute("delete from orders.orders")
    assert list((await replay(orders)).outcomes) == [APPLIED]
    assert await ledger(orders) == ["applied"]
    assert (await orders.row("shared.dead_letters"))["replayed_at"] is not None


async def test_a_dead_letter_repeated_in_the_meantime_is_a_duplicate_in_the_ledger(
    orders: ServiceUnderTest,
) -> None:
    await orders.receive(order_placed())
    refused = input_of(order_placed(amount_minor=1))
    await orders.processor.apply(Batch([as_record(refused, 7)]))
    await orders.pool.execute("delete from orders.orders")
    await orders.receive(refused)
    assert list((await replay(orders)).outcomes) == [DUPLICATE]
    assert await ledger(orders) == ["duplicate"]


async def test_a_dead_letter_that_fails_again_stays_as_it_is(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed())
    await orders.processor.apply(Batch([as_record(input_of(order_placed(amount_minor=1)), 7)]))
    assert list((await replay(orders)).outcomes) == [DEAD]
    assert await ledger(orders) == ["dead_lettered"]
    assert (await orders.row("shared.dead_letters"))["replayed_at"] is None


async def test_a_replay_counts_though_it_releases_a_fact_that_waited_in_vain(orders: ServiceUnderTest) -> None:
    await orders.receive(order_placed("4712"))
    await orders.processor.apply(Batch([as_record(input_of(order_placed("4712", amount_minor=1)), 7)]))
    await orders.pool.execute("delete from orders.orders")
    await orders.receive(input_of(order_cancelled("4712"), subject="somebody-else"))
    assert list((await replay(orders)).outcomes) == [APPLIED]
    assert await ledger(orders) == ["applied"]


async def test_a_fact_that_waited_in_vain_can_be_replayed(orders: ServiceUnderTest) -> None:
    await orders.receive(input_of(order_cancelled(), subject="somebody-else"))
    await orders.receive(order_placed())
    assert await orders.dead_letter_codes() == ["order_of_another_account"]
    await orders.pool.execute("update orders.orders set account_id = 'somebody-else'")
    assert list((await replay(orders)).outcomes) == [APPLIED]
    assert "orders.order_cancelled" in await orders.published_types()
