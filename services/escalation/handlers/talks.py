"""Talks with customers that salespeople log, and attempts at one: they count like contacts that others tell. What the
customer said of a promise or an outcome is kept beside them."""

from typing import Any

from services.escalation.domain.duties import ANSWERS, Duty, DutyKind, Sale, duties_of
from services.escalation.domain.duty_buttons import CheckInLogged, DutyButton, FollowUpLogged
from services.escalation.domain.facts import AccountFact, FactKind, fact_id
from services.escalation.domain.own_facts import AttemptLogged, CustomerReachedLogged
from services.escalation.handlers.judging import note_facts
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import CheckInDone, CustomersAnswer, FollowUpAnswered


def note_talk(turn: Turn[CustomerReachedLogged] | Turn[DutyButton], order_id: str) -> None:
    """Whoever logs it talked with the customer about an order, just now."""
    note_facts(turn, [_talk(turn, order_id)])


def note_attempt(turn: Turn[AttemptLogged], order_id: str) -> None:
    """Whoever logs it called about an order, just now, and reached nobody."""
    note_facts(turn, [_just_now(turn, order_id, FactKind.CONTACT, "unanswered")])


def _talk(turn: Turn[Any], order_id: str) -> AccountFact:
    return _just_now(turn, order_id, FactKind.CUSTOMER_REACHED, "answered")


def _just_now(turn: Turn[Any], order_id: str, kind: FactKind, result: str) -> AccountFact:
    return AccountFact(
        fact_id=fact_id(turn.event),
        account_id=turn.account_id,
        kind=kind,
        at=turn.now,
        order_id=order_id,
        direction="outbound",
        channel=turn.fact.channel.value,
        result=result,
        agent=turn.fact.by,
    )


def log_check_in(turn: Turn[CheckInLogged]) -> None:
    """The proof of a duty: it clears what a talk clears, and whoever keeps contacts hears of it."""
    fact = turn.fact
    if not any(duty.kind is DutyKind.CHECK_IN for duty in _duties(turn)):
        turn.reject("no_check_in_due", "this check-in is not on your list any more; reload the page.")
        return
    note_talk(turn, fact.order)
    turn.publish(CheckInDone(order=fact.order, by=fact.by, at=turn.now, channel=fact.channel))


def log_follow_up(turn: Turn[FollowUpLogged]) -> None:
    """A talk, and what the customer answered: it finishes the duty and is no proof. That the outcome was not reached is
    a signal like the buyer's own word."""
    fact = turn.fact
    duty = next((duty for duty in _duties(turn) if _is_answered(duty, fact)), None)
    if duty is None:
        turn.reject("no_follow_up_due", "this follow-up is not on your list any more; reload the page.")
        return
    note_facts(turn, [_talk(turn, fact.order), _answer(turn, duty)])
    promise = duty.promise.what if duty.promise else None
    told = FollowUpAnswered(
        order=fact.order, by=fact.by, at=turn.now, channel=fact.channel, answer=fact.answer, promise=promise
    )
    turn.publish(told)


def _duties(turn: Turn[CheckInLogged] | Turn[FollowUpLogged]) -> list[Duty]:
    """What whoever pressed is to do now for the order."""
    book, order = turn.book, turn.state.orders.get(turn.fact.order)
    if order is None:
        return []
    sale = Sale(order, book.account(turn.account_id), book.history(turn.account_id))
    return duties_of(turn.fact.by, sale, book.people, book.policies, turn.now)


def _is_answered(duty: Duty, fact: FollowUpLogged) -> bool:
    promise = duty.promise.fact_id if duty.promise else None
    return fact.answer in ANSWERS[duty.kind] and promise == fact.promise


def _answer(turn: Turn[FollowUpLogged], duty: Duty) -> AccountFact:
    """As it is remembered: who says so, and of which promise, or whether the outcome was reached."""
    kept = duty.kind is DutyKind.PROMISE
    return AccountFact(
        fact_id=fact_id(turn.event, "answer"),
        account_id=turn.account_id,
        kind=FactKind.PROMISE_SAID_KEPT if kept else FactKind.OUTCOME_SAID,
        at=turn.now,
        order_id=turn.fact.order,
        channel=turn.fact.channel.value,
        agent=turn.fact.by,
        number=None if kept else int(turn.fact.answer is CustomersAnswer.WORKED),
        what=duty.promise.what if duty.promise else None,
    )
