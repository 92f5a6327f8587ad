"""Signals from contacts: dead ends, repeated contacts, and silence afterwards."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from uuid import UUID

from tests.faults.checker.account_facts import ENDS_CASE, Facts, mark
from tests.faults.checker.endings import broken, ends, ends_of_case
from tests.faults.checker.facts import OF_ORDERS, Fact, derived
from tests.faults.checker.finding import Finding, found


def dead_ends(facts: Facts, kind: str) -> Iterator[Finding]:
    """Contacts at a dead end; and the first missed call after each talk, if no talk follows in time."""
    yield from (found(facts, kind, fact) for fact in facts.of("contact") if fact.result == "dead_end")
    talked: datetime | None = None
    while (call := facts.first(lambda fact: _waits(facts, kind, fact), talked)) is not None:
        answers = [fact for fact in facts.all if fact.two_way and fact.at >= call.at]
        at, id = call.at + facts.span(kind, "answer_within"), derived("signal", call.id, kind, "silence")
        if not answers or answers[0].at > at:
            ended = facts.first(ends(facts, "unanswered", call), at)
            yield Finding(id, kind, at, call, facts.order_of(call), silence=True, cleared=ended)
        if not answers:
            return
        talked = answers[0].at


def _waits(facts: Facts, kind: str, call: Fact) -> bool:
    """Whether a missed call needs an answer: no report makes it unneeded, and no status makes it the customer's turn in
    time."""
    until = call.at + facts.span("contact_dead_ended", "answer_within")
    handed = any(
        facts.turn(fact) == "customer" and call.at <= fact.at <= until and fact.key > (*call.key[:2], UUID(int=0))
        for fact in facts.all
        if fact.case == call.case and fact.kind in ("case_progressed", "case_opened")
    )
    return call.missed and facts.waits_for_answer(call) and not (call.case is not None and handed)


def repeated(facts: Facts, kind: str) -> Iterator[Finding]:
    """Too many contacts about one matter. Settling the matter starts a new count."""
    for case in [*facts.cases(), None]:
        tries = [one for one in facts.of("contact") if one.inbound and one.case == case and _unsettled(one)]
        settled = [one.at for one in facts.all if one.kind not in OF_ORDERS and _settles(one, case)]
        lasts = [one for one in facts.all if case is not None and one.case == case and facts.is_last(one)]
        for (times, begun_by), group in groupby(tries, key=lambda one: _run_of(one, settled, lasts)):
            run = _contacts(facts, kind, list(group), case)
            if run:
                of_case = (facts.account, case, times, *begun_by) if case is not None else (run[0].id,)
                yield from _too_many(facts, kind, run, derived("signal", *of_case, kind))


def _run_of(one: Fact, settled: list[datetime], lasts: list[Fact]) -> tuple[int, tuple[UUID, ...]]:
    """How often the matter was settled before this contact, and the last status since then that ended what is owed."""
    before = [at for at in settled if at < one.at]
    since = [last.id for last in lasts if last.at < one.at and (not before or last.at > max(before))]
    return len(before), tuple(since[-1:])


def _contacts(facts: Facts, kind: str, run: list[Fact], case: str | None) -> list[Fact]:
    """The first line of each conversation in this run that needs an answer."""
    begun, last = dict[UUID, object](), dict[str, Fact]()
    for line in [one for one in facts.of("contact") if one.case == case]:
        channel = line.data["channel"]
        before = last.get(channel)
        same = before is not None and line.at <= before.at + facts.span(kind, "same_conversation_within")
        if line.data.get("conversation"):
            begun[line.id] = line.data["conversation"]
        elif channel in ("chat", "message", "web") and same and before is not None:
            begun[line.id] = begun[before.id]
        else:
            begun[line.id] = line.id
        last[channel] = line
    first = dict[object, Fact]()
    for line in run:
        if facts.waits_for_answer(line):
            first.setdefault(begun[line.id], line)
    return list(first.values())


def _unsettled(fact: Fact) -> bool:
    return fact.result != "resolved" if fact.case is not None else not fact.two_way


def _settles(fact: Fact, case: str | None) -> bool:
    if case is None:
        return fact.two_way and fact.case is None
    return fact.case == case and (fact.kind in ENDS_CASE or fact.result == "resolved")


def _too_many(facts: Facts, kind: str, run: list[Fact], id: UUID) -> Iterator[Finding]:
    many = facts.rules[kind]["contacts"]
    for first, last in zip(run, run[many - 1 :], strict=False):
        if last.at - first.at <= facts.span(kind, "within"):
            yield found(facts, kind, first, at=last.at, id=id)
            return


def quiet(facts: Facts, kind: str) -> Iterator[Finding]:
    """The last bad contact or rating, followed by silence from the customer for too long."""
    bad = [fact for fact in facts.all if _is_bad(facts, fact)]
    for place, fact in enumerate(bad):
        at, over = fact.at + facts.span(kind, "silent_for"), _over(facts, fact)
        followed = place + 1 < len(bad) and bad[place + 1].at <= at
        if not followed and not (over and over.at <= at) and not broken(facts, kind, fact, at, since=fact.at):
            yield found(facts, kind, fact, at=at, silence=True)


def _over(facts: Facts, fact: Fact) -> Fact | None:
    return facts.first(ends_of_case(facts, fact), fact.at, ends_too=True, status_too=True)


def _is_bad(facts: Facts, fact: Fact) -> bool:
    if fact.kind == "rated":
        return fact.share <= mark(facts)
    return (fact.missed and facts.waits_for_answer(fact)) or (fact.inbound and fact.result == "dead_end")
