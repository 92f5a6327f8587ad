"""Handles the buttons of episodes. Start at `press`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.escalation.domain import buttons, own_facts
from services.escalation.domain.deciding.endings import close_episode
from services.escalation.domain.deciding.hand_overs import accept_hand_over, ask_to_take_over
from services.escalation.domain.deciding.managing import manages, reassign, take_over, why_not_managed
from services.escalation.domain.deciding.notifying import notify_next
from services.escalation.domain.deciding.offers import approve, ask_for_approval, decline, is_asked, make_offer
from services.escalation.domain.deciding.preferences import may_be_contacted, note_no_shared_hour, talk_of
from services.escalation.domain.deciding.talks import note_attempt, note_talk
from services.escalation.domain.decisions.taking import Acknowledged, PassedOn, Queued
from services.escalation.domain.decisions.talking import AppointmentMade, Snoozed
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import DeadlineFor, Episode, Note, Salesperson
from services.escalation.domain.losses.loss import Loss
from services.escalation.domain.own_facts import EpisodeButton
from services.escalation.domain.policy.model import SEEN
from services.escalation.domain.rescues import NotNow, acknowledged, held_by_appointment, snoozed, talk_waived
from services.escalation.domain.written import NoteAbout
from shared.contracts.escalation import EpisodeResult, RingCause
from shared.ids import derived


def press(draft: Draft[EpisodeButton]) -> None:
    """Carry out a button press, if its episode is open and the presser may do so."""
    episode = draft.state.episodes.get(draft.fact.episode)
    if episode is None or episode.account_id != draft.account_id or episode.closed_at is not None:
        draft.reject("episode_not_open", "this is no longer open; reload the page.")
    elif _has_left(draft):
        draft.reject("not_active", "you are no longer an active salesperson; someone else is notified.")
    elif not _may(draft, episode):
        draft.reject(*_why_not(draft, episode))
    elif draft.work.is_for_information(episode) != isinstance(draft.fact, own_facts.SeenPressed):
        draft.reject(*_OTHER_BUTTON[type(draft.fact) is own_facts.SeenPressed])
    else:
        try:
            _BUTTONS[type(draft.fact)](draft, episode)
            _keep_note(draft, episode)
        except NotNow as refused:
            draft.reject(refused.code, refused.reason)


def _keep_note(draft: Draft[EpisodeButton], episode: Episode) -> None:
    """Keep the note, if there is one: the episode's readers see it, and open pages are updated."""
    button = draft.fact
    if not isinstance(button, own_facts.NotedButton) or button.note is None:
        return
    id = derived("note", draft.event.source, draft.event.id)
    about = _NOTE_ABOUT[type(button)]
    note = Note(id, episode.account_id, episode.episode_id, draft.now, button.by, about, button.note)
    draft.work.changes.notes.append(note)
    draft.keep(replace(draft.state.episodes[episode.episode_id], changed_at=draft.now))


def _has_left(draft: Draft[EpisodeButton]) -> bool:
    """Whether the presser has left the company. An old page may still be open; their episodes stay passed on."""
    person = draft.work.people.get(draft.fact.by)
    return person is not None and not person.active


def _may(draft: Draft[EpisodeButton], episode: Episode) -> bool:
    """Everyone notified may acknowledge or pass on. The colleague asked to take it over may accept, and the
    person asked to approve an offer may answer, also without a part in the episode.

    The managers above the person who has it may reassign it or take it over. The acknowledger may close it or mark it
    as seen; before an acknowledgement everyone notified may. All other buttons are for the acknowledger alone.
    """
    by, button = draft.fact.by, draft.fact
    if isinstance(button, own_facts.HandOverAcceptPressed):
        return by == episode.offered_to
    if isinstance(button, own_facts.MANAGERS_BUTTONS):
        return manages(draft, episode)
    if isinstance(button, buttons.APPROVAL_BUTTONS):
        return is_asked(draft, episode)
    notified = by == episode.responsible or by in draft.work.notified[episode.episode_id]
    if isinstance(button, own_facts.AcknowledgePressed | own_facts.NotMinePressed):
        return notified
    if isinstance(button, own_facts.ClosePressed | own_facts.SeenPressed):
        return by == episode.acknowledged_by or (notified and episode.acknowledged_by is None)
    return by == episode.acknowledged_by


def _why_not(draft: Draft[EpisodeButton], episode: Episode) -> tuple[str, str]:
    by = draft.fact.by
    if isinstance(draft.fact, own_facts.MANAGERS_BUTTONS):
        return why_not_managed(draft, episode)
    if isinstance(draft.fact, buttons.APPROVAL_BUTTONS):
        return "no_approval_asked", "you are not asked to approve an offer here any more; reload the page."
    if episode.acknowledged_by is None and (by == episode.responsible or by in draft.work.notified[episode.episode_id]):
        return "not_acknowledged", "acknowledge this first."
    who = "it is not with you"
    if episode.acknowledged_by is not None:
        who = f"{draft.work.name_of(episode.acknowledged_by)} is handling this now"
    elif episode.responsible is not None:
        who = f"it is now up to {draft.work.name_of(episode.responsible)}"
    return "episode_of_another", f"{who}; reload the page."


