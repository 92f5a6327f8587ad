"""What escalation counts of signals and alerts after the commit."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from services.escalation.handlers.apply import count_decisions
from services.escalation.store.deliveries import sample
from services.escalation.store.desk import desk_notes
from shared.metrics import Metrics, create_metrics
from tests.builders import order_placed, refund_requested, refund_withdrawn, salesperson_changed
from tests.escalation import DESK, NO_LIMIT, Escalation, escalation_on, reported
from tests.servers import MakeDatabase

INSTALLATION = replace(NO_LIMIT, max_alert_age=timedelta(days=3))


Read = Callable[[str], float | None]


@pytest.fixture
def metrics() -> Metrics:
    return create_metrics("escalation")


@pytest.fixture
def value(metrics: Metrics) -> Read:
    """The value of a metric."""
    return metrics.registry.get_sample_value


@pytest.fixture
async def counted(database: MakeDatabase, metrics: Metrics) -> AsyncIterator[Escalation]:
    """Signals older than three days raise no alert, and events are counted."""
    async with escalation_on(await database("escalation"), INSTALLATION) as service:
        yield replace(service, processor=replace(service.processor, observe=partial(count_decisions, metrics)))


async def test_a_signal_is_too_old_by_its_age_when_first_seen(counted: Escalation, value: Read) -> None:
    now = await counted.now()
    await counted.receive(reported(refund_requested(), at=now - timedelta(days=2)))
    await counted.move_clock(timedelta(days=30))
    await counted.receive(salesperson_changed(), order_placed())
    assert value("handoff_signals_too_old_to_ring_total") == 0
    assert len(await counted.alerts()) == 1
    await counted.receive(reported(refund_requested("k-2"), at=now - timedelta(days=2)))
    assert value("handoff_signals_too_old_to_ring_total") == 1
    assert len(await counted.alerts()) == 1


async def test_an_alert_that_waited_for_its_seller_counts_with_its_waiting_time(
    counted: Escalation, value: Read
) -> None:
    await counted.receive(order_placed(), reported(refund_requested(), at=await counted.now() - timedelta(minutes=1)))
    assert value("handoff_alert_latency_seconds_count") == 0
    await counted.move_clock(timedelta(minutes=5))
    await counted.receive(salesperson_changed())
    await counted.fire()
    assert len(await counted.alerts()) == 1
    assert value("handoff_alert_latency_seconds_count") == 1
    assert (value("handoff_alert_latency_seconds_sum") or 0) == pytest.approx(360, abs=30)


async def test_a_failure_of_a_customer_without_orders_is_counted_while_it_waits_for_a_sale(
    counted: Escalation, metrics: Metrics, value: Read
) -> None:
    await counted.receive(salesperson_changed(), reported(refund_requested(), at=await counted.now()))
    assert await _waiting(counted, metrics, value) == 1
    await counted.receive(order_placed())
    assert await _waiting(counted, metrics, value) == 0


async def test_a_failure_that_is_over_before_anything_was_sold_waits_no_longer(
    counted: Escalation, metrics: Metrics, value: Read
) -> None:
    now = await counted.now()
    await counted.receive(
        reported(refund_requested(), at=now), reported(refund_withdrawn(), at=now + timedelta(minutes=1))
    )
    assert await _waiting(counted, metrics, value) == 0


async def test_an_episode_without_a_recipient_is_counted_and_the_missing_desk_is_recorded(
    counted: Escalation, metrics: Metrics, value: Read
) -> None:
    await counted.receive(order_placed(sold_by=None), reported(refund_requested(), at=await counted.now()))
    async with counted.pool.acquire() as connection:
        await sample(connection, metrics)
        (note,) = await desk_notes(connection, DESK)
        assert note.startswith("there is no sales desk: DESK names 'desk', who is not in the directory.")
        assert value("handoff_episodes_nobody_to_ask") == 1
        await counted.receive(reported(salesperson_changed("Desk"), subject=DESK))
        await counted.fire()
        await sample(connection, metrics)
        assert await desk_notes(connection, DESK) == []
        assert value("handoff_episodes_nobody_to_ask") == 0
        await counted.receive(reported(salesperson_changed("Desk", active=False), subject=DESK))
        (note,) = await desk_notes(connection, DESK)
        assert "DESK names 'desk', who has left." in note


async def _waiting(counted: Escalation, metrics: Metrics, value: Read) -> float | None:
    async with counted.pool.acquire() as connection:
        await sample(connection, metrics)
    return value("handoff_waiting_signals")
