"""The customer's answer as reported by a salesperson: it finishes a follow-up and prevents a missed promise, until a
complaint.

Times are hours after the sale.
"""

from dataclasses import replace
from typing import Any

import pytest

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import affected
from services.escalation.domain.duties import Duty, DutyKind, Sale, duties_of, open_or_finished
from services.escalation.domain.entities import Account, Order, Salesperson
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.signals.find import place
from shared.contracts.escalation import SignalKind
from tests.builders import ACCOUNT, AT
from tests.unit.accounts import fact, hours, inbound, reported

MISSED, DENIED = SignalKind.PROMISE_MISSED, SignalKind.OUTCOME_DENIED
PROMISE = fact(FactKind.PROMISE, 0, order="o", due=10, what="training")
ORDER = Order("o", ACCOUNT, "anna", AT, 100, "EUR", "Heat pump", AT, outcome_expected_by=hours(10))


def kept(at: float, what: str = "training", order: str = "o") -> AccountFact:
    return fact(FactKind.PROMISE_SAID_KEPT, at, order=order, what=what, agent="anna")


def outcome(at: float, number: int) -> AccountFact:
    return fact(FactKind.OUTCOME_SAID, at, order="o", number=number, agent="anna")


def proven(at: float) -> AccountFact:
    return fact(FactKind.PROMISE_KEPT, at, order="o", what="training")


COMPLAINTS = [
    pytest.param(inbound(20, "dead_end", order="o"), id="a dead end"),
    pytest.param(inbound(20, "dead_end"), id="a dead end about no order"),
    pytest.param(fact(FactKind.RATED, 20, order="o", number=400), id="a low rating"),
    pytest.param(fact(FactKind.REFUND_REQUESTED, 20, order="o", what="dissatisfaction"), id="money back"),
    pytest.param(fact(FactKind.CANCELLATION_REQUESTED, 20, order="o"), id="to cancel"),
    pytest.param(fact(FactKind.OUTCOME_REPORTED, 20, order="o", number=0), id="not reached"),
    pytest.param(outcome(20, 0), id="said not to be reached"),
]
NO_COMPLAINTS = [
    pytest.param(inbound(20, "dead_end", order="other"), id="about another order"),
    pytest.param(inbound(4, "dead_end", order="o"), id="dated before it was said"),
    pytest.param(inbound(20, "dead_end", order="o", courtesy=True), id="an automatic reply"),
    pytest.param(inbound(20, "unanswered", order="o"), id="a missed call"),
    pytest.param(fact(FactKind.RATED, 20, order="o", number=600), id="a good rating"),
    pytest.param(fact(FactKind.OUTCOME_REPORTED, 20, order="o", number=1), id="reached"),
    pytest.param(fact(FactKind.DELIVERY_LATE, 20, order="o"), id="what the customer did not say"),
]


def test_a_promise_confirmed_in_time_is_not_missed() -> None:
    assert reported(MISSED, PROMISE) == [(10, None)]
    assert reported(MISSED, PROMISE, kept(5)) == []
    assert reported(MISSED, PROMISE, kept(10)) == []


@pytest.mark.parametrize("said", [kept(5, "manual"), kept(5, order="other")])
def test_a_confirmation_does_not_cover_another_promise(said: AccountFact) -> None:
    assert reported(MISSED, PROMISE, said) == [(10, None)]


def test_a_confirmation_after_a_promise_is_missed_settles_nothing() -> None:
    assert reported(MISSED, PROMISE, kept(11)) == [(10, None)]
    assert reported(MISSED, PROMISE, kept(11), proven(12)) == [(10, 12)]


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_a_later_complaint_makes_the_promise_missed(complaint: AccountFact) -> None:
    assert reported(MISSED, PROMISE, kept(5), complaint) == [(20, None)]
    assert reported(MISSED, PROMISE, kept(5), replace(complaint, at=hours(7))) == [(10, None)]
    assert reported(MISSED, PROMISE, kept(5), replace(complaint, at=hours(5))) == [(10, None)], (
        "missing a promise is worse"
    )


@pytest.mark.parametrize("fact", NO_COMPLAINTS)
def test_nothing_else_makes_a_confirmed_promise_missed(fact: AccountFact) -> None:
    assert reported(MISSED, PROMISE, kept(5), fact) == []


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_a_complaint_brings_the_promise_into_scope(complaint: AccountFact) -> None:
    scope = affected(History([PROMISE, kept(5), complaint]), complaint)
    assert scope.window_of(place(MISSED, case=None, order="o", by_silence=True)) is not None
    assert place(MISSED, case=None, order="o", by_silence=True).part is Part.ORDERS


