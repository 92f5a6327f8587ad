"""The lanes of an account's history: named indexes by what rules ask for, each sorted by time.

A fact that is a courtesy is in none of them: that is how it counts for nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from services.escalation.domain.facts import AccountFact, FactKind


class LaneName(StrEnum):
    """What the facts of a lane have in common. Most are kept by case or by order as well."""

    OF_CASE = "of_case"
    OF_ORDER = "of_order"
    OF_KIND = "of_kind"
    LOOSE = "loose"
    TWO_WAY = "two_way"
    TWO_WAY_ON_CASE = "two_way_on_case"
    TWO_WAY_WITHOUT_CASE = "two_way_without_case"
    REACHED = "reached"
    BY_PHONE = "by_phone"
    HEARD_OF = "heard_of"
    TRIED = "tried"
    MISSED = "missed"
    UNHAPPY = "unhappy"
    PROGRESS = "progress"
    OVER = "over"
    RESOLVED = "resolved"
    PROMISE_KEPT = "promise_kept"
    OUTCOME_REACHED = "outcome_reached"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"

    # Enum's own is written in Python, and every fact is put into lanes by it.
    __hash__ = str.__hash__


Key: TypeAlias = tuple[LaneName, *tuple[str | None, ...]]

ORDER_KINDS = frozenset(
    {
        FactKind.CONFIRMATION_REQUIRED,
        FactKind.ORDER_CONFIRMED,
        FactKind.ORDER_DELIVERED,
        FactKind.ORDER_CHANGED,
        FactKind.ORDER_LINES,
        FactKind.ORDER_CANCELLED,
        FactKind.REFUND_PAID,
        FactKind.DELIVERY_DUE,
        FactKind.DELIVERY_LATE,
        FactKind.PROMISE,
        FactKind.PROMISE_KEPT,
        FactKind.OUTCOME_REPORTED,
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
_OVER = frozenset({FactKind.CASE_RESOLVED, FactKind.CASE_CLOSED})
_PROGRESS = _OVER | {FactKind.CASE_OPENED, FactKind.CASE_PROGRESSED, FactKind.CASE_REOPENED}
_IN_PERSON = ("phone", "in_person")


def is_two_way(fact: AccountFact) -> bool:
    """Whether customer and company talked: a voicemail is none, nor is an automatic reply."""
    talked = fact.kind is FactKind.CONTACT and fact.result in ("answered", "resolved")
    return (talked and not fact.courtesy) or fact.kind is FactKind.CUSTOMER_REACHED


def is_inbound(fact: AccountFact) -> bool:
    """Whether the customer tried to reach us."""
    return fact.kind is FactKind.CONTACT and fact.direction == "inbound" and not fact.courtesy


def is_spoken(fact: AccountFact) -> bool:
    """Whether customer and company talked by phone or in person, whoever told it."""
    return is_two_way(fact) and fact.channel in _IN_PERSON


def keys_of(fact: AccountFact, order: str | None) -> Iterator[Key]:
    """The lanes a fact is in; `order` is the one that it or its case names."""
    if fact.courtesy:
        return
    case = fact.case_id
    if fact.kind in ORDER_KINDS:
        yield LaneName.OF_ORDER, fact.order_id, fact.kind
        if fact.kind is FactKind.PROMISE_KEPT:
            yield LaneName.PROMISE_KEPT, fact.order_id, fact.what
        elif fact.kind is FactKind.ORDER_DELIVERED:
            yield LaneName.DELIVERED, fact.order_id
        elif fact.kind is FactKind.OUTCOME_REPORTED and fact.number:
            yield LaneName.OUTCOME_REACHED, fact.order_id
    elif case is not None:
        yield LaneName.OF_CASE, case
        yield from _keys_of_case(fact, case)
    else:
        yield (LaneName.LOOSE,)
    if fact.kind in REQUEST_KINDS or fact.kind in (FactKind.RATED, FactKind.CONFIRMATION_REQUIRED):
        yield from _keys_of_kind(fact, order)
    if fact.kind in (FactKind.CONTACT, FactKind.CUSTOMER_REACHED):
        yield from _keys_of_contact(fact, order)
    elif fact.kind is FactKind.RATED:
        yield (LaneName.UNHAPPY,)


def _keys_of_case(fact: AccountFact, case: str) -> Iterator[Key]:
    outbound = fact.kind is FactKind.CONTACT and fact.direction == "outbound"
    if fact.kind in _PROGRESS or is_two_way(fact) or outbound:
        yield LaneName.PROGRESS, case
    if fact.kind in _OVER:
        yield LaneName.OVER, case
    if fact.kind in _OVER or fact.result == "resolved":
        yield LaneName.RESOLVED, case


def _keys_of_kind(fact: AccountFact, order: str | None) -> Iterator[Key]:
    """Requests, their withdrawals and ratings: all, of one case, of one order, and those that name neither."""
    kind, case = fact.kind, fact.case_id
    yield LaneName.OF_KIND, kind
    yield LaneName.OF_KIND, kind, "case", case
    if order is not None:
        yield LaneName.OF_KIND, kind, "order", order
    elif case is None:
        yield LaneName.OF_KIND, kind, "neither"


def _keys_of_contact(fact: AccountFact, order: str | None) -> Iterator[Key]:
    if is_inbound(fact):
        yield (LaneName.HEARD_OF,)
        if fact.result in ("unanswered", "voicemail"):
            yield (LaneName.MISSED,)
        if fact.result in ("unanswered", "voicemail", "dead_end"):
            yield (LaneName.UNHAPPY,)
    elif not is_two_way(fact):
        yield (LaneName.TRIED,)
    if not is_two_way(fact):
        return
    yield (LaneName.TWO_WAY,)
    if not is_inbound(fact):
        yield (LaneName.HEARD_OF,)
    if fact.case_id is not None:
        yield LaneName.TWO_WAY_ON_CASE, fact.case_id
    else:
        yield (LaneName.TWO_WAY_WITHOUT_CASE,)
        yield LaneName.TWO_WAY_WITHOUT_CASE, order
    if fact.kind is FactKind.CUSTOMER_REACHED and (fact.case_id is None or order is not None):
        yield (LaneName.REACHED,)
        yield LaneName.REACHED, order
    if is_spoken(fact):
        yield LaneName.BY_PHONE, order


class Lane:
    """Facts sorted by (at, fact_id)."""

    __slots__ = ("facts", "instants")

    def __init__(self) -> None:
        self.facts: list[AccountFact] = []
        self.instants: list[datetime] = []

    def append(self, fact: AccountFact) -> None:
        """Put a fact that comes after all others."""
        self.facts.append(fact)
        self.instants.append(fact.at)

    def put(self, fact: AccountFact) -> None:
        place = self._place(fact)
        self.facts.insert(place, fact)
        self.instants.insert(place, fact.at)

    def drop(self, fact: AccountFact) -> None:
        place = self._place(fact)
        del self.facts[place]
        del self.instants[place]

    def _place(self, fact: AccountFact) -> int:
        if not self.instants or self.instants[-1] < fact.at:
            return len(self.facts)
        first, last = bisect_left(self.instants, fact.at), bisect_right(self.instants, fact.at)
        return bisect_left(self.facts, fact.fact_id, first, last, key=lambda known: known.fact_id)

    def after(self, at: datetime) -> AccountFact | None:
        """The first that happened later."""
        place = bisect_right(self.instants, at)
        return self.facts[place] if place < len(self.facts) else None

    def since(self, at: datetime) -> AccountFact | None:
        """The first that happened then or later."""
        place = bisect_left(self.instants, at)
        return self.facts[place] if place < len(self.facts) else None

    def before(self, at: datetime) -> AccountFact | None:
        """The last that happened earlier."""
        place = bisect_left(self.instants, at)
        return self.facts[place - 1] if place else None

    def from_to(self, since: datetime, until: datetime) -> list[AccountFact]:
        """Those that happened between two instants, both included."""
        return self.facts[bisect_left(self.instants, since) : bisect_right(self.instants, until)]

    def beyond(self, fact: AccountFact) -> Iterator[AccountFact]:
        """Those that come after this one, of the same instant by id."""
        place = self._place(fact)
        facts = self.facts
        if place < len(facts) and facts[place].fact_id == fact.fact_id:
            place += 1
        for index in range(place, len(facts)):
            yield facts[index]
