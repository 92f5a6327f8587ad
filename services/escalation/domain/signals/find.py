"""The detections of all rules together."""

from collections.abc import Iterable

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import WHOLE, Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.places import covers


def detections(history: History, thresholds: ThresholdsAt, scope: Scope = WHOLE) -> list[Detection]:
    """The signals that an account's facts imply, within the scope, sorted by (at, signal_id)."""
    found = [
        detection
        for signal in _in_scope(scope)
        if not history.kinds.isdisjoint(signal.starts_with)
        for detection in signal.find(history, scope, thresholds)
        if covers(scope, detection.kind, detection.cause)
    ]
    return sorted(found, key=lambda detection: (detection.at, detection.signal_id))


def _in_scope(scope: Scope) -> Iterable[SignalDefinition]:
    """The definitions whose signals may be in scope. Most facts concern no order, or only orders."""
    if scope.orders == frozenset():
        return _OF_ALL_ELSE
    return _OF_ORDERS if scope == Scope(orders=scope.orders) else SIGNALS.values()


_OF_ORDERS = tuple(signal for signal in SIGNALS.values() if signal.part is Part.ORDERS)
_OF_ALL_ELSE = tuple(signal for signal in SIGNALS.values() if signal.part is not Part.ORDERS)
