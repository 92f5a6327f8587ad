"""Signals from orders: missing confirmations, promises, results, deliveries; and the terms in force.

Each test case lists facts, and when the signals began and were cleared, in hours.
"""

import json
from datetime import datetime
from typing import Any

import pytest

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.thresholds import Thresholds
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.find import detections
from shared.contracts.escalation import SignalKind
from tests.unit.accounts import RoundTheClock, Twice, fact, hours, of_kind, outbound, reached, reported, rules

Reported = list[tuple[float, float | None]]


def of_order(kind: FactKind, at: float, order: str = "4711", **more: Any) -> AccountFact:
    return fact(kind, at, order=order, **more)


REQUIRED = of_order(FactKind.CONFIRMATION_REQUIRED, 1)
OPENED = fact(FactKind.CASE_OPENED, 0, case="k", order="4712")
CANCELLED = FactKind.ORDER_CANCELLED


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([REQUIRED], [(9, None)], id="nobody calls"),
        pytest.param([REQUIRED, outbound(9)], [], id="reached by phone in the last moment"),
        pytest.param([REQUIRED, outbound(9.1)], [(9, 9.1)], id="reached by phone too late"),
        pytest.param([REQUIRED, outbound(2, channel="in_person")], [], id="met in person"),
        pytest.param([REQUIRED, outbound(2, channel="email")], [(9, None)], id="an e-mail is no call"),
        pytest.param([REQUIRED, outbound(2, "voicemail")], [(9, None)], id="a voicemail is no talk"),
        pytest.param([REQUIRED, reached(2, order="4711")], [], id="a salesperson reached them"),
        pytest.param([REQUIRED, reached(2, channel="in_person")], [], id="a salesperson met them"),
        pytest.param([REQUIRED, reached(2, channel="email")], [(9, None)], id="a salesperson wrote to them"),
        pytest.param([REQUIRED, outbound(2, order="4711")], [], id="on this order"),
        pytest.param([REQUIRED, outbound(2, order="4712")], [(9, None)], id="on another order"),
        pytest.param([REQUIRED, OPENED, outbound(2, case="k")], [(9, None)], id="on the case of another order"),
        pytest.param([REQUIRED, outbound(2, case="k")], [], id="on a case of no known order"),
        pytest.param([REQUIRED, outbound(0.5)], [(9, None)], id="called before"),
        pytest.param([REQUIRED, of_order(FactKind.ORDER_CONFIRMED, 3)], [], id="confirmed"),
        pytest.param([REQUIRED, of_order(FactKind.ORDER_CONFIRMED, 10)], [(9, 10)], id="confirmed too late"),
        pytest.param([REQUIRED, of_order(CANCELLED, 10)], [(9, 10)], id="cancelled"),
        pytest.param([REQUIRED, of_order(FactKind.ORDER_CONFIRMED, 3, "4712")], [(9, None)], id="another confirmed"),
    ],
)
def test_an_order_without_a_call_is_stalled(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.ORDER_STALLED, *facts) == expected


