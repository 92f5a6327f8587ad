"""Talks with customers that salespeople log, and attempts at one: they count like contacts that others tell."""

from typing import Any

from services.escalation.domain.duties import DutyKind, Sale, duties_of
from services.escalation.domain.facts import AccountFact, FactKind, fact_id
from services.escalation.domain.own_facts import AttemptLogged, CheckInLogged, CustomerReachedLogged
from services.escalation.handlers.judging import note_fact
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import CheckInDone


def note_talk(turn: Turn[CustomerReachedLogged] | Turn[CheckInLogged], order_id: str) -> None:
    """Whoever logs it talked with the customer about an order, just now."""
    note_fact(turn, _just_now(turn, order_id, FactKind.CUSTOMER_REACHED, "answered"))


def note_attempt(turn: Turn[AttemptLogged], order_id: str) -> None:
    """Whoever logs it called about an order, just now, and reached nobody."""
    note_fact(turn, _just_now(turn, order_id, FactKind.CONTACT, "unanswered"))


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
    fact, book = turn.fact, turn.book
    order = turn.state.orders.get(fact.order)
    sale = Sale(order, book.account(turn.account_id), book.history(turn.account_id)) if order else None
    duties = duties_of(fact.by, sale, book.people, book.policies, turn.now) if sale else []
    if not any(duty.kind is DutyKind.CHECK_IN for duty in duties):
        turn.reject("no_check_in_due", "this check-in is not on your list any more; reload the page.")
        return
    note_talk(turn, fact.order)
    turn.publish(CheckInDone(order=fact.order, by=fact.by, at=turn.now, channel=fact.channel))
