"""Which signals an account's facts amount to: every rule by looking at all facts anew. Start at `findings`.

The rules, in words, are in the table of docs/signals: what raises each kind, and which later fact ends it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, TypeAlias
from uuid import UUID

from tests.faults.checker.facts import OF_ORDERS, Fact, derived

_ENDS_CASE = ("case_resolved", "case_closed")
Fits: TypeAlias = Callable[[Fact], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal that began with `cause`; `cleared` is the fact that ended it."""

    id: UUID
    kind: str
    at: datetime
    cause: Fact
    names: str | None
    silence: bool = False
    cleared: Fact | None = None


class Facts:
    """The facts of an account that count, in the order in which they happened."""

    def __init__(self, account: str, facts: Iterable[Fact], rules: Mapping[str, Any]) -> None:
        self.account = account
        self.rules = rules
        self.all = sorted((fact for fact in facts if not fact.courtesy), key=lambda fact: fact.key)
        openings = [fact for fact in self.all if fact.kind == "case_opened" and fact.order is not None]
        self._order_of_case = {fact.case: fact.order for fact in reversed(openings)}

    def of(self, *kinds: str) -> list[Fact]:
        return [fact for fact in self.all if fact.kind in kinds]

    def cases(self) -> list[str]:
        return sorted({fact.case for fact in self.all if fact.case is not None and fact.kind not in OF_ORDERS})

    def order_of(self, fact: Fact) -> str | None:
        return fact.order or self._order_of_case.get(fact.case)

    def first(self, fits: Fits, after: datetime | None) -> Fact | None:
        """The first that fits and happened later."""
        return next((fact for fact in self.all if (after is None or fact.at > after) and fits(fact)), None)

    def span(self, kind: str, name: str) -> timedelta:
        return timedelta(seconds=self.rules[kind][name])

    def found(
        self, kind: str, cause: Fact, *, at: datetime | None = None, id: UUID | None = None, silence: bool = False
    ) -> Finding:
        """A signal, with what ended it; by itself at its cause's time."""
        at, id = at or cause.at, id or derived("signal", cause.id, kind)
        return Finding(id, kind, at, cause, self.order_of(cause), silence, self.first(self.ends(kind, cause), at))

    def broken(self, kind: str, cause: Fact, until: datetime, *, since: datetime | None) -> bool:
        """Whether what would end it happened before it lasted too long."""
        ended = self.first(self.ends(kind, cause), since)
        return ended is not None and ended.at <= until

    def ends(self, kind: str, cause: Fact) -> Fits:
        return _ENDS[kind](self, cause)

    def talks_about(self, cause: Fact) -> Fits:
        """A talk with the customer about the same matter."""
        case, order = cause.case, self.order_of(cause)

        def fits(fact: Fact) -> bool:
            if not fact.two_way:
                return False
            about = self.order_of(fact)
            if fact.kind == "customer_reached" and case is not None:
                return order is None or about in (order, None)
            if case is not None:
                return fact.case == case
            return fact.case is None and (order is None or about in (order, None))

        return fits

    def phoned(self, fact: Fact, order: str | None) -> bool:
        """A talk by phone or in person that names no other order."""
        spoken = fact.kind == "customer_reached" or fact.data.get("channel") in ("phone", "in_person")
        return fact.two_way and spoken and self.order_of(fact) in (order, None)


def findings(account: str, facts: Iterable[Fact], signals: Mapping[str, Any]) -> list[Finding]:
    """Sorted by time, ties by id. `signals` are the policy's rules by kind."""
    known = Facts(account, facts, signals)
    found = [one for kind, rule in _RULES.items() if signals[kind].get("enabled", True) for one in rule(known, kind)]
    return sorted(found, key=lambda one: (one.at, one.id))


def _ends_of_case(cause: Fact) -> Fits:
    return lambda fact: cause.case is not None and fact.kind in _ENDS_CASE and fact.case == cause.case


def _answered(facts: Facts, cause: Fact) -> Fits:
    talk, over = facts.talks_about(cause), _ends_of_case(cause)
    return lambda fact: talk(fact) or over(fact)


def _settled(_facts: Facts, cause: Fact) -> Fits:
    if cause.case is None:
        return lambda fact: fact.two_way and fact.case is None
    return lambda fact: fact.case == cause.case and (fact.kind in _ENDS_CASE or fact.result == "resolved")


def _progress(_facts: Facts, cause: Fact) -> Fits:
    return lambda fact: fact.case == cause.case and _is_progress(fact)


def _is_progress(fact: Fact) -> bool:
    told = fact.kind in (*_ENDS_CASE, "case_opened", "case_progressed", "case_reopened")
    return told or fact.two_way or (fact.kind == "contact" and fact.data["direction"] == "outbound")


