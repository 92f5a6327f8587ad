"""The eighteen kinds of signals, one module each, and values derived from their list. Start at `SIGNALS`."""

from collections.abc import Mapping

from services.escalation.domain.signals import (
    cancellation_requested,
    case_bounced,
    case_reopened,
    case_stuck,
    contact_dead_ended,
    contact_repeated,
    delivery_late,
    gone_quiet,
    order_cancelled,
    order_stalled,
    outcome_denied,
    promise_missed,
    refund_paid,
    refund_requested,
    response_due,
    response_overdue,
    satisfaction_low,
    seller_requested,
)
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind

SIGNALS: Mapping[SignalKind, SignalDefinition] = {
    module.SIGNAL.kind: module.SIGNAL
    for module in (
        contact_dead_ended,
        contact_repeated,
        case_stuck,
        case_bounced,
        case_reopened,
        response_due,
        response_overdue,
        satisfaction_low,
        refund_requested,
        cancellation_requested,
        seller_requested,
        order_stalled,
        promise_missed,
        outcome_denied,
        delivery_late,
        order_cancelled,
        refund_paid,
        gone_quiet,
    )
}
"""The definitions by kind, in the order in which they are listed for people."""
