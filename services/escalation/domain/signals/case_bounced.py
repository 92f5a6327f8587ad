"""A case is passed around."""

from collections.abc import Iterator

from services.escalation.domain.detections.case_turns import is_over, with_status
from services.escalation.domain.detections.detection import Clearing, Detection, over
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind
from shared.ids import derived


def bounced_cases(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Cases that were passed on too often, each at the earliest fact that reports it."""
    for case in scope.cases_of(history):
        for fact in history.index(IndexName.BEGINS, case, FactKind.CASE_REASSIGNED).facts:
            rule = thresholds(fact.at).signals.case_bounced
            passed_on = rule.enabled and (fact.number or 0) >= rule.reassignments
            if passed_on and not is_over(history, fact, thresholds):
                signal_id = derived("signal", fact.account_id, case, SIGNAL.kind.value)
                yield with_status(history, SIGNAL.found(history, fact, at=fact.at, signal_id=signal_id), thresholds)
                break


SIGNAL = SignalDefinition(
    kind=SignalKind.CASE_BOUNCED,
    label="Passed around",
    counted=("a case being passed around", "cases being passed around"),
    headline=lambda _: "A case was passed around",
    raised_when="A case was reassigned `reassignments` times.",
    starts_with=(FactKind.CASE_REASSIGNED,),
    counts=FactKind.CASE_REASSIGNED,
    settled_by=Clearing("The case is over.", over),
    part=Part.CASES,
    find=bounced_cases,
    examples="""
        passed on twice: 1 case_reassigned 1 case=k, 2 case_reassigned 2 case=k -> never
        the third time: 1 case_reassigned 3 case=k -> 1
        again and again: 1 case_reassigned 3 case=k, 2 case_reassigned 4 case=k -> 1
        resolved: 1 case_reassigned 3 case=k, 2 case_resolved case=k -> 1 to 2
        a conversation: 1 case_reassigned 3 case=k, 2 outbound answered case=k -> 1
    """,
)
