"""Signals from cases, promised answers, ratings and requests.

Each test case lists facts, and when the signals began and were cleared, in hours.
"""

from typing import Any

import pytest

from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.find import detections
from shared.contracts.escalation import SignalKind
from tests.unit.accounts import Twice, always, fact, hours, inbound, of_kind, outbound, reached, reported, rules, times
from tests.unit.case_facts import (
    ANEW,
    CLOSED,
    LOOSE,
    OPENED,
    PROMISED,
    REOPENED,
    REQUESTED,
    RESOLVED,
    Reported,
    on_case,
    passed_on,
    rated,
    requested,
    said,
)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([OPENED], [(16, None)], id="nothing happens"),
        pytest.param([OPENED, on_case(FactKind.CASE_PROGRESSED, 16)], [(32, None)], id="progress in the last moment"),
        pytest.param([OPENED, on_case(FactKind.CASE_PROGRESSED, 17)], [(16, 17), (33, None)], id="progress too late"),
        pytest.param([OPENED, outbound(4, "voicemail", case="k")], [(20, None)], id="an attempt of ours is progress"),
        pytest.param([OPENED, inbound(4, "answered", case="k")], [(20, None)], id="a talk is progress"),
        pytest.param([OPENED, inbound(4, case="k")], [(16, None)], id="the customer's attempt is none"),
        pytest.param(
            [OPENED, on_case(FactKind.CASE_REASSIGNED, 4, number=1)], [(16, None)], id="passing it on is none"
        ),
        pytest.param([OPENED, outbound(4, case="k", courtesy=True)], [(16, None)], id="an automatic reply is none"),
        pytest.param([OPENED, outbound(4, case="l")], [(16, None)], id="a talk on another case is none"),
        pytest.param([OPENED, reached(4, order="4711")], [(16, None)], id="a salesperson's talk moves no case"),
        pytest.param([OPENED, on_case(RESOLVED, 4)], [], id="resolved"),
        pytest.param([OPENED, on_case(CLOSED, 20)], [(16, 20)], id="closed too late"),
        pytest.param([OPENED, on_case(RESOLVED, 4), outbound(5, case="k")], [], id="a talk does not open it again"),
        pytest.param([OPENED, on_case(RESOLVED, 4), on_case(REOPENED, 5)], [(21, None)], id="reopened"),
        pytest.param([OPENED, on_case(RESOLVED, 4), on_case(REOPENED, 5, courtesy=True)], [], id="reopened by thanks"),
        pytest.param([OPENED, on_case(RESOLVED, 0)], [], id="opened and resolved at once"),
        pytest.param([on_case(FactKind.CASE_PROGRESSED, 4)], [], id="never opened"),
    ],
)
def test_an_open_case_without_progress_is_stuck(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.CASE_STUCK, *facts) == expected


def test_a_case_is_stuck_after_working_time() -> None:
    (detection,) = of_kind(SignalKind.CASE_STUCK, OPENED, working=Twice())
    assert (detection.at, detection.names_order, detection.case_id) == (hours(32), "4711", "k")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([passed_on(1, 1), passed_on(2, 2)], [], id="twice"),
        pytest.param([passed_on(1, 3)], [(1, None)], id="three times, only the last told"),
        pytest.param([passed_on(1, 3), passed_on(2, 4)], [(1, None)], id="the earliest counts"),
        pytest.param([passed_on(1, 3), on_case(RESOLVED, 2)], [(1, 2)], id="cleared by case_resolved"),
        pytest.param([passed_on(1, 3), on_case(CLOSED, 2)], [(1, 2)], id="cleared by case_closed"),
        pytest.param([passed_on(1, 3), outbound(2, case="k")], [(1, None)], id="not by a talk"),
        pytest.param([passed_on(1, 3), on_case(RESOLVED, 2, case="l")], [(1, None)], id="not by another case"),
    ],
)
def test_a_case_reassigned_too_often_bounces(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.CASE_BOUNCED, *facts) == expected


