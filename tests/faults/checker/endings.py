"""An account's facts in their order, and which later fact ends each kind of signal. Start at `Facts`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from tests.faults.checker.arriving import is_delivery, walked
from tests.faults.checker.facts import ENDS, OF_ORDERS, Fact, derived

ENDS_CASE = ("case_resolved", "case_closed")
_STATUSES = ("case_opened", "case_progressed")
_SAYS_NOTHING = ("sold", "promise", "delivery_due", "order_lines", "promise_said_kept", "outcome_said")
"""Of how an order goes on since its sale, as its publishers tell it."""
Fits: TypeAlias = Callable[[Fact], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal that began with `cause`; `cleared` is the fact that ended it, `passes` when it is over by time alone.

    `told` says the same as a silence; `again` are requests that are the same once more.
    """

    id: UUID
    kind: str
    at: datetime
    cause: Fact
    names: str | None
    silence: bool = False
    cleared: Fact | None = None
    passes: datetime | None = None
    told: Fact | None = None
    again: tuple[Fact, ...] = ()

    @property
    def about(self) -> tuple[str, str | None, str | None]:
        return self.kind, self.cause.case, self.names

    @property
    def expected(self) -> bool:
        """Whether it is raised only when its time has passed and all is read."""
        return self.silence and self.told is None

    @property
    def said(self) -> Fact | None:
        """The fact by which somebody says so."""
        return self.told if self.silence else self.cause

    def stands(self, at: datetime) -> bool:
        return self.cleared is None and (self.passes is None or self.passes > at)


