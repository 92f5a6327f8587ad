"""The order that a signal joins, and signals whose order is unknown."""

from datetime import timedelta

import pytest

from shared.inputs import Input
from tests.builders import (
    AT,
    OTHER_ACCOUNT,
    cancellation_requested,
    case_opened,
    case_reassigned,
    case_reopened,
    minutes,
    order_placed,
    refund_requested,
    response_overdue,
    salesperson_changed,
)
from tests.escalation import Escalation, dead_end, reported

QUARTER = timedelta(minutes=15)
FIRST = order_placed("first", sold_at=minutes(-20))
SECOND = order_placed("second", sold_at=minutes(-10))


@pytest.fixture
async def sold(escalation: Escalation) -> Escalation:
    """An account with two orders, both sold by Anna."""
    await escalation.receive(salesperson_changed(), FIRST, SECOND)
    return escalation


async def test_every_kind_of_signal_joins_the_one_episode_of_its_order(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), order_placed())
    facts = [dead_end(), response_overdue(), case_reopened(), case_reassigned(3)]
    await escalation.receive_one_by_one(*facts, refund_requested(), cancellation_requested())
    ((_, kinds),) = await escalation.matches()
    assert sorted(kinds) == [
        "cancellation_requested",
        "case_bounced",
        "case_reopened",
        "contact_dead_ended",
        "refund_requested",
        "response_overdue",
    ]
    raised_then_signalled = [event.type for event in await escalation.published() if "alert" not in event.type]
    assert raised_then_signalled == ["escalation.episode_raised"] + ["escalation.episode_signalled"] * 5


async def test_an_order_named_by_the_case_takes_precedence_over_the_latest(sold: Escalation) -> None:
    await sold.receive(case_opened(order="first"), refund_requested())
    assert await sold.matches() == [("first", ["refund_requested"])]


async def test_the_signals_own_order_takes_precedence_over_its_cases(sold: Escalation) -> None:
    await sold.receive(case_opened(order="first"), refund_requested(order="second"))
    assert await sold.matches() == [("second", ["refund_requested"])]


async def test_a_case_of_another_account_is_ignored(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), FIRST, SECOND)
    await escalation.receive(reported(case_opened(order="first"), subject=OTHER_ACCOUNT), refund_requested())
    assert await escalation.matches() == [("second", ["refund_requested"])]


async def test_a_signal_without_any_order_waits_indefinitely_without_an_alert(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), refund_requested())
    await escalation.wait(timedelta(days=400))
    assert await escalation.waiting_signals() == 1
    assert await escalation.alerts() == []
    assert await escalation.episodes() == []

    await escalation.receive(order_placed(sold_at=AT))
    assert await escalation.alerted() == [("anna", "seller")]
    assert await escalation.waiting_signals() == 0


async def test_a_sale_after_the_signal_does_not_end_its_wait(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), reported(refund_requested(), at=AT))
    await escalation.receive(order_placed("later", sold_at=minutes(1)))
    assert await escalation.waiting_signals() == 1
    await escalation.receive(order_placed("earlier", sold_at=minutes(-1)))
    assert await escalation.matches() == [("earlier", ["refund_requested"])]


async def test_a_named_order_is_waited_for_and_joined_when_it_arrives(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), FIRST, refund_requested(order="named"))
    assert await escalation.alerts() == []
    await escalation.wait(QUARTER - timedelta(seconds=30))
    assert await escalation.alerts() == []
    await escalation.receive(order_placed("named", sold_at=minutes(500)))
    assert await escalation.matches() == [("named", ["refund_requested"])]
    assert await escalation.timers() == ["escalation.timer.episode_due"], "the wait is over"


async def test_a_named_order_that_never_arrives_gives_way_to_the_latest_and_the_alert_says_so(
    escalation: Escalation,
) -> None:
    await escalation.receive(salesperson_changed(), FIRST, refund_requested(order="named"))
    await escalation.wait(QUARTER)
    assert await escalation.matches() == [("first", ["refund_requested"])]
    (alert,) = await escalation.alerts()
    assert alert["why_you"].startswith("You sold order first on 4 May")
    assert "The report mentions order named, which we do not know" in alert["why_you"]