def _withdrawn(facts: Facts, cause: Fact) -> Fits:
    kind, order = cause.kind.replace("requested", "withdrawn"), facts.order_of(cause)

    def fits(fact: Fact) -> bool:
        about = facts.order_of(fact)
        same = (cause.case is not None and fact.case == cause.case) or (order is not None and about == order)
        return fact.kind == kind and (same or (fact.case is None and about is None))

    return fits


def _of_order(*kinds: str) -> Callable[[Facts, Fact], Fits]:
    return lambda _facts, cause: lambda fact: fact.kind in kinds and fact.order == cause.order


def _confirmed(facts: Facts, cause: Fact) -> Fits:
    decided = _of_order("order_confirmed", "order_cancelled")(facts, cause)
    return lambda fact: decided(fact) or facts.phoned(fact, cause.order)


def _kept(_facts: Facts, cause: Fact) -> Fits:
    def fits(fact: Fact) -> bool:
        kept = fact.kind == "promise_kept" and fact.what == cause.what
        return fact.order == cause.order and (kept or fact.kind == "order_cancelled")

    return fits


def _better(facts: Facts, cause: Fact) -> Fits:
    return lambda fact: fact.kind == "rated" and fact.case == cause.case and fact.share > _mark(facts)


def _heard_of(_facts: Facts, _cause: Fact) -> Fits:
    return lambda fact: fact.inbound or fact.two_way


def _never(_facts: Facts, _cause: Fact) -> Fits:
    return lambda _fact: False


_ENDS: Mapping[str, Callable[[Facts, Fact], Fits]] = {
    "contact_dead_ended": lambda facts, cause: facts.talks_about(cause),
    "unanswered": lambda _facts, _cause: lambda fact: fact.two_way,
    "contact_repeated": _settled,
    "case_stuck": _progress,
    "case_bounced": lambda _facts, cause: _ends_of_case(cause),
    "case_reopened": lambda _facts, cause: _ends_of_case(cause),
    "response_due": _answered,
    "response_overdue": _answered,
    "satisfaction_low": _better,
    "refund_requested": _withdrawn,
    "cancellation_requested": _withdrawn,
    "order_stalled": _confirmed,
    "promise_missed": _kept,
    "outcome_denied": lambda _facts, cause: (
        lambda fact: fact.kind == "outcome_reported" and fact.order == cause.order and bool(fact.data["reached"])
    ),
    "delivery_late": _of_order("order_delivered", "order_cancelled"),
    "order_cancelled": _never,
    "refund_paid": _never,
    "gone_quiet": _heard_of,
}


