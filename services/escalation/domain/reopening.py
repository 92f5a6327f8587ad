"""Undoes a close within a short time; the episode opens as it was. Start at `reopened`. Pure functions."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.escalation.domain.entities import DeadlineFor, Episode
from services.escalation.domain.rescues import NotNow
from services.escalation.domain.words import counted

_STANDS_STILL = (DeadlineFor.ANSWER, DeadlineFor.REDEEM)
"""Clocks that stop while closed, as they give a person time. The other two end at an agreed time."""


def reopened_until(closed_at: datetime, within: timedelta) -> datetime:
    """Until when a close can be undone."""
    return closed_at + within


def check_may_reopen(episode: Episode, by: str, within: timedelta, now: datetime) -> None:
    """Raises NotNow for an episode that is open, or was closed by another person, automatically, or too long ago."""
    if episode.closed_at is None:
        raise NotNow("episode_open", "this is open; reload the page.")
    if episode.closed_by is None:
        raise NotNow("closed_by_itself", "this closed automatically: the order is no longer at risk.")
    if episode.closed_by != by:
        raise NotNow("closed_by_another", "only the person who closed this can undo it.")
    if now > reopened_until(episode.closed_at, within):
        minutes = counted(round(within / timedelta(minutes=1)), "minute")
        raise NotNow("closed_too_long_ago", f"closing can be undone only within {minutes}, and that time has passed.")


def reopened(episode: Episode, now: datetime) -> Episode:
    """The episode, open as it was at its close, without a pending hand-over.

    A person's remaining time is the same as at the close.
    """
    assert episode.closed_at is not None
    deadline = episode.stopped_deadline_at
    if deadline is not None and episode.stopped_deadline_for in _STANDS_STILL:
        deadline += now - episode.closed_at
    return replace(
        episode,
        closed_at=None,
        closed_by=None,
        result=None,
        reason=None,
        deadline_at=deadline,
        deadline_for=episode.stopped_deadline_for,
        appointment_at=episode.stopped_appointment_at,
        stopped_deadline_at=None,
        stopped_deadline_for=None,
        stopped_appointment_at=None,
        changed_at=now,
    )