async def test_the_wait_for_a_named_order_lasts_while_input_is_unread(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), FIRST, refund_requested(order="named"))
    await escalation.read_everything()
    await escalation.move_clock(QUARTER * 2)
    await escalation.fire()
    assert await escalation.waiting_signals() == 1, "a backlog must not look like silence"
    await escalation.receive(order_placed("named"))
    assert await escalation.matches() == [("named", ["refund_requested"])]


async def test_a_named_order_still_counts_after_a_wait_in_vain(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), refund_requested(order="named"))
    await escalation.wait(QUARTER)
    await escalation.wait(QUARTER)
    assert await escalation.waiting_signals() == 1
    await escalation.receive(order_placed("named", sold_at=minutes(99)))
    assert await escalation.matches() == [("named", ["refund_requested"])]


async def test_a_late_opening_of_a_case_gives_its_waiting_signals_their_order(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), refund_requested())
    await escalation.receive(case_opened(order="named"))
    await escalation.receive(SECOND)
    assert await escalation.waiting_signals() == 1
    await escalation.receive(order_placed("named", sold_at=minutes(-300)))
    assert await escalation.matches() == [("named", ["refund_requested"])]


async def test_a_match_is_final(escalation: Escalation) -> None:
    await escalation.receive_one_by_one(salesperson_changed(), FIRST, reported(refund_requested(), at=AT), SECOND)
    assert await escalation.matches() == [("first", ["refund_requested"])]


async def test_waiting_signals_match_in_the_order_of_their_times(escalation: Escalation) -> None:
    late: list[Input] = [
        reported(refund_requested(), at=minutes(3)),
        reported(dead_end(), at=minutes(1)),
        reported(response_overdue(), at=minutes(2)),
    ]
    await escalation.receive_one_by_one(salesperson_changed(), *late, order_placed())
    kinds = [event.data.kind.value for event in await escalation.published() if "episode" in event.type]
    assert kinds == ["contact_dead_ended", "response_overdue", "refund_requested"]
    assert len(await escalation.alerts()) == 2, "the first one raises an alert, and the refund another"


async def test_two_accounts_never_share_a_signal(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), FIRST, reported(refund_requested(), subject=OTHER_ACCOUNT))
    assert await escalation.episodes() == []
    assert await escalation.waiting_signals() == 1


async def test_the_same_signal_again_is_counted_once(escalation: Escalation) -> None:
    refund = reported(refund_requested(), id="r-1")
    await escalation.receive(salesperson_changed(), order_placed(), refund)
    await escalation.receive_one_by_one(refund, refund)
    assert len(await escalation.signals()) == len(await escalation.alerts()) == 1


async def test_a_third_reassignment_of_a_case_is_one_signal(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), order_placed())
    await escalation.receive_one_by_one(case_reassigned(1), case_reassigned(2))
    assert await escalation.episodes() == []
    await escalation.receive_one_by_one(case_reassigned(4), case_reassigned(3), case_reassigned(9))
    await escalation.receive(case_reassigned(5), case_reassigned(6))
    assert await escalation.matches() == [("4711", ["case_bounced"])]
    await escalation.receive(case_reassigned(3, case="case-2"), case_reassigned(3, case=None))
    assert await escalation.matches() == [("4711", ["case_bounced", "case_bounced"])]


async def test_a_repeated_opening_of_a_case_forgets_nothing(escalation: Escalation) -> None:
    await escalation.receive_one_by_one(salesperson_changed(), FIRST, SECOND, case_opened(order="first"))
    await escalation.receive_one_by_one(case_reassigned(2), case_opened(), case_reassigned(3))
    assert await escalation.matches() == [("first", ["case_bounced"])]


async def test_an_episode_has_the_time_of_its_signal_matched_at_once_or_later(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), reported(refund_requested(), at=minutes(5)))
    await escalation.receive(reported(dead_end(), at=minutes(6)))
    await escalation.receive(reported(order_placed(), at=minutes(90)))
    await escalation.receive(reported(dead_end(), at=minutes(7)))
    times = {event.data.signal: event.time for event in await escalation.published() if "episode" in event.type}
    assert sorted(times.values()) == [minutes(5), minutes(6), minutes(7)]


async def test_a_signal_that_waited_keeps_the_customers_words(escalation: Escalation) -> None:
    await escalation.receive(salesperson_changed(), refund_requested(words="I want my money back."))
    await escalation.receive(case_opened(order="4711"))
    await escalation.receive(order_placed())
    (signal,) = await escalation.signals()
    assert signal["words"] == "I want my money back."
    assert signal["episode_id"] is not None
