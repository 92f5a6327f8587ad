"""The names of the indexes of an account's history, one for each look-up of the rules.

A courtesy is in none of them, so it does not count.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

from services.escalation.domain.facts import AccountFact, FactKind


class IndexName(StrEnum):
    """The common property of an index's facts. Most indexes are also kept by case or by order."""

    OF_CASE = "of_case"
    OF_ORDER = "of_order"
    OF_KIND = "of_kind"
    LOOSE = "loose"
    BEGINS = "begins"
    TWO_WAY = "two_way"
    TWO_WAY_ON_CASE = "two_way_on_case"
    TWO_WAY_WITHOUT_CASE = "two_way_without_case"
    REACHED = "reached"
    BY_PHONE = "by_phone"
    IN_TOUCH = "in_touch"
    TRIED = "tried"
    MISSED = "missed"
    UNRETURNED = "unreturned"
    UNHAPPY = "unhappy"
    PROGRESS = "progress"
    BOUNDS = "bounds"
    STATUS = "status"
    BY_CUSTOMER = "by_customer"
    TAKEN_BACK = "taken_back"
    REQUESTED = "requested"
    CLOSED_REQUEST = "closed_request"
    OVER = "over"
    RESOLVED = "resolved"
    PROMISE_KEPT = "promise_kept"
    PROMISE_SAID_KEPT = "promise_said_kept"
    COMPLAINED = "complained"
    OUTCOME_REACHED = "outcome_reached"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"

    # Enum's own hash is written in Python and too slow: every fact is put into indexes by it.
    __hash__ = str.__hash__


Key: TypeAlias = tuple[IndexName, *tuple[str | None, ...]]

ORDER_KINDS = frozenset(
    {
        FactKind.CONFIRMATION_REQUIRED,
        FactKind.ORDER_CONFIRMED,
        FactKind.ORDER_DELIVERED,
        FactKind.ORDER_CHANGED,
        FactKind.ORDER_LINES,
        FactKind.ORDER_CANCELLED,
        FactKind.REFUND_PAID,
        FactKind.SOLD,
        FactKind.DELIVERY_DUE,
        FactKind.DELIVERY_LATE,
        FactKind.PROMISE,
        FactKind.PROMISE_KEPT,
        FactKind.PROMISE_SAID_KEPT,
        FactKind.CUSTOMER_DUTY,
        FactKind.CUSTOMER_DUTY_SAID_DONE,
        FactKind.OUTCOME_REPORTED,
        FactKind.OUTCOME_SAID,
        FactKind.OFFER_AGREED,
    }
)
REQUEST_KINDS = frozenset(
    {
        FactKind.REFUND_REQUESTED,
        FactKind.REFUND_WITHDRAWN,
        FactKind.CANCELLATION_REQUESTED,
        FactKind.CANCELLATION_WITHDRAWN,
    }
)
OF_REQUESTS = frozenset({FactKind.REQUEST_CLOSED, FactKind.REQUEST_REOPENED})
"""Salespeople's actions on the episode of a request."""
ENDS_OF_CASE = frozenset({FactKind.CASE_RESOLVED, FactKind.CASE_CLOSED})
_BOUNDS = ENDS_OF_CASE | {FactKind.CASE_OPENED, FactKind.CASE_REOPENED}
_PROGRESS = _BOUNDS | {FactKind.CASE_PROGRESSED}
_STATUS = frozenset({FactKind.CASE_OPENED, FactKind.CASE_PROGRESSED})
CUSTOMER_REQUESTS = frozenset({FactKind.REFUND_REQUESTED, FactKind.CANCELLATION_REQUESTED})
_KEPT_BY_KIND = REQUEST_KINDS | {
    FactKind.RATED,
    FactKind.CONFIRMATION_REQUIRED,
    FactKind.SOLD,
    FactKind.PROMISE_SAID_KEPT,
}
_BEGINS = frozenset(
    {
        FactKind.CASE_REOPENED,
        FactKind.CASE_REASSIGNED,
        FactKind.RESPONSE_PROMISED,
        FactKind.RESPONSE_OVERDUE,
        FactKind.SELLER_REQUESTED,
    }
)
_IN_PERSON = ("phone", "in_person")


def is_two_way(fact: AccountFact) -> bool:
    """Whether customer and company talked. A voicemail or an automatic reply does not count."""
    talked = fact.kind is FactKind.CONTACT and fact.result in ("answered", "resolved")
    return (talked and not fact.courtesy) or fact.kind is FactKind.CUSTOMER_REACHED


def is_inbound(fact: AccountFact) -> bool:
    """Whether the customer tried to reach us."""
    return fact.kind is FactKind.CONTACT and fact.direction == "inbound" and not fact.courtesy


def is_spoken(fact: AccountFact) -> bool:
    """Whether customer and company talked by phone or in person, regardless of the reporter."""
    return is_two_way(fact) and fact.channel in _IN_PERSON


def can_complain(fact: AccountFact) -> bool:
    """Whether a fact can be a complaint, unless it is a good rating: a dead end, a request, a rating, or an outcome
    that was not reached, regardless of the reporter."""
    if fact.kind in (FactKind.OUTCOME_REPORTED, FactKind.OUTCOME_SAID):
        return fact.number == 0
    return fact.kind in CUSTOMER_REQUESTS or fact.kind is FactKind.RATED or fact.result == "dead_end"


