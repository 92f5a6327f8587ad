"""What the events show about a loss: each class has a table of facts, in hours; the loss is at hour 100."""

import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.losses.shown import CLASS_OF_KIND, LostOrder, shown
from shared.contracts.escalation import SignalKind
from tests.examples import examples
from tests.unit.accounts import always, fact, hours, inbound, outbound, reached, rules

_ORDER, _LOST_AT = "4711", 100
NOBODY, PASSED, LATE = LossClass.NOBODY_REACHED, LossClass.PASSED_AROUND, LossClass.TOO_LATE
BROKEN, MISSED, NOT_AS_SOLD = LossClass.PROMISE_BROKEN, LossClass.OUTCOME_MISSED, LossClass.NOT_AS_SOLD
OTHER = LossClass.OTHER

REFUND = fact(FactKind.REFUND_REQUESTED, 90, order=_ORDER, what="dissatisfaction")
RESOLVED = fact(FactKind.CASE_RESOLVED, 50, case="k")
TALK = outbound(95, order=_ORDER)


def of_order(kind: FactKind, at: float, order: str = _ORDER, **more: Any) -> AccountFact:
    return fact(kind, at, order=order, **more)


def lines(kind: FactKind, at: float, *known: tuple[str, int]) -> AccountFact:
    return of_order(kind, at, what=json.dumps(known))


def passed_on(at: float, case: str = "k") -> AccountFact:
    return fact(FactKind.CASE_REASSIGNED, at, case=case, number=3)


SOLD = lines(FactKind.ORDER_LINES, 0, ("Heat pump", 1), ("Filter", 2))


def classes(*facts: AccountFact, look_back: float = 1000) -> tuple[LossClass, ...]:
    lost = LostOrder(_ORDER, hours(_LOST_AT - look_back), hours(_LOST_AT))
    return tuple(one.loss_class for one in shown(lost, History(facts), always(rules())))


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        pytest.param([REFUND], True, id="a request, and no talk"),
        pytest.param([REFUND, TALK], False, id="we called"),
        pytest.param([REFUND, inbound(95, "answered")], False, id="they called, and somebody answered"),
        pytest.param([REFUND, reached(95, order=_ORDER)], False, id="the acknowledger reached them"),
        pytest.param([REFUND, outbound(95, "voicemail")], True, id="a voicemail is no talk"),
        pytest.param([REFUND, outbound(95, order="4712")], True, id="a talk about another order"),
        pytest.param([REFUND, outbound(90)], True, id="the talk in which they asked"),
        pytest.param([REFUND, outbound(80)], True, id="a talk before the request"),
        pytest.param([REFUND, outbound(101)], True, id="a talk after the loss"),
        pytest.param([of_order(FactKind.OUTCOME_REPORTED, 90, number=0)], True, id="without a request: the trouble"),
        pytest.param([], False, id="nothing is known"),
    ],
)
def test_nobody_reached_the_customer(facts: list[AccountFact], holds: bool) -> None:
    assert (NOBODY in classes(*facts)) is holds


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        pytest.param([inbound(50, "dead_end", order=_ORDER)], True, id="turned away"),
        pytest.param([passed_on(50)], True, id="passed from one to the next"),
        pytest.param([inbound(50, case="k"), inbound(51, case="k"), inbound(52, case="k")], True, id="asked again"),
        pytest.param(
            [fact(FactKind.CASE_RESOLVED, 50, case="k"), fact(FactKind.CASE_REOPENED, 51, case="k")],
            True,
            id="reopened",
        ),
        pytest.param([inbound(50, "dead_end", order=_ORDER), outbound(51, order=_ORDER)], True, id="settled later"),
        pytest.param([inbound(50, "dead_end", order="4712")], False, id="about another order"),
        pytest.param([inbound(101, "dead_end", order=_ORDER)], False, id="after the loss"),
    ],
)
def test_the_customer_was_passed_around(facts: list[AccountFact], holds: bool) -> None:
    assert (PASSED in classes(*facts, TALK)) is holds


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        pytest.param([inbound(50)], True, id="nobody answered"),
        pytest.param([inbound(50), outbound(51)], False, id="answered in time"),
        pytest.param([fact(FactKind.RESPONSE_PROMISED, 50, case="k", due=60)], True, id="a promised answer"),
        pytest.param([of_order(FactKind.CONFIRMATION_REQUIRED, 50)], True, id="nobody asked for the confirmation"),
        pytest.param([of_order(FactKind.DELIVERY_DUE, 1, due=60)], True, id="the delivery"),
        pytest.param([of_order(FactKind.DELIVERY_DUE, 1, due=101)], False, id="not due before the loss"),
    ],
)
def test_it_came_too_late(facts: list[AccountFact], holds: bool) -> None:
    assert (LATE in classes(*facts, TALK)) is holds


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        pytest.param([of_order(FactKind.PROMISE, 1, due=60, what="training")], True, id="not kept"),
        pytest.param(
            [
                of_order(FactKind.PROMISE, 1, due=60, what="training"),
                of_order(FactKind.PROMISE_KEPT, 50, what="training"),
            ],
            False,
            id="kept",
        ),
        pytest.param([of_order(FactKind.PROMISE, 1, "4712", due=60, what="training")], False, id="of another order"),
    ],
)
def test_a_promise_was_broken(facts: list[AccountFact], holds: bool) -> None:
    assert (BROKEN in classes(*facts, TALK)) is holds


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        pytest.param([of_order(FactKind.OUTCOME_REPORTED, 50, number=0)], True, id="not reached"),
        pytest.param([of_order(FactKind.OUTCOME_SAID, 50, number=0)], True, id="not reached, as a salesperson says"),
        pytest.param([of_order(FactKind.OUTCOME_REPORTED, 50, number=1)], False, id="reached"),
    ],
)
def test_the_result_was_not_achieved(facts: list[AccountFact], holds: bool) -> None:
    assert (MISSED in classes(*facts, TALK)) is holds


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        pytest.param([SOLD, of_order(FactKind.ORDER_DELIVERED, 50, what="[1]")], True, id="only a part arrived"),
        pytest.param([SOLD, of_order(FactKind.ORDER_DELIVERED, 50, number=0)], True, id="reported as not all"),
        pytest.param([of_order(FactKind.ORDER_DELIVERED, 50)], False, id="all arrived"),
        pytest.param([SOLD, of_order(FactKind.ORDER_DELIVERED, 50, what="[1, 2]")], False, id="all parts arrived"),
        pytest.param([SOLD, lines(FactKind.ORDER_CHANGED, 50, ("Heat pump", 1))], True, id="a line was taken out"),
        pytest.param(
            [SOLD, lines(FactKind.ORDER_CHANGED, 50, ("Heat pump", 1), ("Filter", 1))], True, id="fewer of a line"
        ),
        pytest.param(
            [SOLD, lines(FactKind.ORDER_CHANGED, 50, ("Heat pump", 1), ("Filter", 2), ("Hose", 1))],
            False,
            id="a line was added",
        ),
        pytest.param([SOLD, lines(FactKind.ORDER_CHANGED, 101, ("Heat pump", 1))], False, id="changed after the loss"),
    ],
)
def test_the_customer_got_less_than_was_sold(facts: list[AccountFact], holds: bool) -> None:
    assert (NOT_AS_SOLD in classes(*facts, TALK)) is holds


