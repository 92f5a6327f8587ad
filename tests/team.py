"""Verbs of the stories about a team: an event, a press of a button, the passing of time, the people alerted."""

from datetime import timedelta
from typing import Any

from services.escalation.domain.own_facts import (
    EpisodeButton,
)
from shared.contracts.envelope import Fact
from shared.inputs import Input
from tests.builders import (
    salesperson_changed,
)
from tests.escalation import Escalation, button, reported

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def person(id: str, **changes: object) -> Input:
    known = {"email": f"{id}@sales.example", "zone": "UTC"}
    return reported(salesperson_changed(id.title(), **(known | changes)), subject=id)


async def happens(team: Escalation, fact: Fact, **later: float) -> None:
    """Apply a fact at the clock's own time, or this much later."""
    await team.receive(reported(fact, at=await team.now() + timedelta(**later)))


async def presses(team: Escalation, kind: type[EpisodeButton], by: str, **says: Any) -> list[str]:
    (episode,) = [row for row in await team.episodes() if row["closed_at"] is None]
    report = await team.receive(button(kind, episode["episode_id"], by, **says))
    return [rejection.code for rejection in report.rejected]


async def rung(team: Escalation) -> list[tuple[str, str, str]]:
    return [(row["recipient"], row["step"], row["cause"]) for row in await team.alerts()]


async def open_episode(team: Escalation) -> dict[str, object]:
    (row,) = [row for row in await team.episodes() if row["closed_at"] is None]
    return row
