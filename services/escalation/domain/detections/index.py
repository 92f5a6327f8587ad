"""An index: facts in the order in which they count. At one instant: opening, everything else, end, reopening."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from uuid import UUID

from services.escalation.domain.facts import AccountFact, FactKind

_ENDS = (
    FactKind.CASE_RESOLVED,
    FactKind.CASE_CLOSED,
    FactKind.REFUND_WITHDRAWN,
    FactKind.CANCELLATION_WITHDRAWN,
    FactKind.ORDER_CONFIRMED,
    FactKind.ORDER_DELIVERED,
    FactKind.ORDER_CANCELLED,
    FactKind.PROMISE_KEPT,
)
_OPENING, _ELSE, _END, _REOPENING = range(4)
_PLACES = {FactKind.CASE_OPENED: _OPENING, **dict.fromkeys(_ENDS, _END), FactKind.CASE_REOPENED: _REOPENING}


def place_of(fact: AccountFact) -> int:
    """A fact's place among the facts of its instant. Many publishers report minutes or seconds, and out of order."""
    return _PLACES.get(fact.kind, _ELSE)


def in_order(fact: AccountFact) -> tuple[datetime, int, UUID]:
    """The sort key of facts."""
    return fact.at, _PLACES.get(fact.kind, _ELSE), fact.fact_id


def ordered(facts: Iterable[AccountFact]) -> Iterator[AccountFact]:
    """Facts that are sorted by time, those of one instant in their order."""
    for _, same in groupby(facts, key=lambda fact: fact.at):
        yield from sorted(same, key=in_order)


def is_after_ends(fact: AccountFact) -> bool:
    """Whether a fact comes after the ends of its instant."""
    return _PLACES.get(fact.kind) == _REOPENING


class FactIndex:
    """Facts sorted by their instant, of one instant by their place, then by fact_id."""

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
        return bisect_left(self.facts, in_order(fact), first, last, key=in_order)

    def after(self, at: datetime) -> AccountFact | None:
        """The first that happened later."""
        place = bisect_right(self.instants, at)
        return self.facts[place] if place < len(self.facts) else None

    def settling(self, at: datetime) -> AccountFact | None:
        """The first fact that settles another of this instant: an end of the same instant, else the first later
        fact."""
        instants = self.instants
        first = bisect_left(instants, at)
        if first < len(instants) and instants[first] == at:
            last = bisect_right(instants, at)
            first = bisect_left(self.facts, _END, first, last, key=place_of)
            if first < last and place_of(self.facts[first]) != _END:
                first = last
        return self.facts[first] if first < len(instants) else None

    def since(self, at: datetime) -> AccountFact | None:
        """The first that happened then or later."""
        place = bisect_left(self.instants, at)
        return self.facts[place] if place < len(self.facts) else None

    def before(self, at: datetime) -> AccountFact | None:
        """The last that happened earlier."""
        place = bisect_left(self.instants, at)
        return self.facts[place - 1] if place else None

    def with_next(self, since: datetime, until: datetime) -> Iterator[tuple[AccountFact, AccountFact | None]]:
        """Those that happened between two instants, both included, each with the one that follows it."""
        facts = self.facts
        for place in range(bisect_left(self.instants, since), bisect_right(self.instants, until)):
            yield facts[place], facts[place + 1] if place + 1 < len(facts) else None

    def within(self, since: datetime, until: datetime) -> Iterator[AccountFact]:
        """Those that happened later than one instant, and no later than another; one by one."""
        for place in range(bisect_right(self.instants, since), bisect_right(self.instants, until)):
            yield self.facts[place]

    def from_to(self, since: datetime, until: datetime) -> list[AccountFact]:
        """Those that happened between two instants, both included."""
        return self.facts[bisect_left(self.instants, since) : bisect_right(self.instants, until)]

    def up_to(self, fact: AccountFact) -> AccountFact | None:
        """The last that comes before this one, or is this one."""
        place = self._place(fact)
        if place < len(self.facts) and self.facts[place].fact_id == fact.fact_id:
            return fact
        return self.facts[place - 1] if place else None

    def back_from(self, at: datetime) -> Iterator[AccountFact]:
        """Those that happened by then, the last first."""
        for index in range(bisect_right(self.instants, at) - 1, -1, -1):
            yield self.facts[index]

    def beyond(self, fact: AccountFact) -> Iterator[AccountFact]:
        """Those that come after this one."""
        place = self._place(fact)
        facts = self.facts
        if place < len(facts) and facts[place].fact_id == fact.fact_id:
            place += 1
        for index in range(place, len(facts)):
            yield facts[index]
