"""The places where each kind of signal is looked for, by its definition."""

from collections.abc import Mapping

from services.escalation.domain.detections.parts import OF_ACCOUNT, Part, Place
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.signals import SIGNALS
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
