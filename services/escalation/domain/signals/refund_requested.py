"""The customer asks for money back."""

from collections.abc import Iterator

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import FactKind
from services.escalation.domain.refund_words import request_of
from services.escalation.domain.risk import Risk
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.requests import requests, until_withdrawn
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import RefundKind
from shared.refund_words import SPECIAL_REFUNDS


def refund_requests(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    return requests(history, scope, thresholds, SIGNAL)


def _label_of(risk: Risk) -> str | None:
    """The label of a refund of a special kind, or of one that was executed."""
    named = SPECIAL_REFUNDS.get(risk.refund_kind) if risk.refund_kind else None
    if not risk.executed:
        return named
    if named is None or risk.refund_kind is None:
        return f"{SIGNAL.label} and paid"
    return f"{named}, {_PAID.get(risk.refund_kind, 'paid')}"


_PAID = {RefundKind.STATUTORY_WITHDRAWAL: "money returned", RefundKind.CHARGEBACK: "money returned"}
_COUNTED = {
    RefundKind.STATUTORY_WITHDRAWAL: ("a legal withdrawal", "legal withdrawals"),
    RefundKind.DOUBLE_CHARGE: ("a refund request for a double charge", "refund requests for double charges"),
    RefundKind.CHARGEBACK: ("a chargeback", "chargebacks"),
    RefundKind.FRAUD: ("a refund request after fraud", "refund requests after fraud"),
}


def _counted_of(risk: Risk) -> tuple[str, str] | None:
    return _COUNTED.get(risk.refund_kind) if risk.refund_kind else None


SIGNAL = SignalDefinition(
    kind=SignalKind.REFUND_REQUESTED,
    label="Refund requested",
    label_of=_label_of,
    counted=("a refund request", "refund requests"),
    counted_of=_counted_of,
    headline=request_of,
    raised_when=(
        "The customer asked for a refund. A refund of a kind without a play (`plays.refund_kinds`) is for information: "
        "shown and e-mailed once, with no deadline and no call due."
    ),
    starts_with=(FactKind.REFUND_REQUESTED,),
    settled_by=until_withdrawn(FactKind.REFUND_WITHDRAWN),
    part=Part.REQUESTS,
    find=refund_requests,
    examples="""
        requested: 1 refund_requested case=k -> 1
        withdrawn for the same case: 1 refund_requested case=k, 2 refund_withdrawn case=k -> 1 to 2
        withdrawn for another case: 1 refund_requested case=k, 2 refund_withdrawn case=l -> 1
        withdrawn for all: 1 refund_requested case=k, 2 refund_withdrawn -> 1 to 2
        asked again within a day: 1 refund_requested case=k, 5 refund_requested case=k -> 1
        after a conversation: 1 refund_requested case=k, 3 outbound answered case=k, 5 refund_requested case=k -> 1; 5
        it was a test: 1 refund_requested case=k, 2 answer_not_needed test case=k -> never
        the case is resolved: 1 refund_requested case=k, 2 case_resolved case=k -> 1
    """,
)
