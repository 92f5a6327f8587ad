"""Whether a signal rings, and what it leaves of an episode."""

from dataclasses import replace
from datetime import datetime

from services.escalation.domain.entities import Episode, Signal
from services.escalation.domain.rules import Rules
from shared.contracts.escalation import SignalKind

ALWAYS_RINGS = frozenset({SignalKind.REFUND_REQUESTED, SignalKind.CANCELLATION_REQUESTED})


def rings(episode: Episode, signal: Signal, rules: Rules) -> bool:
    """A signal rings first of all, when somebody had acknowledged, or always: asking for money back or to cancel.

    One that was too old when first seen never does, so an episode may ring at a later signal for the first time.
    """
    if rules.too_old_to_ring(signal.seen_at - signal.at):
        return False
    return not episode.rang or episode.acknowledged_at is not None or signal.kind in ALWAYS_RINGS


def ringing(episode: Episode, now: datetime) -> Episode:
    """An episode that rings (again): whoever acknowledged it before is asked anew."""
    return replace(episode, rang=True, acknowledged_at=None, acknowledged_by=None, changed_at=now)


def acknowledged(episode: Episode, by: str, now: datetime) -> Episode:
    """An episode somebody took. Once taken it stays with whoever took it first."""
    if episode.acknowledged_at is not None:
        return episode
    return replace(episode, acknowledged_at=now, acknowledged_by=by, changed_at=now)
