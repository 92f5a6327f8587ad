"""A promised answer: the warning before it is due, and its end."""

from datetime import datetime, timedelta

import pytest

from shared.contracts.support import ResponsePromised
from tests.builders import CASE, order_placed, salesperson_changed
from tests.escalation import Escalation, reported


@pytest.fixture
async def now(escalation: Escalation) -> datetime:
    """When the answer is promised: the start of the test."""
    return await escalation.now()


@pytest.fixture
async def promised(escalation: Escalation, now: datetime) -> Escalation:
    """An answer is promised in five hours; the default policy warns two hours before."""
    promise = ResponsePromised(case=CASE, due_at=now + timedelta(hours=5))
    await escalation.receive(salesperson_changed(), order_placed(), reported(promise, at=now))
    return escalation


async def signals(escalation: Escalation) -> list[tuple[str, str | None, str | None]]:
    return [(row["kind"], row["ended"], row["ended_because"]) for row in await escalation.signals()]


async def test_a_warning_comes_before_an_answer_is_due_and_ends_when_it_is_overdue(promised: Escalation) -> None:
    await promised.wait(timedelta(hours=3, minutes=5))
    assert await signals(promised) == [("response_due", None, None)]
    await promised.wait(timedelta(hours=2))
    overdue = ("response_overdue", None, None)
    assert await signals(promised) == [("response_due", "cleared", "response_overdue"), overdue]
    (episode,) = await promised.episodes()
    assert episode["closed_at"] is None


async def test_after_an_outage_no_warning_precedes_an_overdue_answer(promised: Escalation) -> None:
    """Both were due while nothing ran: a person notified of the overdue answer needs no warning beside it."""
    await promised.wait(timedelta(days=2))
    assert await signals(promised) == [("response_overdue", None, None)]
    assert [row["cause"] for row in await promised.alerts()] == ["signal"]
