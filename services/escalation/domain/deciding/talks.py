"""Talks and attempts that a salesperson has just logged, as facts of the account."""

from typing import Any

from services.escalation.domain.deciding.reconciling import note_facts
from services.escalation.domain.draft import Draft
from services.escalation.domain.duty_buttons import DutyButton
from services.escalation.domain.facts import AccountFact, FactKind, fact_id
from services.escalation.domain.own_facts import AttemptLogged, CustomerReachedLogged


def note_talk(draft: Draft[CustomerReachedLogged] | Draft[DutyButton], order_id: str) -> None:
    """Record that the presser has just talked with the customer about an order."""
    note_facts(draft, [talk(draft, order_id)])


def note_attempt(draft: Draft[AttemptLogged], order_id: str) -> None:
    """Record that the presser has just called about an order and reached nobody."""
    note_facts(draft, [_just_now(draft, order_id, FactKind.CONTACT, "unanswered")])


def talk(draft: Draft[Any], order_id: str) -> AccountFact:
    """The talk as a fact."""
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