def _acknowledge(draft: Draft[Any], episode: Episode) -> None:
    """Acknowledge an episode: everything pending stops in this transaction, and the clock for the proof starts."""
    by, ahead = draft.fact.by, draft.fact.ahead
    _check_not_taken_by_another(draft, episode)
    if episode.acknowledged_at is not None:
        return
    if draft.fact.as_of not in (None, episode.changed_at):
        raise NotNow("changed_since", "this has changed since you opened it; reload the page.")
    taken = acknowledged(episode, draft.work.people.get(by, by), talk_of(draft, episode), draft.now, ahead=ahead)
    if not may_be_contacted(draft, episode):
        taken = talk_waived(taken)
    draft.decide(Acknowledged(taken))
    if ahead and taken.deadline_for is DeadlineFor.REDEEM:
        draft.decide(Queued(taken, ahead))
    note_no_shared_hour(draft, taken)


def _pass_on(draft: Draft[EpisodeButton], episode: Episode) -> None:
    """Not mine: the episode stays open, and the next person on the ladder is notified."""
    _check_not_taken_by_another(draft, episode)
    if episode.acknowledged_by is None and episode.responsible != draft.fact.by:
        responsible = draft.work.name_of(episode.responsible) if episode.responsible else "someone else"
        raise NotNow("asked_of_another", f"it is now up to {responsible}; reload the page.")
    draft.decide(PassedOn(episode, draft.fact.by))
    notify_next(draft, episode, RingCause.NOT_MINE)


def _check_not_taken_by_another(draft: Draft[EpisodeButton], episode: Episode) -> None:
    """Raises NotNow if someone else has acknowledged.

    The presser must not believe that they have it or passed it on.
    """
    if episode.acknowledged_by is not None and episode.acknowledged_by != draft.fact.by:
        name = draft.work.name_of(episode.acknowledged_by)
        raise NotNow("taken_by_another", f"{name} has already acknowledged this; reload the page.")


def _log_attempt(draft: Draft[Any], episode: Episode) -> None:
    note_attempt(draft, episode.order_id)


def _log_reached(draft: Draft[Any], episode: Episode) -> None:
    note_talk(draft, episode.order_id)


def _log_appointment(draft: Draft[Any], episode: Episode) -> None:
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    held = held_by_appointment(episode, _presser(draft), draft.fact.at, policy, draft.now)
    draft.decide(AppointmentMade(held, draft.fact.at))


def _snooze(draft: Draft[Any], episode: Episode) -> None:
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    put_off = snoozed(episode, _presser(draft), draft.fact.until, policy, draft.now)
    draft.decide(Snoozed(put_off, draft.fact.until))


def _see(draft: Draft[Any], episode: Episode) -> None:
    close_episode(draft, episode, EpisodeResult.INFORMED, SEEN, by=draft.fact.by)


def _presser(draft: Draft[Any]) -> Salesperson | None:
    return draft.work.people.get(draft.fact.by)


def _close(draft: Draft[Any], episode: Episode) -> None:
    if draft.fact.result is EpisodeResult.INFORMED:
        raise NotNow("not_for_information", "this is not only for information; choose another result.")
    close_episode(
        draft, episode, draft.fact.result, draft.fact.reason, by=draft.fact.by, loss=_loss(draft.fact, episode)
    )


def _loss(press: own_facts.ClosePressed, episode: Episode) -> Loss | None:
    """The answers about a loss; answers about any other result do not count."""
    if press.result is not EpisodeResult.LOST:
        return None
    answers = (press.could_have, press.contributed, press.may_call_again)
    return Loss(episode.episode_id, episode.account_id, *answers)


_BUTTONS: Mapping[type[EpisodeButton], Callable[[Draft[Any], Episode], None]] = {
    own_facts.AcknowledgePressed: _acknowledge,
    own_facts.NotMinePressed: _pass_on,
    own_facts.AttemptLogged: _log_attempt,
    own_facts.CustomerReachedLogged: _log_reached,
    own_facts.AppointmentLogged: _log_appointment,
    own_facts.SnoozePressed: _snooze,
    own_facts.HandOverPressed: ask_to_take_over,
    own_facts.HandOverAcceptPressed: accept_hand_over,
    own_facts.ReassignPressed: reassign,
    own_facts.TakeOverPressed: take_over,
    own_facts.SeenPressed: _see,
    own_facts.ClosePressed: _close,
    buttons.OfferLogged: make_offer,
    buttons.ApprovalAsked: ask_for_approval,
    buttons.ApprovePressed: approve,
    buttons.DeclinePressed: decline,
}
_NOTE_ABOUT: Mapping[type[EpisodeButton], NoteAbout] = {
    own_facts.AttemptLogged: NoteAbout.ATTEMPT,
    own_facts.CustomerReachedLogged: NoteAbout.TALK,
    own_facts.HandOverPressed: NoteAbout.HAND_OVER,
    own_facts.ReassignPressed: NoteAbout.HAND_OVER,
    own_facts.ClosePressed: NoteAbout.CLOSE,
}
_OTHER_BUTTON: Mapping[bool, tuple[str, str]] = {
    True: ("not_for_information", "this is no longer only for information; reload the page."),
    False: (
        "for_information",
        "this is for information and nothing is due; reload the page and mark it as seen.",
    ),
}
"""Refusals by whether "seen" was pressed: an episode for information can only be marked as seen, others never."""
