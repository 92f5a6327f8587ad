"""Deadlines of episodes: response, redemption, snooze, hand-over, promised call. Start at `act_on_deadline`."""

from dataclasses import replace
from datetime import timedelta

from services.escalation.domain.clocks import falls_due
from services.escalation.domain.deciding.alerts import Notification, inform, is_still_off, send_alert
from services.escalation.domain.deciding.hand_overs import is_away, withdraw_hand_over
from services.escalation.domain.deciding.notifying import (
    assign_silently,
    find_recipient,
    ladder_of,
    notify,
    notify_next,
    situation_of,
    team_observes,
)
from services.escalation.domain.deciding.people import replace_unavailable
from services.escalation.domain.deciding.preferences import may_be_contacted, note_no_shared_hour, talk_of
from services.escalation.domain.decisions.handing_over import HandOverLapsed
from services.escalation.domain.decisions.notifying import Observed, Times, Unanswered
from services.escalation.domain.decisions.taking import Expired
from services.escalation.domain.decisions.talking import AppointmentDue, PauseEnded
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import DeadlineFor, Episode, Salesperson
from services.escalation.domain.ladder import available_steps
from services.escalation.domain.next_step import NextStep, step_of
from services.escalation.domain.own_facts import EmptyLadderRetryDue, EpisodeDue, InformationDue, SellerLookupDue
from services.escalation.domain.reopening import reopened_until
from services.escalation.domain.rescues import reminded, reminded_only
from shared.contracts.escalation import RingCause

_TICK = timedelta(microseconds=1)


def act_on_deadline(draft: Draft[EpisodeDue]) -> None:
    """Handle every deadline of the episode that has passed. The timer fires once, however late.

    A timer set for a hand-over has not waited for unread input. A deadline after the hand-over's gets its own timer.
    """
    episode = draft.state.episodes.get(draft.fact.episode)
    if episode is None or episode.closed_at is not None:
        return
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    offered_until, deadline_at = episode.offered_until, falls_due(episode, policy)
    if offered_until is not None and offered_until <= draft.now:
        draft.decide(HandOverLapsed(episode))
        withdraw_hand_over(draft, episode, "not accepted in time")
        episode = replace(episode, offered_to=None, offered_until=None, changed_at=draft.now)
    set_for_hand_over = offered_until is not None and (deadline_at is None or offered_until < deadline_at)
    if deadline_at is None or deadline_at > draft.now or set_for_hand_over:
        draft.keep_with_clock(episode)
        return
    draft.keep(episode)
    match episode.deadline_for:
        case DeadlineFor.ANSWER | None:
            _nobody_answered(draft, episode)
        case DeadlineFor.REDEEM:
            _expire(draft, episode)
        case DeadlineFor.APPOINTMENT:
            act_on_appointment(draft, episode)
        case DeadlineFor.SNOOZE:
            draft.decide(PauseEnded(episode))
            _notify_again(draft, episode, RingCause.SNOOZE_ENDED)


def look_up_seller(draft: Draft[SellerLookupDue]) -> None:
    """Look again for the seller of an episode's order.

    A mail for information is dropped once a signal that asks for a response has joined the episode. If another signal
    was waiting for the same notification, that notification has been sent by now.
    """
    episode = draft.state.episodes.get(draft.fact.episode)
    if episode is None or episode.closed_at is not None or episode.acknowledged_at is not None:
        return
    signal = draft.state.signals.get(draft.fact.signal)
    quiet = signal is not None and draft.work.signal_is_for_information(signal, draft.work.order_of(episode))
    if draft.work.is_for_information(episode) or not (quiet or _notified_since(episode, draft.fact)):
        find_recipient(draft, episode, _about_what_stands(draft, episode))


def _about_what_stands(draft: Draft[SellerLookupDue], episode: Episode) -> SellerLookupDue:
    """The signal to notify for may have ended while others that joined the episode still stand."""
    signal, main = draft.state.signals.get(draft.fact.signal), draft.work.main_signal(episode)
    if main is None or (signal is not None and signal.stands):
        return draft.fact
    return draft.fact.model_copy(update={"signal": main.signal_id})


def _notified_since(episode: Episode, sought: SellerLookupDue) -> bool:
    return sought.rings and sought.rung not in (None, episode.rings)


