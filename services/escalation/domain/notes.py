"""What handlers note of their decisions, to be counted once the transaction is committed."""

from dataclasses import dataclass

from services.escalation.domain.entities import Signal
from shared.contracts.escalation import RingCause


@dataclass(frozen=True, slots=True)
class SignalMatched:
    """A signal found its order; `too_old`: it rings nobody."""

    signal: Signal
    too_old: bool


@dataclass(frozen=True, slots=True)
class AlertMade:
    """Somebody was alerted. Of a first ring for a signal it counts how long that took."""

    signal: Signal
    cause: RingCause
