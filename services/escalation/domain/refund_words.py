"""Refunds that are signals, in words: requested or paid."""

from services.escalation.domain.risk import Risk
from shared.formatting import money
from shared.refund_words import refund_words, requested_words


def request_of(risk: Risk) -> str:
    """A refund request that is a signal, with its amount and whether that is more than the order's."""
    amount = money(risk.requested.minor, risk.requested.currency) if risk.requested else None
    return requested_words(risk.refund_kind, amount, more=risk.more_than_order)


def payment_of(risk: Risk) -> str:
    """A paid refund that is a signal, with its amount."""
    amount = money(risk.requested.minor, risk.requested.currency) if risk.requested else None
    return f"{refund_words(risk.refund_kind, amount)} paid"
