"""The outcome that the order was bought for was not reached."""

from collections.abc import Iterator

from services.escalation.domain.detections.detection import Clearing, Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import FactKind
from services.escalation.domain.risk import Risk
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.of_orders import by_themselves
from shared.contracts.escalation import SignalKind

_REPORTS = (FactKind.OUTCOME_REPORTED, FactKind.OUTCOME_SAID)


def denied_outcomes(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Orders whose expected outcome was not reached, reported by the buyer or by a salesperson on the buyer's
    behalf."""
    for kind in _REPORTS:
        for detection in by_themselves(history, scope, thresholds, kind, SIGNAL):
            if detection.cause.number == 0:
                yield detection


def _headline(risk: Risk) -> str:
    return f"Expected result not achieved{f' ({risk.about})' if risk.about else ''}, reported"


SIGNAL = SignalDefinition(
    kind=SignalKind.OUTCOME_DENIED,
    label="Result not achieved",
    counted=("a result not achieved", "results not achieved"),
    headline=_headline,
    raised_when=(
        "The customer says that they did not get the expected result, or a salesperson reports that they said so."
    ),
    starts_with=_REPORTS,
    settled_by=Clearing(
        "The customer says later that they got it.", lambda matter: ((IndexName.OUTCOME_REACHED, matter.order),)
    ),
    part=Part.ORDERS,
    find=denied_outcomes,
    examples="""
        not reached: 1 outcome_reported 0 order=o -> 1
        reached: 1 outcome_reported 1 order=o -> never
        reached after all: 1 outcome_reported 0 order=o, 5 outcome_reported 1 order=o -> 1 to 5
        a salesperson says that it was: 1 outcome_reported 0 order=o, 5 outcome_said 1 order=o -> 1
        a salesperson says that it was not: 1 outcome_said 0 order=o -> 1
    """,
)
