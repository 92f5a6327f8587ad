"""Where each kind of signal is looked for, and the detections of all kinds together. Start at `detections`."""

from collections.abc import Iterable, Mapping

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import OF_ACCOUNT, Part, Place
from services.escalation.domain.detections.scope import WHOLE, Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.signals.definition import SignalDefinition
from shared.contracts.escalation import SignalKind

_PART: Mapping[tuple[SignalKind, bool], Part] = {
    (kind, by_silence): (by_silence and signal.silent_part) or signal.part
    for kind, signal in SIGNALS.items()
    for by_silence in (False, True)
}


def part_of(kind: SignalKind, *, by_silence: bool) -> Part:
    """The part of a kind. An unanswered contact is settled by other talks than a dead end, so it has its own part."""
    return _PART[kind, by_silence]


def place(kind: SignalKind, *, case: str | None, order: str | None, by_silence: bool) -> Place:
    """The place of a signal; `case` and `order` are those that its first fact names."""
    part = _PART[kind, by_silence]
    if part is Part.ORDERS:
        return Place(part, order)
    return Place(part, None if part in OF_ACCOUNT else case)


def covers(scope: Scope, kind: SignalKind, cause: AccountFact) -> bool:
    """Whether a signal of this kind with this first fact is in scope, so that it is either found again or withdrawn."""
    silence = cause.result != "dead_end"  # for signals of contacts; no other kind uses it
    window = scope.window_of(place(kind, case=cause.case_id, order=cause.order_id, by_silence=silence))
    return window is not None and window.holds(cause.at)


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