def test_a_complaint_without_an_order_reads_only_answers_since_the_complaint_before() -> None:
    """For any number of orders with an answer, each complaint reads an answer once."""
    said = [fact(FactKind.PROMISE_SAID_KEPT, at, order=f"o-{at}", what="training", agent="anna") for at in range(1, 9)]
    earlier, good, complaint = inbound(3.5, "dead_end"), fact(FactKind.RATED, 5.5, number=900), inbound(6.5, "dead_end")
    assert affected(History([*said, complaint]), complaint).orders == frozenset(f"o-{at}" for at in range(1, 7))
    between = affected(History([*said, earlier, good, complaint]), complaint)
    assert between.orders == frozenset({"o-4", "o-5", "o-6"})
    lowest = fact(FactKind.RATED, 5.5, number=0)
    assert affected(History([*said, lowest, complaint]), complaint).orders == frozenset({"o-6"}), "under any policy"


def test_a_repeated_confirmation_after_a_complaint_counts_if_it_is_in_time() -> None:
    complaint = inbound(7, "dead_end", order="o")
    assert reported(MISSED, PROMISE, kept(5), complaint, kept(8)) == []
    assert reported(MISSED, PROMISE, kept(5), complaint, kept(12)) == [(10, None)]


@pytest.mark.parametrize("proof", [proven(4), proven(15), fact(FactKind.ORDER_CANCELLED, 15, order="o")])
def test_a_complaint_does_not_make_a_proven_or_cancelled_promise_missed(proof: AccountFact) -> None:
    assert reported(MISSED, PROMISE, kept(5), proof, inbound(20, "dead_end")) == []


def test_a_withdrawn_complaint_does_not_count() -> None:
    complaint = inbound(20, "dead_end", order="o", case="k")
    assert reported(MISSED, PROMISE, kept(5), complaint) == [(20, None)]
    spam = fact(FactKind.ANSWER_NOT_NEEDED, 21, case="k", result="spam")
    assert reported(MISSED, PROMISE, kept(5), complaint, spam) == []


def test_a_result_reported_as_not_reached_is_denied_until_the_buyer_says_otherwise() -> None:
    assert reported(DENIED, outcome(5, 1)) == []
    assert reported(DENIED, outcome(5, 0)) == [(5, None)]
    assert reported(DENIED, outcome(5, 0), fact(FactKind.OUTCOME_REPORTED, 9, order="o", number=1)) == [(5, 9)]
    assert reported(DENIED, outcome(5, 0), outcome(9, 1)) == [(5, None)], "a salesperson's report proves nothing"


def person(id: str, **changes: Any) -> Salesperson:
    return replace(Salesperson(id, AT, id.title(), None, None, None, None, "UTC", "[]", True, None, None), **changes)


def found(*facts: AccountFact, of: str = "anna", **account: Any) -> dict[DutyKind, Duty]:
    people = {id: person(id) for id in ("anna", "ben")}
    sale = Sale(ORDER, Account(ACCOUNT, **account), History([PROMISE, *facts]))
    all_of_them = open_or_finished(of, sale, people, Policies.shipped(), hours(30))
    left = duties_of(of, sale, people, Policies.shipped(), hours(30))
    assert left == [duty for duty in all_of_them if not duty.is_finished]
    return {duty.kind: duty for duty in all_of_them}


@pytest.mark.parametrize(
    ("said", "kind"),
    [(kept(5), DutyKind.PROMISE), (outcome(5, 1), DutyKind.OUTCOME), (outcome(5, 0), DutyKind.OUTCOME)],
)
def test_an_answer_finishes_a_follow_up_without_proving_it(said: AccountFact, kind: DutyKind) -> None:
    duty = found(said)[kind]
    assert duty.is_finished
    assert duty.word is not None
    assert duty.word.said == said


def test_a_proof_before_or_after_an_answer_ends_the_follow_up() -> None:
    denial = fact(FactKind.OUTCOME_REPORTED, 4, order="o", number=1)
    assert found(kept(5), proven(4), outcome(5, 1), denial) == {}
    assert found(kept(5), proven(9), outcome(5, 1), replace(denial, at=hours(9))) == {}


@pytest.mark.parametrize("complaint", COMPLAINTS[:5])
def test_a_complaint_restores_a_follow_up_with_a_good_answer(complaint: AccountFact) -> None:
    duties = found(kept(5), outcome(5, 1), complaint)
    assert not any(duty.is_finished for duty in duties.values())
    assert {duty.word.complaint for duty in duties.values() if duty.word} == {complaint}


def test_an_answer_that_it_did_not_work_stays() -> None:
    assert found(outcome(5, 0), inbound(20, "dead_end"))[DutyKind.OUTCOME].is_finished


def test_a_successor_continues_with_earlier_answers() -> None:
    moved: dict[str, Any] = {"assigned_to": "ben", "assigned_since": AT.date(), "assigned_at": AT}
    assert found(kept(5), of="ben", **moved)[DutyKind.PROMISE].is_finished
    assert found(kept(5), **moved) == {}