def test_a_case_bounces_once_whichever_fact_says_so() -> None:
    (late,) = of_kind(SignalKind.CASE_BOUNCED, passed_on(2, 4))
    (early,) = of_kind(SignalKind.CASE_BOUNCED, passed_on(2, 4), passed_on(1, 3))
    assert late.signal_id == early.signal_id


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([on_case(REOPENED, 1)], [(1, None)], id="reopened"),
        pytest.param([on_case(REOPENED, 1, courtesy=True)], [], id="a thanks is no reopening"),
        pytest.param([on_case(REOPENED, 1), on_case(REOPENED, 3)], [(1, None)], id="twice before an end: once"),
        pytest.param(
            [on_case(REOPENED, 1), on_case(REOPENED, 3), on_case(RESOLVED, 5)], [(1, 5)], id="twice, then resolved"
        ),
        pytest.param(
            [on_case(REOPENED, 1), on_case(RESOLVED, 2), on_case(REOPENED, 3)], [(1, 2), (3, None)], id="after an end"
        ),
        pytest.param([fact(REOPENED, 1), fact(REOPENED, 3)], [(1, None), (3, None)], id="which cases is not known"),
        pytest.param([on_case(RESOLVED, 1), on_case(REOPENED, 1)], [(1, None)], id="in the instant of the end"),
        pytest.param([on_case(REOPENED, 1), on_case(RESOLVED, 2)], [(1, 2)], id="resolved"),
        pytest.param([on_case(REOPENED, 1), on_case(CLOSED, 2)], [(1, 2)], id="closed"),
        pytest.param([on_case(REOPENED, 1), on_case(RESOLVED, 2, case="l")], [(1, None)], id="another is resolved"),
        pytest.param([on_case(REOPENED, 1), outbound(2, case="k")], [(1, None)], id="a talk does not clear it"),
        pytest.param([fact(REOPENED, 1), on_case(RESOLVED, 2, case=None)], [(1, None)], id="without a case: never"),
    ],
)
def test_a_reopened_case_is_a_signal(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.CASE_REOPENED, *facts) == expected


@pytest.mark.parametrize(
    ("facts", "due", "overdue"),
    [
        pytest.param([PROMISED], [(6, 8)], [(8, None)], id="nobody answers"),
        pytest.param([PROMISED, outbound(6, case="k")], [], [], id="answered before the warning"),
        pytest.param([PROMISED, outbound(7, case="k")], [(6, 7)], [], id="answered after the warning"),
        pytest.param([PROMISED, outbound(8, case="k")], [(6, 8)], [], id="answered in the last moment"),
        pytest.param([PROMISED, outbound(9, case="k")], [(6, 8)], [(8, 9)], id="answered too late"),
        pytest.param([PROMISED, outbound(1, case="k")], [(6, 8)], [(8, None)], id="the talk it was promised in"),
        pytest.param([PROMISED, outbound(5, "voicemail", case="k")], [(6, 8)], [(8, None)], id="a voicemail"),
        pytest.param([PROMISED, outbound(5, case="l")], [(6, 8)], [(8, None)], id="a talk on another case"),
        pytest.param([PROMISED, on_case(RESOLVED, 5)], [], [], id="resolved"),
        pytest.param([PROMISED, on_case(CLOSED, 9)], [(6, 8)], [(8, 9)], id="closed too late"),
        pytest.param([LOOSE, outbound(5)], [], [], id="without a case: talked"),
        pytest.param([LOOSE, outbound(5, case="k")], [(6, 8)], [(8, None)], id="without a case: not on a case"),
        pytest.param([LOOSE, reached(5, order="4711")], [], [], id="without a case: reached"),
        pytest.param(
            [on_case(FactKind.RESPONSE_PROMISED, 1, due=2)], [(1, 2)], [(2, None)], id="promised at short notice"
        ),
        pytest.param([on_case(FactKind.RESPONSE_PROMISED, 3, due=2)], [], [(3, None)], id="promised too late to keep"),
        pytest.param([on_case(FactKind.RESPONSE_OVERDUE, 5)], [], [(5, None)], id="somebody says so"),
        pytest.param(
            [on_case(FactKind.RESPONSE_OVERDUE, 5), outbound(6, case="k")], [], [(5, 6)], id="somebody says so: talked"
        ),
        pytest.param([on_case(FactKind.RESPONSE_OVERDUE, 5), on_case(RESOLVED, 6)], [], [(5, 6)], id="so: resolved"),
        pytest.param([PROMISED, said(9)], [(6, 8)], [(8, None)], id="it passed, and somebody says so"),
        pytest.param([PROMISED, said(7)], [(6, 7)], [(7, None)], id="somebody says so before it passed"),
        pytest.param([PROMISED, said(5)], [], [(5, None)], id="somebody says so before the warning"),
        pytest.param([PROMISED, said(9), said(10)], [(6, 8)], [(8, None)], id="it is said again and again"),
        pytest.param(
            [PROMISED, outbound(9, case="k"), said(10)], [(6, 8)], [(8, 9), (10, None)], id="it is said after a talk"
        ),
        pytest.param([PROMISED, said(9, "l")], [(6, 8)], [(8, None), (9, None)], id="it is said of another case"),
        pytest.param([PROMISED, ANEW], [(6, 8)], [(8, None)], id="promised anew meanwhile"),
        pytest.param([PROMISED, ANEW, outbound(10, case="k")], [(6, 8)], [(8, 10)], id="promised anew, and kept late"),
    ],
)
def test_a_promised_answer_is_soon_due_and_then_overdue(
    facts: list[AccountFact], due: Reported, overdue: Reported
) -> None:
    found = detections(History(facts), always(rules()))
    assert reported(SignalKind.RESPONSE_OVERDUE, *facts) == overdue
    assert [times(one) for one in found if one.kind is SignalKind.RESPONSE_DUE] == due


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        pytest.param([PROMISED], [(6, None)], id="nobody answers"),
        pytest.param([PROMISED, outbound(7, case="k")], [(6, 7)], id="answered in time"),
        pytest.param([PROMISED, outbound(9, case="k")], [(6, 9)], id="answered too late"),
        pytest.param([PROMISED, on_case(CLOSED, 9)], [(6, 9)], id="closed too late"),
        pytest.param([PROMISED, said(7)], [(6, None)], id="somebody says that it is overdue"),
        pytest.param([PROMISED, ANEW], [(6, None)], id="promised anew meanwhile"),
    ],
)
def test_a_warning_stands_until_the_answer_if_overdue_answers_are_switched_off(
    facts: list[AccountFact], due: Reported
) -> None:
    found = detections(History(facts), always(rules(response_overdue={"enabled": False})))
    assert [(one.kind, times(one)) for one in found] == [(SignalKind.RESPONSE_DUE, times) for times in due]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([rated(1, 400)], [(1, None)], id="at the mark"),
        pytest.param([rated(1, 401)], [], id="just above"),
        pytest.param([rated(1, 0)], [(1, None)], id="nothing at all"),
        pytest.param([rated(1, 200), rated(2, 800)], [(1, 2)], id="rated better later"),
        pytest.param([rated(1, 200), rated(2, 400)], [(1, None), (2, None)], id="rated as low later"),
        pytest.param([rated(1, 200), rated(2, 800, case="l")], [(1, None)], id="better on another case"),
        pytest.param([rated(1, 200), rated(2, 800, case=None)], [(1, None)], id="better on no case"),
        pytest.param([rated(1, 200, case=None), rated(2, 800, case=None)], [(1, 2)], id="both without a case"),
        pytest.param([rated(2, 200), rated(1, 800)], [(2, None)], id="better before"),
        pytest.param([rated(1, 200), on_case(RESOLVED, 2)], [(1, None)], id="never by case_resolved"),
    ],
)
def test_a_low_rating_is_a_signal_until_a_better_one(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.SATISFACTION_LOW, *facts) == expected


