"""Refunds in words, requested or paid: "Refund of €480.00", "Chargeback of €480.00"."""

from shared.contracts.refund_kinds import RefundKind

SPECIAL_REFUNDS = {
    RefundKind.STATUTORY_WITHDRAWAL: "Legal right of withdrawal",
    RefundKind.DOUBLE_CHARGE: "Refund of a double charge",
    RefundKind.CHARGEBACK: "Chargeback",
    RefundKind.FRAUD: "Refund after fraud",
}
"""Refunds with a name of their own."""

_REQUEST_VERBS = {RefundKind.STATUTORY_WITHDRAWAL: "used", RefundKind.CHARGEBACK: "raised"}
"""The verbs of refunds that are not requested from us."""
_MORE = "more than the order"


def refund_words(kind: RefundKind | None, amount: str | None) -> str:
    """The refund in words, with its amount if known."""
    return _with_amount(SPECIAL_REFUNDS.get(kind, "Refund") if kind else "Refund", kind, amount, more=False)


def requested_words(kind: RefundKind | None, amount: str | None, *, more: bool = False) -> str:
    """The request in words, with its amount if known; `more`: that is more than the order's."""
    special = SPECIAL_REFUNDS.get(kind) if kind else None
    if kind is RefundKind.STATUTORY_WITHDRAWAL:
        return _with_amount(f"{special} {_REQUEST_VERBS[kind]}", kind, amount, more=more)
    verb = _REQUEST_VERBS.get(kind, "requested") if kind else "requested"
    return f"{_with_amount(special or 'Refund', kind, amount, more=more)} {verb}"


def _with_amount(words: str, kind: RefundKind | None, amount: str | None, *, more: bool) -> str:
    if amount is None:
        return words
    if kind in SPECIAL_REFUNDS and kind is not RefundKind.CHARGEBACK:
        return f"{words} ({amount}{f', {_MORE}' if more else ''})"
    return f"{words} of {amount}{f' ({_MORE})' if more else ''}"
