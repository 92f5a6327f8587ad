"""The one clock of an episode, as one timer."""

from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.clocks import falls_due
from services.escalation.domain.entities import Clock, Episode
from services.escalation.domain.policy.model import Policy


@dataclass(frozen=True, slots=True)
class EpisodeTimer:
    """When something of an episode falls due. `made_of_silence`: it is known only when every input before was read."""

    due_at: datetime
    made_of_silence: bool


def timer_of(episode: Episode, policy: Policy, now: datetime) -> EpisodeTimer | None:
    """The next instant at which something of an episode falls due; None where nothing does.

    That nobody reached the customer is known when every input was read past the deadline, and not before.
    """
    clock_at = _clock_at(episode, policy, now)
    instants = [at for at in (clock_at, episode.offered_until) if at is not None]
    if not instants or episode.closed_at is not None:
        return None
    silence = episode.deadline_for is Clock.REDEEM and min(instants) == clock_at
    return EpisodeTimer(max(min(instants), now), silence)


def _clock_at(episode: Episode, policy: Policy, now: datetime) -> datetime | None:
    """An appointment that is too near to be reminded of before is reminded of at its time."""
    if episode.deadline_for is not Clock.APPOINTMENT:
        return episode.deadline_at
    before = falls_due(episode, policy)
    return before if before is not None and before > now else episode.deadline_at
