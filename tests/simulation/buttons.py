"""The buttons that a person may press on an episode of a history, most often *Acknowledge*. Start at `button`."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from services.escalation.domain import own_facts
from services.escalation.domain.own_facts import EpisodeButton
from shared.contracts.escalation import EpisodeResult
from tests.simulation.happenings import PEOPLE


def button(chance: Random, episode: UUID, by: str, now: datetime) -> EpisodeButton:
    """Any button that a person may press, most often *Acknowledge*."""
    later = now + timedelta(hours=chance.choice((1, 20)))
    press = chance.choice(_BUTTONS)
    return press(episode, by, later, chance)


def _close(episode: UUID, by: str, _later: datetime, chance: Random) -> EpisodeButton:
    result, reason = chance.choice(
        ((EpisodeResult.SAVED, "problem_solved"), (EpisodeResult.FALSE_ALARM, "no_such_reason"))
    )
    return own_facts.ClosePressed(episode=episode, by=by, result=result, reason=reason)


_Press = Callable[[UUID, str, datetime, Random], EpisodeButton]
_BUTTONS: Sequence[_Press] = (
    *[lambda episode, by, _later, _chance: own_facts.AcknowledgePressed(episode=episode, by=by)] * 5,
    lambda episode, by, _later, _chance: own_facts.NotMinePressed(episode=episode, by=by),
    lambda episode, by, _later, _chance: own_facts.AttemptLogged(episode=episode, by=by, note="Nobody."),
    lambda episode, by, _later, _chance: own_facts.CustomerReachedLogged(episode=episode, by=by),
    lambda episode, by, later, _chance: own_facts.AppointmentLogged(episode=episode, by=by, at=later),
    lambda episode, by, later, _chance: own_facts.SnoozePressed(episode=episode, by=by, until=later),
    lambda episode, by, later, chance: own_facts.HandOverPressed(
        episode=episode, by=by, to=chance.choice(PEOPLE), until=later
    ),
    lambda episode, by, _later, _chance: own_facts.HandOverAcceptPressed(episode=episode, by=by),
    lambda episode, by, _later, _chance: own_facts.SeenPressed(episode=episode, by=by),
    _close,
)
