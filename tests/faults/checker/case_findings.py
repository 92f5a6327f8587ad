"""Signals from the course of a case: stuck, reassigned too often, reopened; and from answers promised on it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from tests.faults.checker.account_facts import Facts, is_progress
from tests.faults.checker.endings import broken
from tests.faults.checker.facts import Fact, derived
from tests.faults.checker.finding import Finding, found, once, themselves


def stuck(facts: Facts, kind: str) -> Iterator[Finding]:
    """A case that is still open after the last fact of an instant, and then sees no progress for too long."""
    for case in facts.cases():
        moves = [fact for fact in facts.all if fact.case == case and is_progress(fact)]
        for _, group in groupby(moves, key=lambda fact: fact.at):
            last = list(group)[-1]
            at = _stuck_at(facts, kind, last) if facts.state(case, last) == "open" else None
            if at is not None and not broken(facts, kind, last, at, since=last.at):
                yield found(facts, kind, last, at=at, silence=True)


def _stuck_at(facts: Facts, kind: str, last: Fact) -> datetime | None:
    """When a case has been without progress for too long. The limit is longer on the customer's turn, and there is none
    on nobody's."""
    turn, limit = facts.whose_turn(last.case, last.at), facts.span(kind, "no_progress_for")
    if turn not in ("customer", "nobody"):
        return last.at + limit
    asked = facts.first(lambda fact: fact.case == last.case and fact.asks, last.at)
    theirs = last.at + facts.span(kind, "customers_turn_for") if turn == "customer" else None
    if asked is not None and (theirs is None or asked.at < theirs):
        return asked.at + limit
    return theirs


def bounced(facts: Facts, kind: str) -> Iterator[Finding]:
    for case in facts.cases():
        passed = [fact for fact in facts.of("case_reassigned") if fact.case == case]
        too_often = facts.rules[kind]["reassignments"]
        often = [fact for fact in passed if fact.data["reassignments"] >= too_often and not facts.is_over(fact)]
        yield from (found(facts, kind, fact, id=derived("signal", facts.account, case, kind)) for fact in often[:1])


def reopened(facts: Facts, kind: str) -> Iterator[Finding]:
    """Reopenings before the next end of a case are one trouble."""
    known = set[tuple[str, UUID | None]]()
    for finding in themselves(facts, kind):
        case, end = finding.cause.case, finding.cleared.id if finding.cleared else None
        if case is None or (case, end) not in known:
            yield finding
        if case is not None:
            known.add((case, end))


def soon_due(facts: Facts, kind: str) -> Iterator[Finding]:
    """A warning ahead of a promised time, unless an answer is already overdue. The overdue answer ends the warning."""
    on = facts.rules["response_overdue"].get("enabled", True)
    known = list(overdue(facts, "response_overdue")) if on else []
    yield from once(_warnings(facts, kind, known))


def _warnings(facts: Facts, kind: str, overdue: list[Finding]) -> Iterator[Finding]:
    for promise in _promises(facts):
        due = max(promise.at, promise.due or promise.at)
        at = max(promise.at, due - facts.span(kind, "warn_before"))
        if at < due and not broken(facts, kind, promise, at, since=promise.at):
            warning = found(facts, kind, promise, at=at, silence=True)
            late = [one for one in overdue if (one.cause.case, one.names) == (promise.case, warning.names)]
            if any(one.at <= at and (one.cleared is None or one.cleared.at > at) for one in late):
                continue
            then = min([one for one in late if at < one.at <= due], key=lambda one: one.at, default=None)
            if then is None or (warning.cleared is not None and warning.cleared.at <= then.at):
                yield warning
            elif then.said is not None:
                yield replace(warning, cleared=replace(then.said, at=then.at))
            else:
                yield replace(warning, cleared=None, passes=then.at)


def overdue(facts: Facts, kind: str) -> Iterator[Finding]:
    """A report that an answer is overdue, or a promised time that passes. Those settled by the same answer are one
    trouble."""
    yield from once(_each_overdue(facts, kind))


def _each_overdue(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (found(facts, kind, fact) for fact in facts.of(kind) if not facts.is_over(fact))
    for promise in _promises(facts):
        due = max(promise.at, promise.due or promise.at)
        if not broken(facts, kind, promise, due, since=promise.at):
            yield found(facts, kind, promise, at=due, silence=True)


def _promises(facts: Facts) -> list[Fact]:
    return [fact for fact in facts.of("response_promised") if not facts.is_over(fact)]
