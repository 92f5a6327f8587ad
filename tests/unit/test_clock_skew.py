"""How a time ahead of our clock counts, and when it is too far ahead."""

from datetime import timedelta

import pytest

from shared.clock_skew import Receipt
from tests.builders import AT, event_of, minutes, order_confirmed, order_placed

SKEW = timedelta(minutes=5)
RECEIPT = Receipt(AT, SKEW)
TICK = timedelta(microseconds=1)


def test_a_time_up_to_the_skew_ahead_counts_as_now() -> None:
    event = event_of(order_confirmed(), at=AT + SKEW)
    assert RECEIPT.refused(event) is None
    assert [one.time for one in RECEIPT.counted([event])] == [AT]


def test_a_time_of_the_past_is_left_alone() -> None:
    event = event_of(order_placed(sold_at=minutes(-60)), at=minutes(-5))
    assert RECEIPT.counted([event])[0] is event


def test_times_ahead_keep_their_order_a_microsecond_apart_and_ties_stay_ties() -> None:
    reported = [
        event_of(order_confirmed(str(place)), at=minutes(ahead)) for place, ahead in enumerate((3, 1, -1, 3, 2))
    ]
    counted = [one.time for one in RECEIPT.counted(reported)]
    assert counted == [AT + 2 * TICK, AT, minutes(-1), AT + 2 * TICK, AT + TICK]


def test_a_sale_dated_ahead_counts_as_sold_now() -> None:
    (counted,) = RECEIPT.counted([event_of(order_placed(sold_at=minutes(2)), at=minutes(3))])
    assert counted == event_of(order_placed(sold_at=AT), at=AT + TICK, id=counted.id)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=5, seconds=1), "5 min ahead of this service's clock. Was local time sent"),
        (timedelta(hours=3), "3 h ahead of this service's clock. Was local time sent"),
        (
            timedelta(hours=2, minutes=59, seconds=59),
            "3 h ahead of this service's clock. Was local time sent",
        ),
        (timedelta(days=3), "3 days ahead of this service's clock. Check the clock and the year"),
        (timedelta(days=365 * 5), "5 years ahead of this service's clock. Check the clock and the year"),
    ],
)
def test_a_time_further_ahead_is_refused_and_the_reason_says_how_far(ahead: timedelta, words: str) -> None:
    refused = RECEIPT.refused(event_of(order_confirmed(), at=AT + ahead))
    assert refused is not None
    assert refused.field == "time"
    assert refused.reason.startswith(f"time is {words}")


def test_a_sale_too_far_ahead_is_refused_by_its_own_member() -> None:
    refused = RECEIPT.refused(event_of(order_placed(sold_at=minutes(60)), at=AT))
    assert refused is not None
    assert refused.field == "data.sold_at"


def test_times_from_our_own_services_are_never_compared_again() -> None:
    fact = order_placed(sold_at=minutes(60))
    published = event_of(fact, at=minutes(60)).model_copy(update={"type": "orders.order_placed"})
    assert RECEIPT.counted([published]) == [published]
