"""The time that the customer was promised a call at: whoever has the episode is reminded, and owes the talk."""

from dataclasses import replace

from services.escalation.domain.asking import Asked
from services.escalation.domain.climbing import rung_of
from services.escalation.domain.decisions.notifying import Times
from services.escalation.domain.decisions.talking import AppointmentDue
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode, Salesperson
from services.escalation.domain.own_facts import EpisodeDue
from services.escalation.domain.rescues import reminded, reminded_only
from services.escalation.handlers.alerts import Asking, send_alert
from services.escalation.handlers.offers import is_away
from services.escalation.handlers.people import pass_on
from services.escalation.handlers.preferences import may_be_contacted, talk_of, tell_of_hours
from services.escalation.handlers.rings import is_observed, ladder_of
from shared.contracts.escalation import RingCause

_BEFORE = "acknowledgement.remind_before"


def act_on_appointment(draft: Draft[EpisodeDue], episode: Episode) -> None:
    """The appointment has come, or is about to: the acknowledger is reminded and keeps the episode.

    From its time on the proof is due, except with a customer who must not be contacted. A person who is away cannot
    call: the next on the ladder is notified, and owes the call that was promised.
    """
    at, holder = episode.deadline_at, episode.acknowledged_by
    assert at is not None
    assert holder is not None
    person = draft.book.people.get(holder)
    is_due = may_be_contacted(draft, episode)
    if is_due and person is not None and _is_gone(draft, episode, person):
        pass_on(draft, episode, person, "promised the call")
        return
    due = reminded(episode, person, talk_of(draft, episode), draft.now) if is_due else reminded_only(episode, draft.now)
    draft.decide(AppointmentDue(due, at))
    tell_of_hours(draft, due)
    _remind(draft, due, holder)


def _is_gone(draft: Draft[EpisodeDue], episode: Episode, holder: Salesperson) -> bool:
    """Whether they are not there to call. An appointment is never made for an absence that is known."""
    return not holder.active or is_away(draft, episode, holder)


def _remind(draft: Draft[EpisodeDue], episode: Episode, holder: str) -> None:
    """An alert that asks for no answer: the call was their own promise, so their hours do not hold it back."""
    signal = draft.book.main_signal(episode)
    rung = rung_of(ladder_of(draft, episode) or (), episode, holder, draft.book.people)
    if signal is None or rung is None or is_observed(draft, episode):
        return
    counted = replace(episode, rings=episode.rings + 1)
    asking = Asking(Asked(rung, draft.now), signal, RingCause.APPOINTMENT)
    send_alert(draft, counted, asking, Times(draft.now, None, _BEFORE))