class Facts:
    """The facts of an account that count, in the order in which they happened."""

    def __init__(self, account: str, facts: Iterable[Fact], rules: Mapping[str, Any]) -> None:
        self.account = account
        self.rules = rules
        known = [fact for fact in facts if not fact.courtesy]
        self._unneeded = [fact for fact in known if fact.kind == "answer_not_needed"]
        counting = (one for one in known if one not in self._unneeded and not self._is_unneeded(one, "spam", "test"))
        self.all = sorted(counting, key=lambda fact: fact.key)
        opened = (fact for fact in known if fact.kind == "case_opened" and fact.order is not None)
        openings = sorted(opened, key=lambda fact: fact.key, reverse=True)
        self._order_of_case = {fact.case: fact.order for fact in openings}

    def turn(self, status: Fact) -> str | None:
        """Whose turn a status says it is: as told, else as the policy reads its word."""
        told: str | None = status.data.get("waiting_for") or self.rules["statuses"].get(status.word)
        return told

    def whose_turn(self, case: str | None, at: datetime) -> str | None:
        """Whose turn it is on a case at a time; what the customer does after a status makes it ours.

        Among statuses of one instant: nobody's before the customer's, and that before ours.
        """
        said = [fact for fact in self.all if fact.case == case and fact.at <= at and fact.kind in _STATUSES]
        known = [fact for fact in said if self.turn(fact) is not None]
        if not known:
            return None
        last = known[-1]
        asked = self.first(lambda fact: fact.case == case and fact.asks, last.at)
        if asked is not None and asked.at <= at:
            return "us"
        turns = {self.turn(fact) for fact in known if (fact.at, fact.place) == (last.at, last.place)}
        return next(turn for turn in ("nobody", "customer", "us") if turn in turns)

    def state(self, case: str | None, until: Fact) -> str | None:
        """Whether a case is open or over once this has happened; None before it was ever opened."""
        state = None
        for fact in self.all:
            status = fact.kind == "case_progressed" and fact.at == until.at
            if fact.case != case or (fact.key > until.key and not status):
                continue
            if fact.kind in ("case_opened", "case_reopened"):
                state = "open"
            elif fact.kind in ENDS_CASE:
                state = "over"
            elif state == "over" and fact.kind == "case_progressed" and self.turn(fact) in ("us", "customer"):
                state = "open"
        return state

    def is_over(self, fact: Fact) -> bool:
        """Whether it happened after the end of its case."""
        return fact.case is not None and (self.state(fact.case, fact) == "over" or self._is_nobodys(fact))

    def is_last(self, fact: Fact) -> bool:
        """Whether it is a status by which nothing is owed any more on its case."""
        return fact.kind == "case_progressed" and self.turn(fact) == "nobody"

    def _is_nobodys(self, fact: Fact) -> bool:
        """Whether the last status since its case was opened or ended says so, and the customer was silent since."""
        own = [one for one in self.all if one.case == fact.case and one.case is not None]
        bounds = [
            one for one in own if one.kind in (*ENDS_CASE, "case_opened", "case_reopened") and one.key <= fact.key
        ]
        said = [one for one in own if one.kind == "case_progressed" and one.at <= fact.at and self.turn(one)]
        if not said or (bounds and bounds[-1].key > said[-1].key):
            return False
        if not any(self.is_last(one) for one in said if one.at == said[-1].at):
            return False
        return not any(one.asks and said[-1].at < one.at <= fact.at for one in own)

    def of(self, *kinds: str) -> list[Fact]:
        return [fact for fact in self.all if fact.kind in kinds]

    def cases(self) -> list[str]:
        return sorted({fact.case for fact in self.all if fact.case is not None and fact.kind not in OF_ORDERS})

    def order_of(self, fact: Fact) -> str | None:
        return fact.order or self._order_of_case.get(fact.case)

    def _is_unneeded(self, fact: Fact, *reasons: str) -> bool:
        """Whether somebody said so of its case by then, or of this very contact."""
        said = [one for one in self._unneeded if one.data["reason"] in reasons]
        named = any(fact.id in one.contacts for one in said)
        return named or any(
            not one.contacts and one.case == fact.case and fact.at <= one.at for one in said if one.case
        )

    def waits_for_answer(self, fact: Fact) -> bool:
        return not self._is_unneeded(fact, "goodbye", "answered_elsewhere")

    def first(
        self, fits: Fits, after: datetime | None, *, ends_too: bool = False, status_too: bool = False
    ) -> Fact | None:
        """The first that fits and happened later; or then, if it is an end, or such a status."""
        for fact in self.all:
            is_end = fact.kind in ENDS or (status_too and self.is_last(fact))
            late = after is None or fact.at > after or (ends_too and fact.at == after and is_end)
            if late and fits(fact):
                return fact
        return None

    def delivery(self, order: str | None) -> list[tuple[Fact, bool, bool]]:
        """Of an order's changes and deliveries, in their order: whether it was delivered before each, and after it."""
        told = self.of("order_lines", "order_delivered", "order_changed")
        return list(walked(fact for fact in told if fact.order == order))

    def span(self, kind: str, name: str) -> timedelta:
        return timedelta(seconds=self.rules[kind][name])

    def found(
        self, kind: str, cause: Fact, *, at: datetime | None = None, id: UUID | None = None, silence: bool = False
    ) -> Finding:
        """A signal, with what ended it; by itself at its cause's time."""
        at, id = at or cause.at, id or derived("signal", cause.id, kind)
        return Finding(id, kind, at, cause, self.order_of(cause), silence, self.ended(kind, cause, at))

    def ended(self, kind: str, cause: Fact, at: datetime | None) -> Fact | None:
        """What ends a signal that came at this time: an end of the same instant, unless it is a reopening."""
        reopened = cause.kind == "case_reopened" and cause.at == at
        progress = kind == "case_stuck"  # to which any status is one like the other
        return self.first(self.ends(kind, cause), at, ends_too=not reopened, status_too=not progress)

    def broken(self, kind: str, cause: Fact, until: datetime, *, since: datetime | None) -> bool:
        """Whether what would end it happened before it lasted too long."""
        ended = self.ended(kind, cause, since)
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

    def moved(self, sold: Fact) -> Fits:
        """Whatever is told of an order after its sale, or a talk by phone."""

        def fits(fact: Fact) -> bool:
            told = fact.kind in OF_ORDERS and fact.kind not in _SAYS_NOTHING
            return (told and fact.order == sold.order) or self.phoned(fact, sold.order)

        return fits

    def complains(self, fact: Fact, order: str | None) -> bool:
        """Whether the customer complains, about this order or about none that is known."""
        low = fact.kind == "rated" and fact.share <= mark(self)
        asks = fact.kind in ("refund_requested", "cancellation_requested")
        return (low or asks or fact.denies or fact.result == "dead_end") and self.order_of(fact) in (order, None)

    def phoned(self, fact: Fact, order: str | None) -> bool:
        """A talk by phone or in person that names no other order."""
        spoken = fact.data.get("channel", "phone") in ("phone", "in_person")  # who logs a talk and no more, phoned
        return fact.two_way and spoken and self.order_of(fact) in (order, None)