def request_key(fact: AccountFact) -> Key:
    """The index of all requests of one kind about one matter: the case if one is named, else the order, else all."""
    if fact.case_id is not None:
        return IndexName.REQUESTED, fact.kind, fact.what, "case", fact.case_id
    return IndexName.REQUESTED, fact.kind, fact.what, "order", fact.order_id


def keys_of(fact: AccountFact, order: str | None, *, excused: bool = False) -> Iterator[Key]:
    """The indexes of a fact. `order` is the order that it or its case names. `excused`: a contact needs no answer."""
    if fact.courtesy or fact.kind is FactKind.ANSWER_NOT_NEEDED:
        return
    case = fact.case_id
    if fact.kind in OF_REQUESTS:
        yield IndexName.CLOSED_REQUEST, fact.what
        return
    if fact.kind is FactKind.CUSTOMER_INSISTS:
        yield IndexName.OF_KIND, fact.kind
        return
    if fact.kind in ORDER_KINDS:
        yield from _keys_of_order(fact)
    elif case is not None:
        yield from _keys_of_case(fact, case)
    else:
        yield (IndexName.LOOSE,)
    if fact.kind in _BEGINS or fact.result == "dead_end":
        yield IndexName.BEGINS, case, fact.kind
    if can_complain(fact):
        yield IndexName.COMPLAINED, order
    if fact.kind in _KEPT_BY_KIND:
        yield from _keys_of_kind(fact, order)
    if fact.kind in (FactKind.CONTACT, FactKind.CUSTOMER_REACHED):
        yield from _keys_of_contact(fact, order, excused=excused)
    elif fact.kind is FactKind.RATED:
        yield (IndexName.UNHAPPY,)


def _keys_of_order(fact: AccountFact) -> Iterator[Key]:
    yield IndexName.OF_ORDER, fact.order_id, fact.kind
    if fact.kind is FactKind.PROMISE_KEPT:
        yield IndexName.PROMISE_KEPT, fact.order_id, fact.what
    elif fact.kind is FactKind.PROMISE_SAID_KEPT:
        yield IndexName.PROMISE_SAID_KEPT, fact.order_id, fact.what
    elif fact.kind is FactKind.ORDER_DELIVERED:
        yield IndexName.DELIVERED, fact.order_id
    elif fact.kind is FactKind.OUTCOME_REPORTED and fact.number:
        yield IndexName.OUTCOME_REACHED, fact.order_id


def _keys_of_case(fact: AccountFact, case: str) -> Iterator[Key]:
    yield IndexName.OF_CASE, case
    outbound = fact.kind is FactKind.CONTACT and fact.direction == "outbound"
    if fact.kind in _PROGRESS or is_two_way(fact) or outbound:
        yield IndexName.PROGRESS, case
    if fact.kind in _BOUNDS:
        yield IndexName.BOUNDS, case
    if fact.kind in _STATUS and (fact.what or fact.waiting_for):
        yield IndexName.STATUS, case
    if fact.kind in CUSTOMER_REQUESTS or is_inbound(fact):
        yield IndexName.BY_CUSTOMER, case
    if fact.kind in ENDS_OF_CASE:
        yield IndexName.OVER, case
    if fact.kind in ENDS_OF_CASE or fact.result == "resolved":
        yield IndexName.RESOLVED, case


def _keys_of_kind(fact: AccountFact, order: str | None) -> Iterator[Key]:
    """The indexes of requests, withdrawals and ratings: all, and by case, else by order, else without either."""
    kind, case = fact.kind, fact.case_id
    yield IndexName.OF_KIND, kind
    yield IndexName.OF_KIND, kind, "case", case
    if case is None and order is not None:
        yield IndexName.OF_KIND, kind, "order", order
    elif case is None:
        yield IndexName.OF_KIND, kind, "neither"
    if kind in CUSTOMER_REQUESTS:
        yield request_key(fact)


def _keys_of_contact(fact: AccountFact, order: str | None, *, excused: bool) -> Iterator[Key]:
    if is_inbound(fact):
        missed = fact.result in ("unanswered", "voicemail") and not excused
        yield (IndexName.IN_TOUCH,)
        if missed:
            yield (IndexName.MISSED,)
            yield (IndexName.UNRETURNED,)
        if missed or fact.result == "dead_end":
            yield (IndexName.UNHAPPY,)
    elif not is_two_way(fact):
        yield (IndexName.TRIED,)
    if not is_two_way(fact):
        return
    yield (IndexName.TWO_WAY,)
    if not is_inbound(fact):
        yield (IndexName.IN_TOUCH,)
    if fact.case_id is not None:
        yield IndexName.TWO_WAY_ON_CASE, fact.case_id
    else:
        yield (IndexName.TWO_WAY_WITHOUT_CASE,)
        yield IndexName.TWO_WAY_WITHOUT_CASE, order
    if fact.kind is FactKind.CUSTOMER_REACHED and (fact.case_id is None or order is not None):
        yield (IndexName.REACHED,)
        yield IndexName.REACHED, order
    if is_spoken(fact):
        yield IndexName.BY_PHONE, order