SOLD = of_order(FactKind.SOLD, 1)
WEEK = 7 * 24


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([SOLD], [(1 + WEEK, None)], id="nothing happens"),
        pytest.param([SOLD, of_order(FactKind.ORDER_CONFIRMED, 30)], [], id="confirmed"),
        pytest.param([SOLD, of_order(FactKind.ORDER_CONFIRMED, 1)], [], id="confirmed when it was sold"),
        pytest.param([SOLD, of_order(FactKind.DELIVERY_LATE, 1 + WEEK)], [], id="something is told in the last moment"),
        pytest.param([SOLD, of_order(FactKind.CONFIRMATION_REQUIRED, 200)], [(169, 200), (208, None)], id="asked late"),
        pytest.param([SOLD, of_order(FactKind.ORDER_CHANGED, 30)], [], id="it changes"),
        pytest.param([SOLD, outbound(30)], [], id="somebody phones"),
        pytest.param([SOLD, outbound(200)], [(169, 200)], id="somebody phones too late"),
        pytest.param([SOLD, outbound(0.5)], [(169, None)], id="before it was sold"),
        pytest.param([SOLD, outbound(30, order="4712")], [(169, None)], id="about another order"),
        pytest.param([SOLD, outbound(30, channel="email")], [(169, None)], id="somebody writes"),
        pytest.param([SOLD, of_order(FactKind.ORDER_CONFIRMED, 30, "4712")], [(169, None)], id="another is confirmed"),
        pytest.param([SOLD, of_order(FactKind.DELIVERY_DUE, 1, due=400)], [(169, None)], id="what the sale says"),
    ],
)
def test_an_order_without_a_fact_since_the_sale_is_stalled(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.ORDER_STALLED, *facts) == expected
    assert {one.names_order for one in of_kind(SignalKind.ORDER_STALLED, *facts)} <= {"4711"}


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        pytest.param(
            SignalKind.DELIVERY_LATE, [of_order(FactKind.DELIVERY_LATE, 5), of_order(FactKind.ORDER_DELIVERED, 5)]
        ),
        pytest.param(SignalKind.DELIVERY_LATE, [of_order(FactKind.DELIVERY_LATE, 5), of_order(CANCELLED, 5)]),
        pytest.param(SignalKind.ORDER_STALLED, [REQUIRED, of_order(FactKind.ORDER_CONFIRMED, 1)]),
        pytest.param(SignalKind.ORDER_STALLED, [REQUIRED, of_order(CANCELLED, 1)]),
    ],
)
def test_an_end_of_an_order_settles_signals_of_the_same_instant(kind: SignalKind, facts: list[AccountFact]) -> None:
    assert [detection for detection in of_kind(kind, *facts) if detection.cleared_by is None] == []


def test_an_order_stalls_in_working_time() -> None:
    assert [detection.at for detection in of_kind(SignalKind.ORDER_STALLED, REQUIRED, working=Twice())] == [hours(17)]
    assert not of_kind(SignalKind.ORDER_STALLED, REQUIRED, outbound(16), working=Twice())


def promise(what: str = "training", due: float = 10) -> AccountFact:
    return of_order(FactKind.PROMISE, 1, what=what, due=due)


def kept(at: float, what: str = "training", order: str = "4711") -> AccountFact:
    return of_order(FactKind.PROMISE_KEPT, at, order, what=what)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([promise()], [(10, None)], id="past due"),
        pytest.param([promise(), kept(10)], [], id="kept in the last moment"),
        pytest.param([promise(), kept(11)], [(10, 11)], id="kept too late"),
        pytest.param([promise(), kept(0.5)], [], id="kept before it was told"),
        pytest.param([promise(), kept(5, "visit")], [(10, None)], id="another promise kept"),
        pytest.param([promise(), kept(5, order="4712")], [(10, None)], id="that of another order"),
        pytest.param([promise(), promise("visit", 12)], [(10, None), (12, None)], id="two promises"),
        pytest.param([promise(), promise(due=12)], [(10, None)], id="two of one name: the first due"),
        pytest.param([promise(), of_order(CANCELLED, 5)], [], id="cancelled before"),
        pytest.param([promise(), of_order(CANCELLED, 11)], [(10, 11)], id="cancelled after"),
        pytest.param([promise(due=0)], [(1, None)], id="due before the sale"),
    ],
)
def test_a_promise_past_due_without_proof_is_missed(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.PROMISE_MISSED, *facts) == expected


def outcome(at: float, reached: int, order: str = "4711") -> AccountFact:
    return of_order(FactKind.OUTCOME_REPORTED, at, order, number=reached)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([outcome(1, 0)], [(1, None)], id="not reached"),
        pytest.param([outcome(1, 1)], [], id="reached"),
        pytest.param([outcome(1, 0), outcome(2, 1)], [(1, 2)], id="reached later"),
        pytest.param([outcome(1, 0), outcome(2, 0)], [(1, None), (2, None)], id="not reached, twice"),
        pytest.param([outcome(2, 0), outcome(1, 1)], [(2, None)], id="reached before"),
        pytest.param([outcome(1, 0), outcome(2, 1, "4712")], [(1, None)], id="that of another order"),
    ],
)
def test_an_outcome_denied_by_the_buyer_is_a_signal(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.OUTCOME_DENIED, *facts) == expected