def _themselves(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (facts.found(kind, fact) for fact in facts.of(kind))


def _dead_ends(facts: Facts, kind: str) -> Iterator[Finding]:
    """Dead ends; and of the calls since each talk the first, if nobody talked to the customer in time."""
    yield from (facts.found(kind, fact) for fact in facts.of("contact") if fact.result == "dead_end")
    talked: datetime | None = None
    while (call := facts.first(lambda fact: fact.missed, talked)) is not None:
        answers = [fact for fact in facts.all if fact.two_way and fact.at >= call.at]
        at, id = call.at + facts.span(kind, "answer_within"), derived("signal", call.id, kind, "silence")
        if not answers or answers[0].at > at:
            ended = facts.first(facts.ends("unanswered", call), at)
            yield Finding(id, kind, at, call, facts.order_of(call), silence=True, cleared=ended)
        if not answers:
            return
        talked = answers[0].at


def _repeated(facts: Facts, kind: str) -> Iterator[Finding]:
    """Too many attempts on one matter; what settles it begins another."""
    for case in [*facts.cases(), None]:
        tries = [one for one in facts.of("contact") if one.inbound and one.case == case and _unsettled(one)]
        settled = [one.at for one in facts.all if one.kind not in OF_ORDERS and _settles(one, case)]
        for times, group in groupby(tries, key=lambda one: sum(at < one.at for at in settled)):
            run = list(group)
            of_case = (facts.account, case, times) if case is not None else (run[0].id,)
            yield from _too_many(facts, kind, run, derived("signal", *of_case, kind))


def _unsettled(fact: Fact) -> bool:
    return fact.result != "resolved" if fact.case is not None else not fact.two_way


def _settles(fact: Fact, case: str | None) -> bool:
    if case is None:
        return fact.two_way and fact.case is None
    return fact.case == case and (fact.kind in _ENDS_CASE or fact.result == "resolved")


def _too_many(facts: Facts, kind: str, run: list[Fact], id: UUID) -> Iterator[Finding]:
    many = facts.rules[kind]["contacts"]
    for first, last in zip(run, run[many - 1 :], strict=False):
        if last.at - first.at <= facts.span(kind, "within"):
            yield facts.found(kind, first, at=last.at, id=id)
            return


def _stuck(facts: Facts, kind: str) -> Iterator[Finding]:
    """A case that is open after all that happened at one instant, and then nothing."""
    for case in facts.cases():
        opened = False
        moves = [fact for fact in facts.all if fact.case == case and _is_progress(fact)]
        for _, group in groupby(moves, key=lambda fact: fact.at):
            together = list(group)
            kinds = {fact.kind for fact in together}
            opened = (opened or bool(kinds & {"case_opened", "case_reopened"})) and not kinds & set(_ENDS_CASE)
            last, at = together[-1], together[-1].at + facts.span(kind, "no_progress_for")
            if opened and not facts.broken(kind, last, at, since=last.at):
                yield facts.found(kind, last, at=at, silence=True)


def _bounced(facts: Facts, kind: str) -> Iterator[Finding]:
    for case in facts.cases():
        passed = [fact for fact in facts.of("case_reassigned") if fact.case == case]
        often = [fact for fact in passed if fact.data["reassignments"] >= facts.rules[kind]["reassignments"]]
        yield from (facts.found(kind, fact, id=derived("signal", facts.account, case, kind)) for fact in often[:1])


def _overdue(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from _themselves(facts, kind)
    for promise in facts.of("response_promised"):
        due = max(promise.at, promise.due or promise.at)
        if not facts.broken(kind, promise, due, since=promise.at):
            yield facts.found(kind, promise, at=due, silence=True)


def _mark(facts: Facts) -> int:
    return round(1000 * float(facts.rules["satisfaction_low"]["at_most"]))


def _low(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (facts.found(kind, fact) for fact in facts.of("rated") if fact.share <= _mark(facts))


def _stalled(facts: Facts, kind: str) -> Iterator[Finding]:
    for fact in facts.of("confirmation_required"):
        at = fact.at + facts.span(kind, "reached_within")
        if not facts.broken(kind, fact, at, since=fact.at):
            yield facts.found(kind, fact, at=at, silence=True)


def _missed(facts: Facts, kind: str) -> Iterator[Finding]:
    """Of promises of one name the one that is due first."""
    by_name = dict[tuple[str | None, str | None], Fact]()
    for fact in sorted(facts.of("promise"), key=lambda fact: (_due(fact), fact.key)):
        by_name.setdefault((fact.order, fact.what), fact)
    for (order, what), fact in by_name.items():
        yield from _past_due(facts, kind, fact, derived("signal", facts.account, order, what, kind))


def _late(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from _themselves(facts, kind)
    for fact in facts.of("delivery_due"):
        yield from _past_due(facts, kind, fact, derived("signal", facts.account, fact.order, kind))


def _past_due(facts: Facts, kind: str, fact: Fact, id: UUID) -> Iterator[Finding]:
    if not facts.broken(kind, fact, _due(fact), since=None):
        yield facts.found(kind, fact, at=_due(fact), id=id, silence=True)


def _due(fact: Fact) -> datetime:
    return max(fact.at, fact.due or fact.at)


def _denied(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (facts.found(kind, fact) for fact in facts.of("outcome_reported") if not fact.data["reached"])


def _quiet(facts: Facts, kind: str) -> Iterator[Finding]:
    """The last time that something was bad, and then nothing is heard."""
    bad = [fact for fact in facts.all if _is_bad(facts, fact)]
    for place, fact in enumerate(bad):
        at, over = fact.at + facts.span(kind, "silent_for"), facts.first(_ends_of_case(fact), fact.at)
        followed = place + 1 < len(bad) and bad[place + 1].at <= at
        if not followed and not (over and over.at <= at) and not facts.broken(kind, fact, at, since=fact.at):
            yield facts.found(kind, fact, at=at, silence=True)


def _is_bad(facts: Facts, fact: Fact) -> bool:
    if fact.kind == "rated":
        return fact.share <= _mark(facts)
    return fact.missed or (fact.inbound and fact.result == "dead_end")


_RULES: Mapping[str, Callable[[Facts, str], Iterator[Finding]]] = {
    "contact_dead_ended": _dead_ends,
    "contact_repeated": _repeated,
    "case_stuck": _stuck,
    "case_bounced": _bounced,
    "case_reopened": _themselves,
    "response_overdue": _overdue,
    "satisfaction_low": _low,
    "refund_requested": _themselves,
    "cancellation_requested": _themselves,
    "order_stalled": _stalled,
    "promise_missed": _missed,
    "outcome_denied": _denied,
    "delivery_late": _late,
    "order_cancelled": _themselves,
    "refund_paid": _themselves,
    "gone_quiet": _quiet,
}
