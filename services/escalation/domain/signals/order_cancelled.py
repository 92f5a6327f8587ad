"""The order was cancelled."""

from collections.abc import Iterator

from services.escalation.domain.detections.detection import NEVER_CLEARED, Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.of_orders import by_themselves
from shared.contracts.escalation import SignalKind


def cancelled_orders(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    return by_themselves(history, scope, thresholds, FactKind.ORDER_CANCELLED, SIGNAL)


SIGNAL = SignalDefinition(
    kind=SignalKind.ORDER_CANCELLED,
    label="Order cancelled",
    counted=("a cancelled order", "cancelled orders"),
    headline=lambda _: "The order was cancelled",
    raised_when="The order was cancelled.",
    starts_with=(FactKind.ORDER_CANCELLED,),
    settled_by=NEVER_CLEARED,
    part=Part.ORDERS,
    find=cancelled_orders,
    of_its_own=False,
    examples="""
        cancelled: 1 order_cancelled order=o -> 1
        a conversation: 1 order_cancelled order=o, 2 outbound answered order=o -> 1
    """,
)
