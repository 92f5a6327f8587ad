"""Decisions about an episode whose team only observes: each is recorded once."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest

from services.escalation.domain.deciding.reopening import reopen
from services.escalation.domain.decisions.notifying import Observed
from services.escalation.domain.draft import DecisionMade, Draft
from services.escalation.domain.entities import DeadlineFor, Episode, Order, Salesperson, Signal
from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import ReopenPressed
from services.escalation.domain.policy.document import read_published, shipped, shipped_text
from services.escalation.domain.policy.versions import Policies, PolicyVersion
from services.escalation.domain.rescues import closed
from services.escalation.domain.unit_of_work import UnitOfWork
from shared.contracts.envelope import envelope
from shared.contracts.escalation import EpisodeResult, Severity, SignalKind, Step
from shared.ids import SalespersonId
from tests.builders import ACCOUNT, AT, ORDER, minutes

_EPISODE, _SIGNAL = UUID(int=1), UUID(int=2)
_ALWAYS = '[{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00"}]'
_SOLD = Episode(_EPISODE, ACCOUNT, ORDER, "anna", AT, AT, severity=Severity.HIGH, rang=True, rings=2)
_OPEN = replace(_SOLD, responsible="ben", step=Step.BACKUP, deadline_at=minutes(60), deadline_for=DeadlineFor.ANSWER)


def _observed_policies() -> Policies:
    text = shipped_text().replace('\ndefault = "on"\n', '\ndefault = "observe"\n')
    observing = PolicyVersion(2, minutes(-60), read_published(text), text, "mona", "Every team observes")
    return Policies.shipped().followed_by([observing])


def _person(id: str, backup: str | None = None) -> Salesperson:
    known = Salesperson(id, AT, id.title(), None, f"{id}@sales.example", None, None, "UTC", _ALWAYS, True, None, None)
    return replace(known, backup=backup)


def _undoing(episode: Episode) -> Draft[ReopenPressed]:
    """The undo of the desk's close of this episode, of which ben was notified."""
    work = UnitOfWork(Installation(desk=SalespersonId("desk")), _observed_policies())
    work.people = {one.salesperson_id: one for one in (_person("anna", backup="ben"), _person("ben"), _person("desk"))}
    state = work.state(ACCOUNT)
    state.put_order(Order(ORDER, ACCOUNT, "anna", AT, 100, "EUR", "Heat pump", AT))
    state.put_episode(closed(episode, EpisodeResult.SAVED, "problem_solved", shipped(), by="desk", now=minutes(1)))
    dead_ended = Signal(_SIGNAL, ACCOUNT, SignalKind.CONTACT_DEAD_ENDED, AT, AT, UUID(int=3))
    state.put_signal(replace(dead_ended, episode_id=_EPISODE))
    pressed = ReopenPressed(episode=_EPISODE, by="desk")
    return Draft(work, envelope(pressed, id="undo", source="test", subject=ACCOUNT, time=minutes(2)), minutes(2))


@pytest.mark.parametrize(
    "episode",
    [
        pytest.param(_OPEN, id="notified within the response time"),
        pytest.param(replace(_OPEN, deadline_at=None, deadline_for=None), id="no response time is left"),
    ],
)
def test_an_undo_records_once_that_the_team_observes(episode: Episode) -> None:
    draft = _undoing(episode)
    reopen(draft)
    recorded = Counter(type(one.decision) for one in draft.effects if isinstance(one, DecisionMade))
    assert recorded[Observed] == 1, recorded
