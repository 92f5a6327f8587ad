"""The customer asks to cancel, or says that they are leaving."""

from collections.abc import Iterator

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.requests import requests, until_withdrawn
from shared.contracts.escalation import SignalKind


def cancellation_requests(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    return requests(history, scope, thresholds, SIGNAL)


SIGNAL = SignalDefinition(
    kind=SignalKind.CANCELLATION_REQUESTED,
    label="Cancellation requested",
    counted=("a cancellation request", "cancellation requests"),
    headline=lambda _: "Cancellation requested",
    raised_when="The customer asked to cancel or said that they are leaving.",
    starts_with=(FactKind.CANCELLATION_REQUESTED,),
    settled_by=until_withdrawn(FactKind.CANCELLATION_WITHDRAWN),
    part=Part.REQUESTS,
    find=cancellation_requests,
    examples="""
        requested: 1 cancellation_requested order=o -> 1
        withdrawn for its order: 1 cancellation_requested order=o, 2 cancellation_withdrawn order=o -> 1 to 2
        withdrawn for another order: 1 cancellation_requested order=o, 2 cancellation_withdrawn order=p -> 1
        asked again within a day: 1 cancellation_requested order=o, 25 cancellation_requested order=o -> 1
        asked again later: 1 cancellation_requested order=o, 26 cancellation_requested order=o -> 1; 26
        it was spam: 1 cancellation_requested case=k, 2 answer_not_needed spam case=k -> never
        a conversation: 1 cancellation_requested order=o, 2 outbound answered order=o -> 1
    """,
)
