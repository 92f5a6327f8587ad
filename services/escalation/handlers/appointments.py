"""The time that the customer was promised a call at: whoever has the episode is reminded, and owes the talk."""

from dataclasses import replace

from services.escalation.domain.asking import Asked
from services.escalation.domain.climbing import rung_of
from services.escalation.domain.entities import Episode, Salesperson
from services.escalation.domain.own_facts import EpisodeDue
from services.escalation.domain.reasoning import clock
from services.escalation.domain.rescues import reminded, reminded_only
from services.escalation.handlers.alerts import Asking, Times, send_alert
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.offers import is_away
from services.escalation.handlers.people import pass_on
from services.escalation.handlers.preferences import may_be_contacted, talk_of, tell_of_hours
from services.escalation.handlers.rings import is_observed, ladder_of
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import RingCause

_BEFORE = "acknowledgement.remind_before"


def act_on_appointment(turn: Turn[EpisodeDue], episode: Episode) -> None:
    """The appointment has come, or is about to: the acknowledger is reminded and keeps the episode.

    From its time on the proof is due, except with a customer who must not be contacted. A person who is away cannot
    call: the next on the ladder is notified, and owes the call that was promised.
    """
    at, holder = episode.deadline_at, episode.acknowledged_by
    assert at is not None
    assert holder is not None
    person = turn.book.people.get(holder)
    is_due = may_be_contacted(turn, episode)
    if is_due and person is not None and _is_gone(turn, episode, person):
        pass_on(turn, episode, person, "promised the call")
        return
    due = reminded(episode, person, talk_of(turn, episode), turn.now) if is_due else reminded_only(episode, turn.now)
    until = f", who has until {clock(due.deadline_at)} to reach them" if due.deadline_at else ""
    words = f"The customer was promised a call at {clock(at)}: this reminds {holder}{until}."
    version, _ = turn.book.policy_for(turn.book.order_of(episode))
    about = {"episode_id": episode.episode_id, "who": holder, "policy_version": version}
    turn.explain("appointment_due", words, policy_path=_BEFORE, **about)
    keep_episode(turn, due)
    tell_of_hours(turn, due)
    _remind(turn, due, holder)


def _is_gone(turn: Turn[EpisodeDue], episode: Episode, holder: Salesperson) -> bool:
    """Whether they are not there to call. An appointment is never made for an absence that is known."""
    return not holder.active or is_away(turn, episode, holder)


def _remind(turn: Turn[EpisodeDue], episode: Episode, holder: str) -> None:
    """An alert that asks for no answer: the call was their own promise, so their hours do not hold it back."""
    signal = turn.book.main_signal(episode)
    rung = rung_of(ladder_of(turn, episode) or (), episode, holder, turn.book.people)
    if signal is None or rung is None or is_observed(turn, episode):
        return
    counted = replace(episode, rings=episode.rings + 1)
    keep_episode(turn, counted)
    asking = Asking(Asked(rung, turn.now), signal, RingCause.APPOINTMENT)
    send_alert(turn, counted, asking, Times(turn.now, None, _BEFORE))
