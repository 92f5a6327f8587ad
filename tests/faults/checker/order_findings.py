"""Signals from the course of an order: no confirmation, a missed promise, a late delivery."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.faults.checker.account_facts import Facts
from tests.faults.checker.endings import broken
from tests.faults.checker.facts import Fact, derived
from tests.faults.checker.finding import Finding, found, once, themselves


def stalled(facts: Facts, kind: str) -> Iterator[Finding]:
    for fact in facts.of("confirmation_required"):
        at = fact.at + facts.span(kind, "reached_within")
        if not broken(facts, kind, fact, at, since=fact.at):
            yield found(facts, kind, fact, at=at, silence=True)
    for fact in facts.of("sold"):
        at, fits = fact.at + facts.span(kind, "no_progress_for"), facts.moved(fact)
        moved = facts.first(fits, fact.at - timedelta(microseconds=1))
        if moved is None or moved.at > at:
            id = derived("signal", facts.account, fact.order, kind, "sold")
            yield Finding(id, kind, at, fact, fact.order, silence=True, cleared=facts.first(fits, at, ends_too=True))


def missed(facts: Facts, kind: str) -> Iterator[Finding]:
    """Promises of one name count as one, due at the earliest of their times."""
    by_name = dict[tuple[str | None, str | None], Fact]()
    for fact in sorted(facts.of("promise"), key=lambda fact: (_due(fact), fact.key)):
        by_name.setdefault((fact.order, fact.what), fact)
    for (order, what), fact in by_name.items():
        at = _broken_at(facts, fact)
        if at is not None and not broken(facts, kind, fact, at, since=None):
            yield found(facts, kind, fact, at=at, id=derived("signal", facts.account, order, what, kind), silence=True)


def _broken_at(facts: Facts, promise: Fact) -> datetime | None:
    """When the promise is due; if it was reported as kept by then, the customer's next complaint, or None."""
    due = _due(promise)
    said = [
        one.at
        for one in facts.of("promise_said_kept")
        if (one.order, one.what) == (promise.order, promise.what) and one.at <= due
    ]
    if not said:
        return due
    complaints = [one.at for one in facts.all if one.at >= max(said) and facts.complains(one, promise.order)]
    return max(due, min(complaints)) if complaints else None


def late(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from once(_each_late(facts, kind))


def _each_late(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from themselves(facts, kind)
    for order in sorted({fact.order or "" for fact in facts.of("delivery_due", "order_changed")}):
        for fact, at in _days(facts, order):
            cancelled = any(one.order == order and one.at <= at for one in facts.of("order_cancelled"))
            if not cancelled and not _arrived_by(facts, order, at):
                of_sale = fact.kind == "delivery_due"
                id = derived("signal", facts.account, order, kind) if of_sale else derived("signal", fact.id, kind)
                yield found(facts, kind, fact, at=at, id=id, silence=True)


def _days(facts: Facts, order: str) -> Iterator[tuple[Fact, datetime]]:
    """When an order would be late: when the delivery date in force passes, or at a change after it that reopens the
    order."""
    own = [fact for fact in facts.of("delivery_due", "order_changed") if fact.order == order and fact.due is not None]
    for place, fact in enumerate(own):
        if all(_due(fact) < later.at for later in own[place + 1 :]):
            yield fact, _due(fact)
    for change, before, after in facts.delivery(order):
        days = [_due(fact) for fact in own if fact.at <= change.at]
        undone = before and not after and change.due is None
        if undone and days and days[-1] <= change.at:
            yield change, change.at


def _arrived_by(facts: Facts, order: str, at: datetime) -> bool:
    states = [after for fact, _, after in facts.delivery(order) if fact.at <= at or fact.kind == "order_lines"]
    return bool(states) and states[-1]


def _due(fact: Fact) -> datetime:
    return max(fact.at, fact.due or fact.at)


def is_overdue(facts: Facts, order: str, at: datetime) -> bool:
    """Whether the delivery date in force at this time has passed, and the order was neither delivered nor cancelled."""
    dated = [fact for fact in facts.of("delivery_due", "order_changed") if fact.order == order and fact.due is not None]
    in_force = [_due(fact) for fact in dated if fact.at <= at]
    over = any(one.order == order and one.at <= at for one in facts.of("order_cancelled"))
    return bool(in_force) and in_force[-1] <= at and not over and not _arrived_by(facts, order, at)