def test_without_any_class_the_reason_is_another() -> None:
    assert classes(REFUND, TALK) == (OTHER,)
    assert classes() == (OTHER,)


def test_all_classes_that_hold_are_shown_and_the_main_one_is_first() -> None:
    facts = [of_order(FactKind.OUTCOME_REPORTED, 50, number=0), passed_on(40), inbound(30), REFUND]
    assert classes(*facts) == (NOBODY, PASSED, LATE, MISSED)


def test_old_troubles_do_not_count() -> None:
    assert classes(passed_on(40), TALK, look_back=50) == (OTHER,)
    assert classes(passed_on(60), TALK, look_back=50) == (PASSED,)


def test_no_kind_of_trouble_shows_a_price() -> None:
    assert set(CLASS_OF_KIND) == set(SignalKind)
    assert LossClass.PRICE not in CLASS_OF_KIND.values()


_POOL = (
    *(REFUND, TALK, SOLD, passed_on(40), inbound(30), inbound(31), inbound(32), outbound(60), reached(70)),
    *(of_order(FactKind.OUTCOME_REPORTED, 50, number=0), of_order(FactKind.PROMISE, 1, due=60, what="training")),
    *(of_order(FactKind.PROMISE_KEPT, 55, what="training"), of_order(FactKind.ORDER_DELIVERED, 50, what="[1]")),
    *(lines(FactKind.ORDER_CHANGED, 52, ("Heat pump", 1)), of_order(FactKind.DELIVERY_DUE, 1, due=45)),
    *(fact(FactKind.CASE_OPENED, 20, case="k", order="4712"), inbound(33, "dead_end", case="k")),
    fact(FactKind.ANSWER_NOT_NEEDED, 41, case="k", result="spam"),
)


@examples(200)
@given(facts=some.lists(some.sampled_from(_POOL), unique=True), order=some.randoms(use_true_random=False))
def test_any_order_of_arrival_shows_the_same_classes(facts: list[AccountFact], order: Random) -> None:
    lost = LostOrder(_ORDER, hours(_LOST_AT) - timedelta(days=90), hours(_LOST_AT))
    shuffled, history = list(facts), History()
    order.shuffle(shuffled)
    for one in shuffled:
        history.add(one)
    assert shown(lost, history, always(rules())) == shown(lost, History(facts), always(rules()))