@pytest.mark.parametrize("name", ["refund", "cancellation"])
@pytest.mark.parametrize(
    ("requested", "withdrawn", "cleared"),
    [
        pytest.param({}, None, False, id="as asked"),
        pytest.param({}, {}, True, id="both name nothing"),
        pytest.param({"case": "k"}, {"case": "k"}, True, id="the same case"),
        pytest.param({"case": "k"}, {"case": "l"}, False, id="another case"),
        pytest.param({"case": "k"}, {}, True, id="withdrawn for all"),
        pytest.param({"order": "4711"}, {"order": "4711"}, True, id="the same order"),
        pytest.param({"order": "4711"}, {"order": "4712"}, False, id="another order"),
        pytest.param({"order": "4711"}, {"case": "k"}, False, id="a case of the order that was not named"),
        pytest.param(
            {"case": "k", "order": "4711"}, {"case": "l", "order": "4711"}, False, id="another case, named with it"
        ),
        pytest.param({"case": "k", "order": "4711"}, {"order": "4711"}, True, id="the order of the case"),
        pytest.param({"case": "k"}, {"order": "4711"}, True, id="the order that the case was opened for"),
        pytest.param(
            {"order": "4711"}, {"case": "l", "order": "4711"}, False, id="a case, of which the request knows nothing"
        ),
        pytest.param({}, {"order": "4711"}, False, id="withdrawn for an order that was not named"),
    ],
)
def test_a_request_for_a_refund_or_to_cancel_is_a_signal_until_it_is_withdrawn(
    name: str, requested: dict[str, str], withdrawn: dict[str, str] | None, cleared: bool
) -> None:
    facts = [OPENED, fact(FactKind(f"{name}_requested"), 1, **requested)]
    if withdrawn is not None:
        facts.append(fact(FactKind(f"{name}_withdrawn"), 2, **withdrawn))
    assert reported(SignalKind(f"{name}_requested"), *facts) == [(1, 2 if cleared else None)]


