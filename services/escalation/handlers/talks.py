"""Talks with customers that salespeople log, and attempts at one: they count like contacts that others tell. What the
customer said of a promise or an outcome is kept beside them."""

from typing import Any

from services.escalation.domain.decisions.care import CareTaken
from services.escalation.domain.draft import Draft
from services.escalation.domain.duties import ANSWERS, Duty, DutyKind, Sale, duties_of
from services.escalation.domain.duty_buttons import CheckInLogged, DutyButton, FollowUpLogged
from services.escalation.domain.facts import AccountFact, FactKind, fact_id
from services.escalation.domain.own_facts import AttemptLogged, CustomerReachedLogged
from services.escalation.handlers.judging import note_facts
from shared.contracts.escalation import CheckInDone, CustomersAnswer, FollowUpAnswered


def note_talk(draft: Draft[CustomerReachedLogged] | Draft[DutyButton], order_id: str) -> None:
    """Whoever logs it talked with the customer about an order, just now."""
    note_facts(draft, [_talk(draft, order_id)])


def note_attempt(draft: Draft[AttemptLogged], order_id: str) -> None:
    """Whoever logs it called about an order, just now, and reached nobody."""
    note_facts(draft, [_just_now(draft, order_id, FactKind.CONTACT, "unanswered")])


def _talk(draft: Draft[Any], order_id: str) -> AccountFact:
    return _just_now(draft, order_id, FactKind.CUSTOMER_REACHED, "answered")


def _just_now(draft: Draft[Any], order_id: str, kind: FactKind, result: str) -> AccountFact:
    return AccountFact(
        fact_id=fact_id(draft.event),
        account_id=draft.account_id,
        kind=kind,
        at=draft.now,
        order_id=order_id,
        direction="outbound",
        channel=draft.fact.channel.value,
        result=result,
        agent=draft.fact.by,
    )


def log_check_in(draft: Draft[CheckInLogged]) -> None:
    """The proof of a duty: it clears what a talk clears, and whoever keeps contacts hears of it."""
    fact = draft.fact
    if not any(duty.kind is DutyKind.CHECK_IN for duty in _duties(draft)):
        draft.reject("no_check_in_due", "this check-in is not on your list any more; reload the page.")
        return
    note_talk(draft, fact.order)
    draft.decide(CareTaken(CheckInDone(order=fact.order, by=fact.by, at=draft.now, channel=fact.channel)))


def log_follow_up(draft: Draft[FollowUpLogged]) -> None:
    """A talk, and what the customer answered: it finishes the duty and is no proof. That the outcome was not reached is
    a signal like the buyer's own word."""
    fact = draft.fact
    duty = next((duty for duty in _duties(draft) if _is_answered(duty, fact)), None)
    if duty is None:
        draft.reject("no_follow_up_due", "this follow-up is not on your list any more; reload the page.")
        return
    note_facts(draft, [_talk(draft, fact.order), _answer(draft, duty)])
    promise = duty.promise.what if duty.promise else None
    told = FollowUpAnswered(
        order=fact.order, by=fact.by, at=draft.now, channel=fact.channel, answer=fact.answer, promise=promise
    )
    draft.decide(CareTaken(told))


def _duties(draft: Draft[CheckInLogged] | Draft[FollowUpLogged]) -> list[Duty]:
    """What whoever pressed is to do now for the order."""
    book, order = draft.book, draft.state.orders.get(draft.fact.order)
    if order is None:
        return []
    sale = Sale(order, book.account(draft.account_id), book.history(draft.account_id))
    return duties_of(draft.fact.by, sale, book.people, book.policies, draft.now)


def _is_answered(duty: Duty, fact: FollowUpLogged) -> bool:
    promise = duty.promise.fact_id if duty.promise else None
    return fact.answer in ANSWERS[duty.kind] and promise == fact.promise


def _answer(draft: Draft[FollowUpLogged], duty: Duty) -> AccountFact:
    """As it is remembered: who says so, and of which promise, or whether the outcome was reached."""
    kept = duty.kind is DutyKind.PROMISE
    return AccountFact(
        fact_id=fact_id(draft.event, "answer"),
        account_id=draft.account_id,
        kind=FactKind.PROMISE_SAID_KEPT if kept else FactKind.OUTCOME_SAID,
        at=draft.now,
        order_id=draft.fact.order,
        channel=draft.fact.channel.value,
        agent=draft.fact.by,
        number=None if kept else int(draft.fact.answer is CustomersAnswer.WORKED),
        what=duty.promise.what if duty.promise else None,
    )
