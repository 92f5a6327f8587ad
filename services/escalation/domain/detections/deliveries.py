"""Decides when an order counts as delivered, wholly or in parts, by its lines at the time. Start at `followed`."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from services.escalation.domain.facts import AccountFact, FactKind

DELIVERY_KINDS = frozenset({FactKind.ORDER_DELIVERED, FactKind.ORDER_CHANGED, FactKind.ORDER_LINES})

Lines: TypeAlias = Sequence[tuple[str, int]]
"""The product and the quantity of each line."""


@dataclass(slots=True)
class _Delivery:
    """An order's lines, the places of those that arrived, and the arrived products of lines that it no longer has.

    `held`: the last delivery was reported as not being the whole order.
    """

    lines: Lines = ()
    arrived: set[int] = field(default_factory=set)
    beside: "Counter[str]" = field(default_factory=Counter)
    complete: bool = False
    held: bool = False

    def change(self, lines: Lines) -> None:
        """Set other lines. Arrived products stay arrived, in the same quantity."""
        pool = self.beside
        for place in self.arrived:
            product, quantity = self.lines[place]
            pool[product] += quantity
        self.lines, self.arrived = lines, set()
        for place, (product, quantity) in enumerate(lines):
            if pool[product] >= quantity:
                pool[product] -= quantity
                self.arrived.add(place)
        self.complete = bool(self.arrived) and self._all_arrived and not self.held

    def deliver(self, places: Iterable[int], *, complete: bool | None) -> None:
        """Note that lines arrived; all of them if the delivery is the whole order."""
        named = {place - 1 for place in places}
        whole = complete or (complete is None and not named)
        self.arrived |= set(range(len(self.lines))) if whole else named & set(range(len(self.lines)))
        arrived = self.complete or (self._all_arrived and bool(self.lines))
        self.complete = bool(whole) or (complete is None and arrived)
        self.held = complete is False

    @property
    def _all_arrived(self) -> bool:
        return len(self.arrived) == len(self.lines)


def is_whole(fact: AccountFact) -> bool:
    """Whether the delivery itself says that it is the whole order. Its lines do not matter then."""
    return fact.kind is FactKind.ORDER_DELIVERED and fact.what is None and fact.number != 0


def followed(facts: Iterable[AccountFact]) -> tuple[list[AccountFact], list[AccountFact]]:
    """From the facts about one order's lines and deliveries: those that completed the delivery, and those that undid
    it.

    At the same instant a change comes before a delivery, and a partial delivery before others.
    """
    in_order = sorted(facts, key=_turn)
    delivery = _Delivery()
    delivered: list[AccountFact] = []
    undone: list[AccountFact] = []
    for fact in in_order:
        before = delivery.complete
        _apply(delivery, fact)
        if delivery.complete and (fact.kind is FactKind.ORDER_DELIVERED or not before):
            delivered.append(fact)
        elif before and not delivery.complete:
            undone.append(fact)
    return delivered, undone


def _apply(delivery: _Delivery, fact: AccountFact) -> None:
    said = json.loads(fact.what) if fact.what else []
    if fact.kind is FactKind.ORDER_DELIVERED:
        delivery.deliver(said, complete=None if fact.number is None else bool(fact.number))
    elif said:
        delivery.change([(product, quantity) for product, quantity in said])


def _turn(fact: AccountFact) -> tuple[object, ...]:
    """The sort key: the lines as sold come first, regardless of when they were reported; at one instant ends come
    last."""
    arrives = fact.kind is FactKind.ORDER_DELIVERED
    return fact.kind is not FactKind.ORDER_LINES, fact.at, arrives, arrives and fact.number != 0, fact.fact_id
