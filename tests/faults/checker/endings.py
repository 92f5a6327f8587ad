"""Which later fact ends each kind of signal. Start at `ended`."""

from collections.abc import Callable, Mapping
from datetime import datetime

from tests.faults.checker.account_facts import ENDS_CASE, Facts, Fits, is_progress, mark
from tests.faults.checker.arriving import is_delivery
from tests.faults.checker.facts import Fact


def ended(facts: Facts, kind: str, cause: Fact, at: datetime | None) -> Fact | None:
    """The fact that ends a signal of this time. An end of the same instant counts, unless the signal is a reopening of
    that instant."""
    reopened = cause.kind == "case_reopened" and cause.at == at
    progress = kind == "case_stuck"  # progress is any status, so one after which nothing is owed is no special end
    return facts.first(ends(facts, kind, cause), at, ends_too=not reopened, status_too=not progress)


def broken(facts: Facts, kind: str, cause: Fact, until: datetime, *, since: datetime | None) -> bool:
    """Whether a fact that would end the signal happened at or before `until`."""
    end = ended(facts, kind, cause, since)
    return end is not None and end.at <= until


def ends(facts: Facts, kind: str, cause: Fact) -> Fits:
    """Matches the facts that end a signal of this kind."""
    return ENDS[kind](facts, cause)


def ends_of_case(facts: Facts, cause: Fact) -> Fits:
    """Matches the end of the cause's case, and a status after which nothing is owed on it."""

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


def _is_in_touch(_facts: Facts, _cause: Fact) -> Fits:
    return lambda fact: fact.inbound or fact.two_way


def _never(_facts: Facts, _cause: Fact) -> Fits:
    return lambda _fact: False


def _delivered(facts: Facts, cause: Fact) -> Fits:
    """Matches the fact that completes the order, and its cancellation."""
    completing = {
        fact.id for fact, before, after in facts.delivery(cause.order) if after and (is_delivery(fact) or not before)
    }
    return lambda fact: fact.id in completing or (fact.kind == "order_cancelled" and fact.order == cause.order)


ENDS: Mapping[str, Callable[[Facts, Fact], Fits]] = {
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
    "seller_requested": _answered,
    "order_stalled": _confirmed,
    "promise_missed": _kept,
    "outcome_denied": lambda _facts, cause: (
        lambda fact: fact.kind == "outcome_reported" and fact.order == cause.order and bool(fact.data["reached"])
    ),
    "delivery_late": _delivered,
    "order_cancelled": _never,
    "refund_paid": _never,
    "gone_quiet": _is_in_touch,
}
