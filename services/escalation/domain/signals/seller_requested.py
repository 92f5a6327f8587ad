"""The customer or an agent asks for the seller: an alert by hand."""

from collections.abc import Iterator

from services.escalation.domain.detections.case_turns import with_status
from services.escalation.domain.detections.detection import Clearing, Detection, merged
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.response_overdue import answered_or_over, widened_to_whole_matters
from shared.contracts.escalation import SignalKind


def requested_sellers(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Requests for the seller, also after the end of a case. Until the customer was spoken to, it is one request."""
    return merged(_each(history, widened_to_whole_matters(history, scope), thresholds))


def _each(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    for fact in scope.starting(history, FactKind.SELLER_REQUESTED):
        if SIGNAL.is_on(fact, thresholds):
            yield with_status(history, SIGNAL.by_itself(history, fact), thresholds)


SIGNAL = SignalDefinition(
    kind=SignalKind.SELLER_REQUESTED,
    label="Seller requested",
    counted=("a request for the seller", "requests for the seller"),
    headline=lambda _: "An agent asked for the seller",
    raised_when=(
        "An agent asks for the seller to call the customer. Until the customer is spoken to, it is one signal, "
        "however often they ask."
    ),
    starts_with=(FactKind.SELLER_REQUESTED,),
    settled_by=Clearing("A conversation with the customer about the matter, or the end of its case.", answered_or_over),
    part=Part.CASES,
    find=requested_sellers,
    examples="""
        an agent asks: 1 seller_requested case=k -> 1
        about an order: 1 seller_requested order=o -> 1
        asked twice: 1 seller_requested case=k, 3 seller_requested case=k -> 1
        the customer is called: 1 seller_requested case=k, 2 outbound answered case=k -> 1 to 2
        nobody answers the call: 1 seller_requested case=k, 2 outbound unanswered case=k -> 1
        again later: 1 seller_requested case=k, 2 outbound answered case=k, 3 seller_requested case=k -> 1 to 2; 3
        the case is resolved: 1 seller_requested case=k, 2 case_resolved case=k -> 1 to 2
        it was a test: 1 seller_requested case=k, 2 answer_not_needed test case=k -> never
        after the end of the case: 1 case_resolved case=k, 2 seller_requested case=k -> 2
    """,
)
