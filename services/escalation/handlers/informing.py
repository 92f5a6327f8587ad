"""Whoever was passed over only because they were not at work is told once when they are: for information, no clock."""

from dataclasses import replace

from services.escalation.domain.asking import Asked, Situation
from services.escalation.domain.clocks import NEVER, rings_at
from services.escalation.domain.decisions.notifying import Times
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode
from services.escalation.domain.own_facts import InformationDue
from services.escalation.handlers.alerts import Asking, send_alert
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause, Severity


def tell_later(draft: Draft[Fact], episode: Episode, asked: Asked, situation: Situation) -> None:
    """Have those told who are passed over for their hours alone."""
    for rung in asked.off:
        assert rung.salesperson_id is not None
        _wait_for(draft, episode, rung.salesperson_id, situation)


def _wait_for(draft: Draft[Fact], episode: Episode, person: str, situation: Situation) -> bool:
    """Whether this person is not at work now, and is waited for."""
    policy, people = situation.moment.policy, situation.people
    at = rings_at(people.get(person), situation.order, Severity.WATCH, policy, draft.now)
    if at not in (draft.now, NEVER):
        due = InformationDue(episode=episode.episode_id, person=person)
        draft.set_timer(due, due_at=at)
    return at != draft.now


def inform(draft: Draft[InformationDue], episode: Episode, asked: Asked) -> None:
    """Tell somebody who was never asked about it."""
    signal = draft.book.main_signal(episode)
    if signal is None or asked.rung.salesperson_id in draft.book.asked[episode.episode_id]:
        return
    counted = replace(episode, rings=episode.rings + 1)
    path = f"ladder.skip_unless_at_work_within.{episode.severity.value}"
    send_alert(draft, counted, Asking(asked, signal, RingCause.INFORMED), Times(draft.now, None, path))


def is_still_off(draft: Draft[InformationDue], episode: Episode, situation: Situation) -> bool:
    """Whether they are not at work by now: their hours changed, or an absence was told."""
    return _wait_for(draft, episode, draft.fact.person, situation)