DUE = of_order(FactKind.DELIVERY_DUE, 1, due=10)
LATE = of_order(FactKind.DELIVERY_LATE, 5)
LATER = of_order(FactKind.DELIVERY_LATE, 12)
DELIVERED = FactKind.ORDER_DELIVERED


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([LATE], [(5, None)], id="somebody says so"),
        pytest.param([LATE, of_order(DELIVERED, 6)], [(5, 6)], id="delivered"),
        pytest.param([LATE, of_order(CANCELLED, 6)], [(5, 6)], id="cancelled"),
        pytest.param([LATE, of_order(DELIVERED, 6, "4712")], [(5, None)], id="another delivered"),
        pytest.param([DUE], [(10, None)], id="the day passed"),
        pytest.param([DUE, of_order(DELIVERED, 10)], [], id="delivered in the last moment"),
        pytest.param([DUE, of_order(DELIVERED, 11)], [(10, 11)], id="delivered too late"),
        pytest.param([DUE, of_order(CANCELLED, 9)], [], id="cancelled before"),
        pytest.param([DUE, LATE], [(5, None)], id="somebody says so, and the day passed"),
        pytest.param([DUE, LATER], [(10, None)], id="the day passed, and somebody says so"),
        pytest.param([LATE, LATER], [(5, None)], id="somebody says so again"),
        pytest.param([LATE, of_order(DELIVERED, 6), LATER], [(5, 6), (12, None)], id="the rest of it is late as well"),
    ],
)
def test_a_late_delivery_is_a_signal(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.DELIVERY_LATE, *facts) == expected


LINES = of_order(FactKind.ORDER_LINES, 0, what='[["Machine", 1], ["Grinder", 2]]')


def arrived(at: float, *places: int, complete: int | None = None) -> AccountFact:
    return of_order(DELIVERED, at, what=str(list(places)) if places else None, number=complete)


def changed(at: float, *lines: tuple[str, int], due: float | None = None) -> AccountFact:
    what = json.dumps(lines) if lines else None
    return of_order(FactKind.ORDER_CHANGED, at, what=what, due=due)