def ends_of_case(facts: Facts, cause: Fact) -> Fits:
    """The end of its case, or a status by which nothing is owed any more."""

    def fits(fact: Fact) -> bool:
        over = fact.kind in ENDS_CASE or facts.is_last(fact)
        return cause.case is not None and over and fact.case == cause.case

    return fits


def _answered(facts: Facts, cause: Fact) -> Fits:
    talk, over = facts.talks_about(cause), ends_of_case(facts, cause)
    return lambda fact: talk(fact) or over(fact)


def _settled(facts: Facts, cause: Fact) -> Fits:
    if cause.case is None:
        return lambda fact: fact.two_way and fact.case is None
    over = ends_of_case(facts, cause)
    return lambda fact: over(fact) or (fact.case == cause.case and fact.result == "resolved")


def _progress(_facts: Facts, cause: Fact) -> Fits:
    return lambda fact: fact.case == cause.case and is_progress(fact)


def is_progress(fact: Fact) -> bool:
    told = fact.kind in (*ENDS_CASE, "case_opened", "case_progressed", "case_reopened")
    return told or fact.two_way or (fact.kind == "contact" and fact.data["direction"] == "outbound")


def _withdrawn(facts: Facts, cause: Fact) -> Fits:
    kind, order = cause.kind.replace("requested", "withdrawn"), facts.order_of(cause)

    def fits(fact: Fact) -> bool:
        if fact.case is not None:
            return fact.kind == kind and fact.case == cause.case
        return fact.kind == kind and fact.order in (None, order)

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
    return lambda fact: fact.kind == "rated" and fact.case == cause.case and fact.share > mark(facts)


def _heard_of(_facts: Facts, _cause: Fact) -> Fits:
    return lambda fact: fact.inbound or fact.two_way


def _never(_facts: Facts, _cause: Fact) -> Fits:
    return lambda _fact: False


def _delivered(facts: Facts, cause: Fact) -> Fits:
    """What completes the order, or ends it."""
    completing = {
        fact.id for fact, before, after in facts.delivery(cause.order) if after and (is_delivery(fact) or not before)
    }
    return lambda fact: fact.id in completing or (fact.kind == "order_cancelled" and fact.order == cause.order)


_ENDS: Mapping[str, Callable[[Facts, Fact], Fits]] = {
    "contact_dead_ended": lambda facts, cause: facts.talks_about(cause),
    "unanswered": lambda _facts, _cause: lambda fact: fact.two_way,
    "contact_repeated": _settled,
    "case_stuck": _progress,
    "case_bounced": ends_of_case,
    "case_reopened": ends_of_case,
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
    "delivery_late": _delivered,
    "order_cancelled": _never,
    "refund_paid": _never,
    "gone_quiet": _heard_of,
}


def mark(facts: Facts) -> int:
    return round(1000 * float(facts.rules["satisfaction_low"]["at_most"]))
