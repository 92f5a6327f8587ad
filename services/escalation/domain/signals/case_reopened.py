"""A case comes back."""

from collections.abc import Iterator
from uuid import UUID

from services.escalation.domain.detections.case_turns import with_status
from services.escalation.domain.detections.detection import Clearing, Detection, over
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind


def reopened_cases(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Reopened cases. Until the next end of the case it is one trouble, however often it is reopened."""
    ends: set[tuple[str, UUID | None]] = set()
    for fact in scope.starting(history, FactKind.CASE_REOPENED):
        if not thresholds(fact.at).signals.case_reopened.enabled:
            continue
        detection = with_status(history, SIGNAL.by_itself(history, fact), thresholds)
        if fact.case_id is not None:
            end = (fact.case_id, detection.cleared_by.fact_id if detection.cleared_by else None)
            if end in ends:
                continue
            ends.add(end)
        yield detection


SIGNAL = SignalDefinition(
    kind=SignalKind.CASE_REOPENED,
    label="Case reopened",
    counted=("a reopened case", "reopened cases"),
    headline=lambda _: "A case was reopened",
    raised_when="A case was reopened, but not by a thank-you or an automatic reply. Once until the case ends again.",
    starts_with=(FactKind.CASE_REOPENED,),
    settled_by=Clearing("The case is over.", over),
    part=Part.CASES,
    find=reopened_cases,
    examples="""
        reopened: 1 case_reopened case=k -> 1
        by a thank you: 1 case_reopened case=k courtesy -> never
        twice before an end: 1 case_reopened case=k, 3 case_reopened case=k -> 1
        again after an end: 1 case_reopened case=k, 2 case_resolved case=k, 3 case_reopened case=k -> 1 to 2; 3
        in the instant of the end: 1 case_resolved case=k, 1 case_reopened case=k -> 1
        a conversation: 1 case_reopened case=k, 2 outbound answered case=k -> 1
    """,
)