WHOLE, NOT_WHOLE = of_order(DELIVERED, 9, id=1), of_order(DELIVERED, 9, id=2, number=0)
MACHINE, GRINDER, BEANS = ("Machine", 1), ("Grinder", 2), ("Beans", 5)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([DUE, LINES, arrived(9, 1)], [(10, None)], id="a part is not the whole"),
        pytest.param([DUE, LINES, arrived(9, 1), arrived(12, 2)], [(10, 12)], id="the last line"),
        pytest.param([DUE, LINES, arrived(9, 2), arrived(9.5, 1)], [], id="both in time"),
        pytest.param([DUE, LINES, arrived(9, 1), arrived(12, 1)], [(10, None)], id="the same line again"),
        pytest.param([DUE, LINES, arrived(9, 1), arrived(12, 7)], [(10, None)], id="a line that there is not"),
        pytest.param([DUE, LINES, arrived(9, 1, complete=1)], [], id="a part that completes it"),
        pytest.param([DUE, LINES, arrived(9, 1, 2, complete=0)], [(10, None)], id="all, and said not to be"),
        pytest.param([DUE, LINES, arrived(9, complete=0)], [(10, None)], id="a part that is not named"),
        pytest.param([DUE, LINES, arrived(9, complete=0), arrived(12)], [(10, 12)], id="then the whole"),
        pytest.param([LATE, LINES, arrived(6, 1)], [(5, None)], id="said to be late until the last line"),
        pytest.param([LATE, LINES, arrived(6, 1), arrived(7, 2)], [(5, 7)], id="said to be late, and all arrived"),
        pytest.param([DUE, LINES, arrived(9), arrived(12, 1, complete=0)], [(12, None)], id="no longer whole"),
        pytest.param([DUE, LINES, WHOLE, NOT_WHOLE], [], id="the whole in the same instant"),
        pytest.param([DUE, LINES, WHOLE, NOT_WHOLE, changed(15, MACHINE, BEANS)], [(15, None)], id="then a new line"),
        pytest.param([DUE, arrived(9, 1)], [(10, None)], id="whose lines are not known"),
        pytest.param([DUE, arrived(9), arrived(12, 1)], [], id="after the whole, whose lines are not known"),
        pytest.param(
            [DUE, LINES, arrived(9, 1), changed(12, MACHINE)], [(10, 12)], id="what had not arrived is taken off"
        ),
        pytest.param(
            [DUE, LINES, arrived(9, 1), changed(12, GRINDER)], [(10, None)], id="what had arrived is taken off"
        ),
        pytest.param([DUE, LINES, arrived(9), changed(9.5, MACHINE, GRINDER, BEANS)], [(10, None)], id="a new line"),
        pytest.param(
            [DUE, LINES, arrived(9), changed(9.5, MACHINE, GRINDER, BEANS), arrived(9.8, 3)], [], id="which arrives"
        ),
        pytest.param([DUE, LINES, arrived(9), changed(9.5, MACHINE, ("Grinder", 3))], [(10, None)], id="more of one"),
        pytest.param([DUE, LINES, arrived(9), changed(9.5, GRINDER, MACHINE)], [], id="the same in another order"),
        pytest.param([DUE, LINES, arrived(9), changed(9.5)], [], id="another amount alone"),
        pytest.param([DUE, LINES, arrived(11), changed(15, MACHINE, BEANS)], [(10, 11), (15, None)], id="added late"),
        pytest.param(
            [DUE, LINES, arrived(11), changed(15, MACHINE, BEANS, due=20)], [(10, 11), (20, None)], id="and a new day"
        ),
        pytest.param([DUE, changed(5, due=20)], [(20, None)], id="put off before it was late"),
        pytest.param([DUE, changed(10, due=20)], [(20, None)], id="put off in the last moment"),
        pytest.param([DUE, changed(12, due=20), arrived(22)], [(10, 22)], id="put off once it was late"),
        pytest.param([DUE, changed(5, due=20), changed(6, due=8)], [(8, None)], id="the latest counts"),
        pytest.param([changed(5, due=3)], [(5, None)], id="nothing is late before it was told"),
    ],
)
def test_an_order_that_arrives_in_parts_or_changes_is_late_until_its_last_line(
    facts: list[AccountFact], expected: Reported
) -> None:
    assert reported(SignalKind.DELIVERY_LATE, *facts) == expected
    assert reported(SignalKind.DELIVERY_LATE, *reversed(facts)) == expected


def test_a_line_of_very_many_costs_no_more_than_one() -> None:
    lines = of_order(FactKind.ORDER_LINES, 0, what='[["Screw", 1000000000]]')
    assert reported(SignalKind.DELIVERY_LATE, DUE, lines, arrived(9), changed(9.5, ("Screw", 1_000_000_000))) == []


@pytest.mark.parametrize("kind", ["order_cancelled", "refund_paid"])
def test_an_order_cancelled_or_a_refund_paid_is_a_signal_that_nothing_clears(kind: str) -> None:
    others = [of_order(DELIVERED, 2), of_order(FactKind.ORDER_CONFIRMED, 3), reached(4, order="4711")]
    assert reported(SignalKind(kind), of_order(FactKind(kind), 1), *others) == [(1, None)]


@pytest.mark.parametrize(
    ("kind", "raised", "late"),
    [
        pytest.param(SignalKind.ORDER_STALLED, REQUIRED, outbound(3), id="order_stalled"),
        pytest.param(SignalKind.PROMISE_MISSED, promise(), kept(3), id="promise_missed"),
        pytest.param(SignalKind.DELIVERY_LATE, DUE, of_order(DELIVERED, 3), id="delivery_late"),
    ],
)
def test_a_timely_fact_reported_late_withdraws_the_signal(
    kind: SignalKind, raised: AccountFact, late: AccountFact
) -> None:
    assert of_kind(kind, raised)
    assert not of_kind(kind, raised, late)


def test_a_signal_is_judged_by_the_terms_at_its_beginning() -> None:
    asked: list[datetime] = []

    def thresholds(at: datetime) -> Thresholds:
        asked.append(at)
        return Thresholds(rules(only=SignalKind.ORDER_STALLED), RoundTheClock())

    detections(History([REQUIRED, outbound(30)]), thresholds)
    assert hours(1) in asked
