"""What handlers note of their decisions, to be counted once the transaction is committed."""

from dataclasses import dataclass

from services.escalation.domain.entities import Signal


@dataclass(frozen=True, slots=True)
class SignalMatched:
    """A signal found its order."""

    signal: Signal


@dataclass(frozen=True, slots=True)
class AlertMade:
    """This signal alerted somebody, at once or after the seller was waited for."""

    signal: Signal
