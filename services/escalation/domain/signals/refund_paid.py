"""Money was paid back."""

from collections.abc import Iterator

from services.escalation.domain.detections.detection import NEVER_CLEARED, Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.offers import is_within_offers
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import FactKind
from services.escalation.domain.refund_words import payment_of
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.of_orders import by_themselves
from shared.contracts.escalation import SignalKind


def paid_refunds(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Refunds that were paid. An amount of zero does not count, nor what the customer was offered."""
    for detection in by_themselves(history, scope, thresholds, FactKind.REFUND_PAID, SIGNAL):
        if detection.cause.amount_minor != 0 and not is_within_offers(history, detection.cause):
            yield detection


SIGNAL = SignalDefinition(
    kind=SignalKind.REFUND_PAID,
    label="Refund paid",
    counted=("a refund payment", "refund payments"),
    headline=payment_of,
    raised_when="A refund of more than zero was paid, beyond the offers agreed with the customer.",
    starts_with=(FactKind.REFUND_PAID,),
    settled_by=NEVER_CLEARED,
    part=Part.ORDERS,
    find=paid_refunds,
    of_its_own=False,
    examples="""
        paid: 1 refund_paid 480 order=o -> 1
        nothing was paid: 1 refund_paid 0 order=o -> never
        a conversation: 1 refund_paid 480 order=o, 2 outbound answered order=o -> 1
    """,
)
