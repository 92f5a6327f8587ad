"""Which signals an account's facts amount to: every rule by looking at all facts anew. Start at `findings`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from tests.faults.checker.endings import ENDS_CASE, Facts, Finding, ends_of_case, is_progress, mark
from tests.faults.checker.facts import OF_ORDERS, Fact, derived


def findings(account: str, facts: Iterable[Fact], signals: Mapping[str, Any]) -> list[Finding]:
    """Sorted by time, ties by id. `signals` are the policy's rules by kind."""
    known = Facts(account, facts, signals)
    found = [one for kind, rule in _RULES.items() if signals[kind].get("enabled", True) for one in rule(known, kind)]
    return sorted(found, key=lambda one: (one.at, one.id))


def _themselves(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (facts.found(kind, fact) for fact in facts.of(kind))


def _dead_ends(facts: Facts, kind: str) -> Iterator[Finding]:
    """Dead ends; and of the calls since each talk the first, if nobody talked to the customer in time."""
    yield from (facts.found(kind, fact) for fact in facts.of("contact") if fact.result == "dead_end")
    talked: datetime | None = None
    while (call := facts.first(lambda fact: _waits(facts, kind, fact), talked)) is not None:
        answers = [fact for fact in facts.all if fact.two_way and fact.at >= call.at]
        at, id = call.at + facts.span(kind, "answer_within"), derived("signal", call.id, kind, "silence")
        if not answers or answers[0].at > at:
            ended = facts.first(facts.ends("unanswered", call), at)
            yield Finding(id, kind, at, call, facts.order_of(call), silence=True, cleared=ended)
        if not answers:
            return
        talked = answers[0].at


def _waits(facts: Facts, kind: str, call: Fact) -> bool:
    """Whether a call waits for an answer: nobody said that it needs none, or made it the customer's turn in time."""
    until = call.at + facts.span("contact_dead_ended", "answer_within")
    handed = any(
        facts.turn(fact) == "customer" and call.at <= fact.at <= until and fact.key > (*call.key[:2], UUID(int=0))
        for fact in facts.all
        if fact.case == call.case and fact.kind in ("case_progressed", "case_opened")
    )
    return call.missed and facts.waits_for_answer(call) and not (call.case is not None and handed)


def _repeated(facts: Facts, kind: str) -> Iterator[Finding]:
    """Too many attempts on one matter; what settles it begins another."""
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
    """How often the matter was settled before, and the last status since by which the case was over."""
    before = [at for at in settled if at < one.at]
    since = [last.id for last in lasts if last.at < one.at and (not before or last.at > max(before))]
    return len(before), tuple(since[-1:])


def _contacts(facts: Facts, kind: str, run: list[Fact], case: str | None) -> list[Fact]:
    """Of each conversation the first line of this run that waits for an answer."""
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
            yield facts.found(kind, first, at=last.at, id=id)
            return


def _stuck(facts: Facts, kind: str) -> Iterator[Finding]:
    """A case that is open after all that happened at one instant, and then nothing."""
    for case in facts.cases():
        moves = [fact for fact in facts.all if fact.case == case and is_progress(fact)]
        for _, group in groupby(moves, key=lambda fact: fact.at):
            last = list(group)[-1]
            at = _stuck_at(facts, kind, last)
            if facts.state(case, last) == "open" and at is not None and not facts.broken(kind, last, at, since=last.at):
                yield facts.found(kind, last, at=at, silence=True)


def _stuck_at(facts: Facts, kind: str, last: Fact) -> datetime | None:
    """When nothing happened for too long: less soon while it is the customer's turn, never while it is nobody's."""
    turn, limit = facts.whose_turn(last.case, last.at), facts.span(kind, "no_progress_for")
    if turn not in ("customer", "nobody"):
        return last.at + limit
    asked = facts.first(lambda fact: fact.case == last.case and fact.asks, last.at)
    theirs = last.at + facts.span(kind, "customers_turn_for") if turn == "customer" else None
    if asked is not None and (theirs is None or asked.at < theirs):
        return asked.at + limit
    return theirs


def _bounced(facts: Facts, kind: str) -> Iterator[Finding]:
    for case in facts.cases():
        passed = [fact for fact in facts.of("case_reassigned") if fact.case == case]
        too_often = facts.rules[kind]["reassignments"]
        often = [fact for fact in passed if fact.data["reassignments"] >= too_often and not facts.is_over(fact)]
        yield from (facts.found(kind, fact, id=derived("signal", facts.account, case, kind)) for fact in often[:1])


def _soon_due(facts: Facts, kind: str) -> Iterator[Finding]:
    """A warning some time before, unless an answer is overdue by then; over when a signal says that one is."""
    on = facts.rules["response_overdue"].get("enabled", True)
    overdue = list(_overdue(facts, "response_overdue")) if on else []
    yield from _once(_warnings(facts, kind, overdue))


def _warnings(facts: Facts, kind: str, overdue: list[Finding]) -> Iterator[Finding]:
    for promise in _promises(facts):
        due = max(promise.at, promise.due or promise.at)
        at = max(promise.at, due - facts.span(kind, "warn_before"))
        if at < due and not facts.broken(kind, promise, at, since=promise.at):
            warning = facts.found(kind, promise, at=at, silence=True)
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


def _once(found: Iterable[Finding]) -> Iterator[Finding]:
    """What is about one matter and ended by one fact is one trouble, since the earliest; told or silent."""
    for _, group in groupby(sorted(found, key=_trouble), key=lambda one: _trouble(one)[:-1]):
        first, *others = group
        told = next((one.cause for one in others if not one.silence), None)
        yield replace(first, told=told) if first.silence else first


def _trouble(one: Finding) -> tuple[str, str, str, tuple[datetime, UUID]]:
    ended = str(one.cleared.id if one.cleared else one.passes)
    return str(one.cause.case), str(one.names), ended, (one.at, one.id)


def _overdue(facts: Facts, kind: str) -> Iterator[Finding]:
    """Somebody says so, or a promised time passes: once for all that the next answer settles."""
    yield from _once(_each_overdue(facts, kind))


def _each_overdue(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (facts.found(kind, fact) for fact in facts.of(kind) if not facts.is_over(fact))
    for promise in _promises(facts):
        due = max(promise.at, promise.due or promise.at)
        if not facts.broken(kind, promise, due, since=promise.at):
            yield facts.found(kind, promise, at=due, silence=True)


def _promises(facts: Facts) -> list[Fact]:
    return [fact for fact in facts.of("response_promised") if not facts.is_over(fact)]


def _reopened(facts: Facts, kind: str) -> Iterator[Finding]:
    """Until a case ends once more it is one trouble."""
    known = set[tuple[str, UUID | None]]()
    for finding in _themselves(facts, kind):
        case, end = finding.cause.case, finding.cleared.id if finding.cleared else None
        if case is None or (case, end) not in known:
            yield finding
        if case is not None:
            known.add((case, end))


def _asked(facts: Facts, kind: str) -> Iterator[Finding]:
    """Requests; the same once more, with no talk or withdrawal between, is no other."""
    by_matter = dict[tuple[Any, ...], list[Finding]]()
    for fact in facts.of(kind):
        refund = fact.data.get("kind", "dissatisfaction") if kind == "refund_requested" else None
        many = by_matter.setdefault((refund, fact.case) if fact.case else (refund, None, fact.order), [])
        if many and _is_same(facts, kind, many[-1], fact):
            many[-1] = replace(many[-1], again=(*many[-1].again, fact))
        else:
            many.append(facts.found(kind, fact))
    yield from (one for many in by_matter.values() for one in many)


def _is_same(facts: Facts, kind: str, known: Finding, fact: Fact) -> bool:
    talked = facts.first(lambda one: one.two_way, known.at)
    stood = known.cleared is None or known.cleared.at >= fact.at
    soon = fact.at <= known.at + facts.span(kind, "same_request_within")
    return soon and stood and (talked is None or talked.at > fact.at)


def _low(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (facts.found(kind, fact) for fact in facts.of("rated") if fact.share <= mark(facts))


def _stalled(facts: Facts, kind: str) -> Iterator[Finding]:
    for fact in facts.of("confirmation_required"):
        at = fact.at + facts.span(kind, "reached_within")
        if not facts.broken(kind, fact, at, since=fact.at):
            yield facts.found(kind, fact, at=at, silence=True)
    for fact in facts.of("sold"):
        at, fits = fact.at + facts.span(kind, "no_progress_for"), facts.moved(fact)
        moved = facts.first(fits, fact.at - timedelta(microseconds=1))
        if moved is None or moved.at > at:
            id = derived("signal", facts.account, fact.order, kind, "sold")
            yield Finding(id, kind, at, fact, fact.order, silence=True, cleared=facts.first(fits, at, ends_too=True))


def _missed(facts: Facts, kind: str) -> Iterator[Finding]:
    """Of promises of one name the one that is due first."""
    by_name = dict[tuple[str | None, str | None], Fact]()
    for fact in sorted(facts.of("promise"), key=lambda fact: (_due(fact), fact.key)):
        by_name.setdefault((fact.order, fact.what), fact)
    for (order, what), fact in by_name.items():
        at = _broken_at(facts, fact)
        if at is not None and not facts.broken(kind, fact, at, since=None):
            yield facts.found(kind, fact, at=at, id=derived("signal", facts.account, order, what, kind), silence=True)


def _broken_at(facts: Facts, promise: Fact) -> datetime | None:
    """Its day; or, if somebody said by then that it was kept, when the customer first complains after that was said."""
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


def _late(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from _once(_each_late(facts, kind))


def _each_late(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from _themselves(facts, kind)
    for order in sorted({fact.order or "" for fact in facts.of("delivery_due", "order_changed")}):
        for fact, at in _days(facts, order):
            cancelled = any(one.order == order and one.at <= at for one in facts.of("order_cancelled"))
            if not cancelled and not _arrived_by(facts, order, at):
                of_sale = fact.kind == "delivery_due"
                id = derived("signal", facts.account, order, kind) if of_sale else derived("signal", fact.id, kind)
                yield facts.found(kind, fact, at=at, id=id, silence=True)


def _days(facts: Facts, order: str) -> Iterator[tuple[Fact, datetime]]:
    """When an order would be late: as its day passes that counts then, and when it is not delivered any more later."""
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


def _denied(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (facts.found(kind, fact) for fact in facts.all if fact.denies)


def _paid(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (facts.found(kind, fact) for fact in facts.of("refund_paid") if fact.data["amount_minor"])


def _quiet(facts: Facts, kind: str) -> Iterator[Finding]:
    """The last time that something was bad, and then nothing is heard."""
    bad = [fact for fact in facts.all if _is_bad(facts, fact)]
    for place, fact in enumerate(bad):
        at, over = fact.at + facts.span(kind, "silent_for"), _over(facts, fact)
        followed = place + 1 < len(bad) and bad[place + 1].at <= at
        if not followed and not (over and over.at <= at) and not facts.broken(kind, fact, at, since=fact.at):
            yield facts.found(kind, fact, at=at, silence=True)


def _over(facts: Facts, fact: Fact) -> Fact | None:
    return facts.first(ends_of_case(facts, fact), fact.at, ends_too=True, status_too=True)


def _is_bad(facts: Facts, fact: Fact) -> bool:
    if fact.kind == "rated":
        return fact.share <= mark(facts)
    return (fact.missed and facts.waits_for_answer(fact)) or (fact.inbound and fact.result == "dead_end")


_RULES: Mapping[str, Callable[[Facts, str], Iterator[Finding]]] = {
    "contact_dead_ended": _dead_ends,
    "contact_repeated": _repeated,
    "case_stuck": _stuck,
    "case_bounced": _bounced,
    "case_reopened": _reopened,
    "response_due": _soon_due,
    "response_overdue": _overdue,
    "satisfaction_low": _low,
    "refund_requested": _asked,
    "cancellation_requested": _asked,
    "order_stalled": _stalled,
    "promise_missed": _missed,
    "outcome_denied": _denied,
    "delivery_late": _late,
    "order_cancelled": _themselves,
    "refund_paid": _paid,
    "gone_quiet": _quiet,
}
