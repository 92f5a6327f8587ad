"""Escalation's decisions without a database: matching and deliveries."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.deliveries import (
    GIVE_UP_AFTER_UNKNOWN,
    RESEND_UNKNOWN_AFTER,
    after_attempt,
    cancelled,
    pause_before_retry,
)
from services.escalation.domain.delivery_facts import Attempt, DeliveryAttempted
from services.escalation.domain.entities import Delivery, Order, Signal
from services.escalation.domain.new_signal import matching_order
from shared.contracts.escalation import SignalKind
from tests.builders import AT, minutes

ID = UUID(int=1)


def order(id: str, *, sold_at: datetime = AT, sold_by: str | None = "anna") -> Order:
    return Order(id, "c-17", sold_by, sold_at, 100, "EUR", "Heat pump", sold_at)


def signal(kind: SignalKind = SignalKind.CONTACT_DEAD_ENDED, **changes: object) -> Signal:
    return replace(Signal(ID, "c-17", kind, AT, AT, ID), **changes)  # type: ignore[arg-type]


ORDERS = [order("b", sold_at=minutes(-10)), order("a", sold_at=minutes(-10)), order("c", sold_at=minutes(5))]


def having(orders: Sequence[Order]) -> AccountState:
    account = AccountState("c-17")
    for one in orders:
        account.put_order(one)
    return account


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        pytest.param(signal(), "b", id="the latest by then, ties by the highest id"),
        pytest.param(signal(at=minutes(5)), "c", id="sold at the very moment"),
        pytest.param(signal(at=minutes(-11)), None, id="before the first sale"),
        pytest.param(signal(names_order="c"), "c", id="a named order, though sold later"),
        pytest.param(signal(names_order="z", order_awaited_until=minutes(15)), None, id="a named order still awaited"),
        pytest.param(signal(names_order="z"), "b", id="a named order given up"),
        pytest.param(signal(names_order="a", order_awaited_until=minutes(15)), "a", id="a named order that is there"),
    ],
)
def test_a_signal_belongs_to(sought: Signal, expected: str | None) -> None:
    found = matched(sought, ORDERS)
    assert (found.order_id if found else None) == expected


YEARS = timedelta(days=730)
RENEWAL = order("r", sold_at=minutes(-1), sold_by=None)


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        pytest.param([order("a", sold_at=minutes(-60)), RENEWAL], "a", id="a sale before what nobody sold"),
        pytest.param([order("a", sold_at=AT - YEARS), RENEWAL], "a", id="two years ago to the moment"),
        pytest.param([order("a", sold_at=AT - 1.01 * YEARS), RENEWAL], "r", id="a sale of long ago"),
        pytest.param([order("a", sold_at=minutes(1)), RENEWAL], "r", id="a sale that was not made yet"),
        pytest.param([order("a", sold_at=minutes(-60)), order("r")], "r", id="the later of two that somebody sold"),
        pytest.param([RENEWAL], "r", id="nobody sold anything"),
    ],
)
def test_a_sale_with_a_seller_takes_precedence_over_a_later_one_without(orders: list[Order], expected: str) -> None:
    found = matched(signal(), orders)
    assert found is not None
    assert found.order_id == expected


def matched(sought: Signal, orders: Sequence[Order]) -> Order | None:
    return matching_order(sought, having(orders), seller_first_within=YEARS)


@given(st.permutations(ORDERS), st.integers(-20, 20))
def test_the_match_does_not_depend_on_the_order_of_arrival(arrived: Sequence[Order], minute: int) -> None:
    sought = signal(at=minutes(minute))
    in_turn = matched(sought, arrived)
    assert in_turn == matched(sought, ORDERS)
    assert in_turn is None or in_turn.sold_at <= sought.at


SENDING = Delivery(ID, ID, "anna", "email", "sending", AT, AT, attempts=1)


def attempted(result: Attempt, attempt: int = 1) -> DeliveryAttempted:
    return DeliveryAttempted(delivery=ID, attempt=attempt, result=result)


@pytest.mark.parametrize(
    ("delivery", "result", "state"),
    [
        (SENDING, Attempt.ACCEPTED, "sent"),
        (SENDING, Attempt.REFUSED, "failed"),
        (SENDING, Attempt.PUT_OFF, "pending"),
        (SENDING, Attempt.UNKNOWN, "unknown"),
        (replace(SENDING, attempts=10_000, unknown_count=3), Attempt.PUT_OFF, "pending"),
        (replace(SENDING, attempts=10_000), Attempt.UNKNOWN, "unknown"),
        (replace(SENDING, attempts=99, unknown_count=GIVE_UP_AFTER_UNKNOWN - 1), Attempt.UNKNOWN, "failed"),
        (replace(SENDING, state="unknown"), Attempt.ACCEPTED, "sent"),
        (replace(SENDING, state="unknown"), Attempt.UNKNOWN, None),
        (replace(SENDING, state="sent"), Attempt.PUT_OFF, None),
        (replace(SENDING, state="cancelled"), Attempt.ACCEPTED, None),
        (replace(SENDING, state="pending"), Attempt.ACCEPTED, None),
    ],
)
def test_after_an_attempt_a_delivery_is(delivery: Delivery, result: Attempt, state: str | None) -> None:
    after = after_attempt(delivery, attempted(result, delivery.attempts), minutes(1))
    assert (after.state if after else None) == state


def test_a_result_of_another_attempt_changes_nothing() -> None:
    assert after_attempt(replace(SENDING, attempts=2), attempted(Attempt.ACCEPTED, 1), AT) is None


def test_a_delivery_of_unknown_outcome_is_retried_after_a_minute() -> None:
    after = after_attempt(SENDING, attempted(Attempt.UNKNOWN), AT)
    assert after is not None
    assert (after.try_at, after.unknown_count) == (AT + RESEND_UNKNOWN_AFTER, 1)


@given(st.integers(1, 10_000))
def test_pauses_grow_and_end_at_ten_minutes(attempts: int) -> None:
    assert [pause_before_retry(one).total_seconds() for one in (1, 2, 3, 4)] == [2, 4, 8, 16]
    pause = pause_before_retry(attempts)
    assert timedelta(seconds=2) <= pause <= pause_before_retry(attempts + 1) <= timedelta(minutes=10)


def test_an_attempt_is_stored_as_before_unless_a_server_asks_for_a_pause() -> None:
    plain = attempted(Attempt.PUT_OFF)
    asked = plain.model_copy(update={"retry_after_seconds": 90})
    assert "retry_after" not in plain.model_dump_json()
    assert [DeliveryAttempted.model_validate_json(one.model_dump_json()) for one in (plain, asked)] == [plain, asked]


@pytest.mark.parametrize("attempts", [1, 9])
def test_a_server_that_asks_for_a_pause_gets_it(attempts: int) -> None:
    asked = attempted(Attempt.PUT_OFF, attempts).model_copy(update={"retry_after_seconds": 90})
    after = after_attempt(replace(SENDING, attempts=attempts), asked, AT)
    assert after is not None
    assert (after.state, after.try_at) == ("pending", AT + timedelta(seconds=90))


@pytest.mark.parametrize("state", ["pending", "held", "unknown"])
def test_an_unsent_delivery_is_cancelled_when_no_longer_needed(state: str) -> None:
    gone = cancelled(replace(SENDING, state=state), "closed", AT)
    assert (gone.state, gone.reason) == ("cancelled", "closed")


@pytest.mark.parametrize("state", ["sending", "sent", "failed", "skipped", "expired", "cancelled"])
def test_a_delivery_that_ended_or_is_being_sent_is_not_cancelled(state: str) -> None:
    delivery = replace(SENDING, state=state)
    assert cancelled(delivery, "acknowledged", AT) == delivery
