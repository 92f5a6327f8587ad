"""An order is delivered once all its pieces have arrived, or a delivery is reported as complete. Start at `walked`.

Pieces are counted by product. A delivery that names lines brings the pieces of those lines, as the order has them at
that time. A delivery that names none, or is reported as complete, brings all. A delivery reported as incomplete never
completes an order. Removing the lines that have not arrived completes an order; adding lines reopens it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.faults.checker.facts import Fact


def is_delivery(fact: Fact) -> bool:
    return fact.kind == "order_delivered"


def walked(facts: Iterable[Fact]) -> Iterator[tuple[Fact, bool, bool]]:
    """Each change and delivery of one order, with whether the order was delivered before and after it."""
    lines: list[tuple[str, int]] = []
    here, named = Counter[str](), set[int]()
    delivered = doubted = False
    for fact in sorted(facts, key=_turn):
        before = delivered
        if is_delivery(fact):
            reported, complete = {place - 1 for place in fact.data.get("lines", ())}, fact.data.get("complete")
            whole = complete or (complete is None and not reported)
            fresh = (set(range(len(lines))) if whole else reported & set(range(len(lines)))) - named
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
    """The sort key: within an instant, a delivery reported as incomplete comes before other deliveries."""
    ends = is_delivery(fact) and fact.data.get("complete") is not False
    return fact.kind != "order_lines", fact.at, is_delivery(fact), ends, fact.id


def _arrived(lines: list[tuple[str, int]], here: "Counter[str]") -> set[int]:
    """The numbers of the lines of which all pieces have arrived. Earlier lines are filled first."""
    left, arrived = Counter(here), set[int]()
    for place, (product, quantity) in enumerate(lines):
        if left[product] >= quantity:
            left[product] -= quantity
            arrived.add(place)
    return arrived
