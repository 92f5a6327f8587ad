"""The one clock of an episode, as one timer."""

from datetime import datetime

from services.escalation.domain.clocks import falls_due
from services.escalation.domain.entities import Clock, Episode
from services.escalation.domain.own_facts import EpisodeDue
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact


def keep_episode(turn: Turn[Fact], episode: Episode) -> None:
    """Keep an episode, with its timer at the next instant something of it falls due, or none.

    That nobody reached the customer is known when every input was read past the deadline, and not before.
    """
    turn.book.put_episode(episode)
    due = EpisodeDue(episode=episode.episode_id)
    clock_at = _clock_at(turn, episode)
    instants = [at for at in (clock_at, episode.offered_until) if at is not None]
    if not instants or episode.closed_at is not None:
        turn.tx.cancel_timer(due, episode.account_id)
        return
    due_at = max(min(instants), turn.now)
    silence = episode.deadline_for is Clock.REDEEM and min(instants) == clock_at
    turn.tx.set_timer(due, cause=turn.event, due_at=due_at, made_of_silence=silence)


def _clock_at(turn: Turn[Fact], episode: Episode) -> datetime | None:
    """An appointment that is too near to be reminded of before is reminded of at its time."""
    if episode.deadline_for is not Clock.APPOINTMENT:
        return episode.deadline_at
    _, policy = turn.book.policy_for(turn.book.order_of(episode))
    before = falls_due(episode, policy)
    return before if before is not None and before > turn.now else episode.deadline_at
