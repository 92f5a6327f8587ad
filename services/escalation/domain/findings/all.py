"""Every kind of signal with its rule, and the findings they make together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from services.escalation.domain.findings import (
    cases,
    dead_ends,
    orders,
    quiet_customers,
    ratings,
    repeated_contacts,
    requests,
    responses,
)
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.places import PART_OF, Part
from services.escalation.domain.findings.scope import WHOLE, Scope
from services.escalation.domain.findings.terms import TermsAt
from shared.contracts.escalation import SignalKind

Rule: TypeAlias = Callable[[History, Scope, TermsAt], Iterator[Finding]]

RULES: Mapping[SignalKind, Rule] = {
    SignalKind.CONTACT_DEAD_ENDED: dead_ends.dead_ends,
    SignalKind.CONTACT_REPEATED: repeated_contacts.repeated_contacts,
    SignalKind.CASE_STUCK: cases.stuck_cases,
    SignalKind.CASE_BOUNCED: cases.bounced_cases,
    SignalKind.CASE_REOPENED: cases.reopened_cases,
    SignalKind.RESPONSE_DUE: responses.responses_due,
    SignalKind.RESPONSE_OVERDUE: responses.responses_overdue,
    SignalKind.SATISFACTION_LOW: ratings.low_ratings,
    SignalKind.REFUND_REQUESTED: requests.refund_requests,
    SignalKind.CANCELLATION_REQUESTED: requests.cancellation_requests,
    SignalKind.ORDER_STALLED: orders.stalled_orders,
    SignalKind.PROMISE_MISSED: orders.missed_promises,
    SignalKind.OUTCOME_DENIED: orders.denied_outcomes,
    SignalKind.DELIVERY_LATE: orders.late_deliveries,
    SignalKind.ORDER_CANCELLED: orders.cancelled_orders,
    SignalKind.REFUND_PAID: orders.paid_refunds,
    SignalKind.GONE_QUIET: quiet_customers.quiet_customers,
}


def findings(history: History, terms: TermsAt, scope: Scope = WHOLE) -> list[Finding]:
    """The signals that an account's facts amount to, as far as they are in scope, sorted by (at, signal_id)."""
    found = [
        finding
        for rule in _rules(scope)
        for finding in rule(history, scope, terms)
        if scope.covers(finding.kind, finding.cause)
    ]
    return sorted(found, key=lambda finding: (finding.at, finding.signal_id))


def _rules(scope: Scope) -> Iterable[Rule]:
    """Those that may find something in scope: most facts are about no order, or about nothing else."""
    if scope.orders == frozenset():
        return _OF_ALL_ELSE
    return _OF_ORDERS if scope == Scope(orders=scope.orders) else RULES.values()


_OF_ORDERS = tuple(rule for kind, rule in RULES.items() if PART_OF[kind] is Part.ORDERS)
_OF_ALL_ELSE = tuple(rule for kind, rule in RULES.items() if PART_OF[kind] is not Part.ORDERS)