def retry_empty_ladder(draft: Draft[EmptyLadderRetryDue]) -> None:
    """Look again for a person to notify, if there was nobody before."""
    episode = draft.state.episodes.get(draft.fact.episode)
    if episode is None or episode.closed_at is not None or episode.nobody_since is None:
        return
    signal = draft.work.main_signal(episode)
    if signal is not None and episode.rang:
        notify(draft, episode, signal, RingCause.SIGNAL)
    elif signal is not None:
        assign_silently(draft, episode, signal)


def send_information(draft: Draft[InformationDue]) -> None:
    """Inform a skipped person who is back at work, if the episode is open and they may see it.

    While its close can be undone, the episode may be open again later. A newer episode of the order ends that.
    """
    episode = draft.state.episodes.get(draft.fact.episode)
    if episode is None or episode.closed_at is not None:
        _look_after_undo(draft, episode)
        return
    ladder = available_steps(ladder_of(draft, episode) or ())
    ladder_step = next((one for one in ladder if one.salesperson_id == draft.fact.person), None)
    if ladder_step is None or is_still_off(draft, episode, situation_of(draft, episode)):
        return
    if team_observes(draft, episode):
        draft.decide(Observed(episode))
    else:
        inform(draft, episode, NextStep(ladder_step, draft.now))


def _look_after_undo(draft: Draft[InformationDue], episode: Episode | None) -> None:
    if episode is None or episode.closed_at is None or episode.closed_by is None or draft.state.has_newer(episode):
        return
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    until = reopened_until(episode.closed_at, policy.acknowledgement.reopen_within)
    if draft.now <= until:
        draft.set_timer(draft.fact, due_at=until + _TICK)


def _nobody_answered(draft: Draft[EpisodeDue], episode: Episode) -> None:
    draft.decide(Unanswered(episode))
    notify_next(draft, episode, RingCause.STEP)


def _expire(draft: Draft[EpisodeDue], episode: Episode) -> None:
    assert episode.acknowledged_at is not None
    since = max(episode.acknowledged_at, episode.talk_due_since or episode.acknowledged_at)
    version, _ = draft.work.policy_for(draft.work.order_of(episode), None if episode.deadline_extended else since)
    draft.decide(Expired(episode, version))
    notify_next(draft, episode, RingCause.UNREDEEMED)


def _notify_again(draft: Draft[EpisodeDue], episode: Episode, cause: RingCause) -> None:
    signal = draft.work.main_signal(episode)
    if signal is not None:
        notify(draft, episode, signal, cause)


_BEFORE = "acknowledgement.remind_before"


def act_on_appointment(draft: Draft[EpisodeDue], episode: Episode) -> None:
    """The appointment is due or imminent: remind the acknowledger, who keeps the episode.

    Proof is due from the time of the appointment, except for a customer who must not be contacted. If the acknowledger
    is away, the next person on the ladder is notified and owes the promised call.
    """
    at, holder = episode.deadline_at, episode.acknowledged_by
    assert at is not None
    assert holder is not None
    person = draft.work.people.get(holder)
    is_due = may_be_contacted(draft, episode)
    if is_due and person is not None and _is_gone(draft, episode, person):
        replace_unavailable(draft, episode, person, "had promised the call")
        return
    due = reminded(episode, person, talk_of(draft, episode), draft.now) if is_due else reminded_only(episode, draft.now)
    draft.decide(AppointmentDue(due, at))
    note_no_shared_hour(draft, due)
    _remind(draft, due, holder)


def _is_gone(draft: Draft[EpisodeDue], episode: Episode, holder: Salesperson) -> bool:
    """Whether the acknowledger is not there to call. No appointment can be made during a known absence."""
    return not holder.active or is_away(draft, episode, holder)


def _remind(draft: Draft[EpisodeDue], episode: Episode, holder: str) -> None:
    """Send an alert that needs no response. The acknowledger promised the call, so their hours do not delay it."""
    signal = draft.work.main_signal(episode)
    ladder_step = step_of(ladder_of(draft, episode) or (), episode, holder, draft.work.people)
    if signal is None or ladder_step is None:
        return
    if team_observes(draft, episode):
        draft.decide(Observed(episode))
        return
    counted = replace(episode, rings=episode.rings + 1)
    notification = Notification(NextStep(ladder_step, draft.now), signal, RingCause.APPOINTMENT)
    send_alert(draft, counted, notification, Times(draft.now, None, _BEFORE))
