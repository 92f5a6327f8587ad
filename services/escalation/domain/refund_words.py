"""Refunds in words, requested or paid: "Refund of €480.00", "Chargeback (€480.00)"."""

from services.escalation.domain.formatting import money
from services.escalation.domain.risk import Risk
from shared.contracts.support_inbound import RefundKind

SPECIAL_REFUNDS = {
    RefundKind.STATUTORY_WITHDRAWAL: "Statutory withdrawal",
    RefundKind.DOUBLE_CHARGE: "Refund of a double charge",
    RefundKind.CHARGEBACK: "Chargeback",
    RefundKind.FRAUD: "Refund after fraud",
}
"""Refunds with a name of their own."""


def refund_words(kind: RefundKind | None, amount: str | None) -> str:
    """The requested refund in words, with its amount if known."""
    special = SPECIAL_REFUNDS.get(kind) if kind else None
    if special:
        return f"{special} ({amount.removesuffix(',')})" if amount else special
    return f"Refund of {amount}" if amount else "Refund"


def refund_of(risk: Risk) -> str:
    """A refund that is a signal, with its amount and whether that is more than the order's."""
    if risk.requested is None:
        return refund_words(risk.refund_kind, None)
    amount = money(risk.requested.minor, risk.requested.currency)
    return refund_words(risk.refund_kind, f"{amount}, more than the order," if risk.more_than_order else amount)
