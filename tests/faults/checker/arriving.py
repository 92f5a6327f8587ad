"""When an order is delivered: each of its pieces has arrived, or somebody says so. Start at `walked`.

Pieces are counted by product. A delivery of some lines brings the pieces of these lines, as the order has them then;
one that names none, or says that it is complete, brings all. One that says it is not complete completes nothing,
whatever it brings. An order that loses what had not arrived is delivered by that; one that gets more is not delivered
any more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.faults.checker.facts import Fact


def is_delivery(fact: Fact) -> bool:
    return fact.kind == "order_delivered"


def walked(facts: Iterable[Fact]) -> Iterator[tuple[Fact, bool, bool]]:
    """Each change and delivery of one order, with whether it was delivered before it and after it."""
    lines: list[tuple[str, int]] = []
    here, named = Counter[str](), set[int]()
    delivered = doubted = False
    for fact in sorted(facts, key=_turn):
        before = delivered
        if is_delivery(fact):
            told, complete = {place - 1 for place in fact.data.get("lines", ())}, fact.data.get("complete")
            whole = complete or (complete is None and not told)
            fresh = (set(range(len(lines))) if whole else told & set(range(len(lines)))) - named
            named |= fresh
            for place in fresh:
                here[lines[place][0]] += lines[place][1]
            doubted = complete is False
            arrived = before or (bool(lines) and len(named) == len(lines))
            delivered = bool(whole) or (complete is None and arrived)
        elif fact.data.get("lines"):
            lines = [(line["product"], line.get("quantity", 1)) for line in fact.data["lines"]]
            named = _arrived(lines, here)
            delivered = bool(named) and len(named) == len(lines) and not doubted
        yield fact, before, delivered


def _turn(fact: Fact) -> tuple[object, ...]:
    """Within an instant a delivery that is said to be incomplete comes before other deliveries."""
    ends = is_delivery(fact) and fact.data.get("complete") is not False
    return fact.kind != "order_lines", fact.at, is_delivery(fact), ends, fact.id


def _arrived(lines: list[tuple[str, int]], here: "Counter[str]") -> set[int]:
    """The lines of which all pieces are here, the first ones first."""
    left, arrived = Counter(here), set[int]()
    for place, (product, quantity) in enumerate(lines):
        if left[product] >= quantity:
            left[product] -= quantity
            arrived.add(place)
    return arrived
