"""Calls to lost customers: when they are due, what they wait for, and how they end. Times are days after the loss."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.follow_ups import WinBacks
from services.escalation.domain.policy.reasons import Reason
from services.escalation.domain.win_backs import (
    OPEN,
    Share,
    WinBack,
    WinBackState,
    answered,
    checked,
    class_of_loss,
    undone,
)
from shared.contracts.escalation import EpisodeResult, WinBackAnswer
from tests.builders import ACCOUNT, AT
from tests.examples import examples

POLICY = WinBacks(after=timedelta(days=120), again_after=timedelta(days=90), lapses_after=timedelta(days=364))
NONE_LOST, MANY_LOST, FEW = Share(0, 20), Share(3, 20), Share(9, 9)


def day(count: float) -> datetime:
    return AT + timedelta(days=count)


def win_back(**changes: Any) -> WinBack:
    made = WinBack(
        episode_id=UUID(int=1),
        account_id=ACCOUNT,
        order_id="4711",
        lost_at=AT,
        reason="price",
        loss_class=LossClass.PRICE,
        segment=None,
        state=WinBackState.PLANNED,
        due_at=day(120),
        lapses_at=day(484),
        check_at=day(120),
        changed_at=AT,
    )
    return replace(made, **changes)


def after(share: Share, at: float, *, may_be_called: bool = True, **changes: Any) -> WinBack:
    return checked(win_back(**changes), POLICY, share, day(at), may_be_called=may_be_called)


@pytest.mark.parametrize(
    ("share", "state"),
    [
        pytest.param(NONE_LOST, WinBackState.DUE, id="nobody is lost for the reason any more"),
        pytest.param(Share(2, 20), WinBackState.DUE, id="as many as the policy allows"),
        pytest.param(MANY_LOST, WinBackState.WAITS, id="more than the policy allows"),
        pytest.param(FEW, WinBackState.DUE, id="too few requests to tell"),
        pytest.param(Share(10, 10), WinBackState.WAITS, id="just enough requests to tell"),
        pytest.param(Share(0, 0), WinBackState.DUE, id="no requests at all"),
    ],
)
def test_a_call_waits_while_too_many_are_lost_for_the_same_reason(share: Share, state: WinBackState) -> None:
    assert after(share, 120).state is state


def test_a_waiting_call_says_since_when_and_with_which_counts_and_is_looked_at_again_after_a_day() -> None:
    waits = after(MANY_LOST, 120)
    assert (waits.waits_since, waits.losses, waits.requests, waits.check_at) == (day(120), 3, 20, day(121))
    still = checked(waits, POLICY, Share(5, 20), day(121), may_be_called=True)
    assert (still.waits_since, still.losses, still.check_at) == (day(120), 5, day(122))


def test_a_waiting_call_is_due_once_the_cause_is_solved_and_then_waits_no_more() -> None:
    due = checked(after(MANY_LOST, 120), POLICY, NONE_LOST, day(130), may_be_called=True)
    assert (due.state, due.check_at) == (WinBackState.DUE, day(484))
    assert checked(due, POLICY, MANY_LOST, day(140), may_be_called=True).state is WinBackState.DUE


@pytest.mark.parametrize("state", [WinBackState.PLANNED, WinBackState.WAITS, WinBackState.DUE])
def test_a_call_that_nobody_made_lapses_a_year_after_its_date(state: WinBackState) -> None:
    lapsed = after(MANY_LOST, 484, state=state)
    assert (lapsed.state, lapsed.check_at) == (WinBackState.LAPSED, None)


def test_a_waiting_call_is_looked_at_when_it_lapses() -> None:
    assert after(MANY_LOST, 483.5).check_at == day(484)


def test_a_customer_who_must_not_be_called_by_then_is_not_called() -> None:
    ended = after(NONE_LOST, 120, may_be_called=False)
    assert (ended.state, ended.check_at) == (WinBackState.MUST_NOT_BE_CALLED, None)


@pytest.mark.parametrize("days", [120, 484])
def test_a_customer_who_bought_again_is_not_called(days: int) -> None:
    ended = checked(win_back(), POLICY, MANY_LOST, day(days), may_be_called=True, bought_again=True)
    assert (ended.state, ended.check_at) == (WinBackState.BOUGHT_AGAIN, None)


@pytest.mark.parametrize(
    ("answer", "state"), [(WinBackAnswer.WON_BACK, WinBackState.WON_BACK), (WinBackAnswer.NO, WinBackState.NO)]
)
def test_a_final_answer_ends_it_and_names_the_caller(answer: WinBackAnswer, state: WinBackState) -> None:
    done = answered(win_back(state=WinBackState.DUE), answer, POLICY, day(125), by="anna")
    assert (done.state, done.ended_by, done.check_at) == (state, "anna", None)


def test_later_makes_one_more_date_and_a_second_later_means_no() -> None:
    again = answered(win_back(state=WinBackState.DUE), WinBackAnswer.LATER, POLICY, day(125), by="anna")
    assert (again.state, again.due_at, again.check_at) == (WinBackState.PLANNED, day(215), day(215))
    assert (again.lapses_at, again.postponed, again.ended_by) == (day(579), True, None)
    assert answered(again, WinBackAnswer.LATER, POLICY, day(220), by="anna").state is WinBackState.NO


def test_an_undone_close_leaves_no_call() -> None:
    assert (undone(win_back(), day(0)).state, undone(win_back(), day(0)).check_at) == (WinBackState.UNDONE, None)


def test_losses_are_compared_by_the_class_of_the_sellers_reason() -> None:
    reasons = [Reason(code="price", words="Too expensive"), Reason(code="odd", words="Something odd")]
    assert class_of_loss("price", reasons) is LossClass.PRICE
    assert class_of_loss("odd", reasons) is LossClass.OTHER
    assert class_of_loss("unheard_of", reasons) is LossClass.OTHER


def test_the_shipped_times_lie_three_to_six_months_after_the_loss() -> None:
    policy = shipped().win_back
    months = [span / timedelta(days=30.4) for span in (policy.after, *policy.after_reason.values())]
    assert all(3 <= one <= 6 for one in months)
    codes = {one.code for one in shipped().reasons[EpisodeResult.LOST]}
    assert policy.after_reason.keys() <= codes


@given(
    st.lists(
        st.tuples(
            st.integers(0, 200),
            st.sampled_from([None, *WinBackAnswer]),
            st.integers(0, 20),
            st.integers(0, 20),
            st.booleans(),
        ),
        max_size=12,
    )
)
@examples(50)
def test_it_is_looked_at_until_it_ends_and_ends_once(
    steps: list[tuple[int, WinBackAnswer | None, int, int, bool]],
) -> None:
    one, now, postponed = win_back(), AT, 0
    for days, answer, losses, requests, callable in steps:
        now += timedelta(days=days)
        before = one
        if one.state not in OPEN:
            break
        if answer is not None and one.state is WinBackState.DUE:
            one = answered(one, answer, POLICY, now, by="anna")
            postponed += one.state is WinBackState.PLANNED
        else:
            one = checked(one, POLICY, Share(losses, requests), now, may_be_called=callable)
            assert not (before.state is WinBackState.DUE and one.state is WinBackState.WAITS)
        assert (one.check_at is not None) == (one.state in OPEN)
        assert one.state not in OPEN or one.check_at is None or one.check_at <= one.lapses_at
        assert (one.waits_since is not None) or one.state is not WinBackState.WAITS
        assert one.due_at < one.lapses_at
    assert postponed <= 1