@pytest.mark.parametrize("kind", ["refund_requested", "cancellation_requested"])
def test_a_request_for_a_refund_or_to_cancel_is_cleared_by_nothing_else(kind: str) -> None:
    others = [on_case(RESOLVED, 2), outbound(3, "resolved", case="k"), reached(4, order="4711")]
    assert reported(SignalKind(kind), OPENED, on_case(FactKind(kind), 1), *others) == [(1, None)]


@pytest.mark.parametrize("name", ["refund", "cancellation"])
@pytest.mark.parametrize(
    ("again", "between", "expected"),
    [
        pytest.param({}, [], [(1, None)], id="on the same case"),
        pytest.param({"case": "l"}, [], [(1, None), (5, None)], id="on another case"),
        pytest.param({"case": None}, [], [(1, None), (5, None)], id="on no case"),
        pytest.param({"said": "4f", "asked_by": "5e"}, [], [(1, None)], id="in other words, by somebody else"),
        pytest.param({"at": 25}, [], [(1, None)], id="a day later, to the minute"),
        pytest.param({"at": 25.1}, [], [(1, None), (25.1, None)], id="more than a day later"),
        pytest.param({}, [outbound(3, case="k")], [(1, None), (5, None)], id="after a talk"),
        pytest.param({}, [outbound(3, case="l")], [(1, None), (5, None)], id="after a talk about something else"),
        pytest.param({}, [outbound(1, case="k")], [(1, None)], id="after the talk in which it was asked"),
        pytest.param({}, [outbound(3, "voicemail", case="k")], [(1, None)], id="after an attempt"),
        pytest.param({}, [on_case(RESOLVED, 3)], [(1, None)], id="after the case was resolved"),
    ],
)
def test_a_repeated_request_is_one_signal(
    name: str, again: dict[str, Any], between: list[AccountFact], expected: Reported
) -> None:
    asked: dict[str, Any] = {"at": 5, "name": name} | again
    first, second = requested(1, name=name), requested(**asked)
    assert reported(SignalKind(REQUESTED[name].value), OPENED, first, second, *between) == expected


def test_a_request_repeated_after_its_withdrawal_is_another() -> None:
    withdrawn = on_case(FactKind.REFUND_WITHDRAWN, 3)
    assert reported(SignalKind.REFUND_REQUESTED, requested(1), withdrawn, requested(5)) == [(1, 3), (5, None)]
    assert reported(SignalKind.REFUND_REQUESTED, requested(1), on_case(FactKind.REFUND_WITHDRAWN, 5), requested(5)) == [
        (1, 5)
    ]


def test_a_request_repeated_after_its_episode_was_closed_is_another() -> None:
    first = requested(1)
    closed = fact(FactKind.REQUEST_CLOSED, 3, order="4711", what=str(first.fact_id))
    assert reported(SignalKind.REFUND_REQUESTED, first, closed, requested(5)) == [(1, None), (5, None)]


def test_a_request_repeated_after_its_episode_was_reopened_is_the_same() -> None:
    first = requested(1)

    def noted(kind: FactKind, at: int) -> AccountFact:
        return fact(kind, at, order="4711", what=str(first.fact_id))

    undone = [first, noted(FactKind.REQUEST_CLOSED, 3), noted(FactKind.REQUEST_REOPENED, 5)]
    assert reported(SignalKind.REFUND_REQUESTED, *undone, requested(6)) == [(1, None)]
    assert reported(SignalKind.REFUND_REQUESTED, *undone, requested(4)) == [(1, None), (4, None)]
    again = noted(FactKind.REQUEST_CLOSED, 7)
    assert reported(SignalKind.REFUND_REQUESTED, *undone, again, requested(8)) == [(1, None), (8, None)]


def test_refunds_of_different_kinds_are_different_requests() -> None:
    facts = [requested(1, what="chargeback"), requested(2, what="dissatisfaction"), requested(3, what="chargeback")]
    assert reported(SignalKind.REFUND_REQUESTED, *facts) == [(1, None), (2, None)]


def test_a_day_counts_from_the_earliest_request() -> None:
    facts = [requested(at) for at in (1, 20, 26, 45)]
    first, second = of_kind(SignalKind.REFUND_REQUESTED, *facts)
    assert [one.fact_id for one in first.again] == [facts[1].fact_id]
    assert [one.fact_id for one in second.again] == [facts[3].fact_id]


def test_a_request_reported_late_becomes_the_earliest() -> None:
    early, late = requested(1), requested(5)
    (detection,) = of_kind(SignalKind.REFUND_REQUESTED, late, early)
    assert (detection.cause, detection.again) == (early, (late,))
