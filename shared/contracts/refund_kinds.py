"""The kinds of refund requests."""

from enum import StrEnum


class RefundKind(StrEnum):
    """The kind of a refund request."""

    DISSATISFACTION = "dissatisfaction"
    STATUTORY_WITHDRAWAL = "statutory_withdrawal"
    DOUBLE_CHARGE = "double_charge"
    CHARGEBACK = "chargeback"
    FRAUD = "fraud"
