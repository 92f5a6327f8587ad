"""The signals that follow from an account's facts. Every rule looks at all facts anew. Start at `findings`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.faults.checker.account_facts import Facts, mark
from tests.faults.checker.case_findings import bounced, overdue, reopened, soon_due, stuck
from tests.faults.checker.contact_findings import dead_ends, quiet, repeated
from tests.faults.checker.facts import Fact
from tests.faults.checker.finding import Finding, found, once, themselves
from tests.faults.checker.order_findings import late, missed, stalled


def findings(account: str, facts: Iterable[Fact], signals: Mapping[str, Any]) -> list[Finding]:
    """Sorted by time, ties by id. `signals` are the policy's rules by kind."""
    known = Facts(account, facts, signals)
    raised = [one for kind, rule in RULES.items() if signals[kind].get("enabled", True) for one in rule(known, kind)]
    return sorted(raised, key=lambda one: (one.at, one.id))


def _asked(facts: Facts, kind: str) -> Iterator[Finding]:
    """Requests. A repetition within the policy's span, with no talk or withdrawal in between, is the same request."""
    by_matter = dict[tuple[Any, ...], list[Finding]]()
    for fact in facts.of(kind):
        refund = fact.data.get("kind", "dissatisfaction") if kind == "refund_requested" else None
        many = by_matter.setdefault((refund, fact.case) if fact.case else (refund, None, fact.order), [])
        if many and _is_same(facts, kind, many[-1], fact):
            many[-1] = replace(many[-1], again=(*many[-1].again, fact))
        else:
            many.append(found(facts, kind, fact))
    yield from (one for many in by_matter.values() for one in many)


def _is_same(facts: Facts, kind: str, known: Finding, fact: Fact) -> bool:
    talked = facts.first(lambda one: one.two_way, known.at)
    stood = known.cleared is None or known.cleared.at >= fact.at
    soon = fact.at <= known.at + facts.span(kind, "same_request_within")
    return soon and stood and (talked is None or talked.at > fact.at)


def _seller(facts: Facts, kind: str) -> Iterator[Finding]:
    """Requests for the seller. Those settled by the same conversation or end of the case are one."""
    yield from once(themselves(facts, kind))


def _low(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (found(facts, kind, fact) for fact in facts.of("rated") if fact.share <= mark(facts))


def _denied(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (found(facts, kind, fact) for fact in facts.all if fact.denies)


def _paid(facts: Facts, kind: str) -> Iterator[Finding]:
    yield from (found(facts, kind, fact) for fact in facts.of("refund_paid") if fact.data["amount_minor"])


RULES: Mapping[str, Callable[[Facts, str], Iterator[Finding]]] = {
    "contact_dead_ended": dead_ends,
    "contact_repeated": repeated,
    "case_stuck": stuck,
    "case_bounced": bounced,
    "case_reopened": reopened,
    "response_due": soon_due,
    "response_overdue": overdue,
    "satisfaction_low": _low,
    "refund_requested": _asked,
    "cancellation_requested": _asked,
    "seller_requested": _seller,
    "order_stalled": stalled,
    "promise_missed": missed,
    "outcome_denied": _denied,
    "delivery_late": late,
    "order_cancelled": themselves,
    "refund_paid": _paid,
    "gone_quiet": quiet,
}
