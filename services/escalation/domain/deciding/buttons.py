"""Handles the buttons of episodes and follow-ups. Start at `press`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.escalation.domain import own_facts
from services.escalation.domain.deciding.endings import close_episode
from services.escalation.domain.deciding.notifying import notify_next
from services.escalation.domain.deciding.offers import accept, offer
from services.escalation.domain.deciding.preferences import may_be_contacted, note_no_shared_hour, talk_of
from services.escalation.domain.deciding.reconciling import note_facts
from services.escalation.domain.decisions.care import CareTaken
from services.escalation.domain.decisions.taking import Acknowledged, PassedOn, Queued
from services.escalation.domain.decisions.talking import AppointmentMade, Snoozed
from services.escalation.domain.draft import Draft
from services.escalation.domain.duties import ANSWERS, Duty, DutyKind, Sale, duties_of
from services.escalation.domain.duty_buttons import CheckInLogged, DutyButton, FollowUpLogged
from services.escalation.domain.entities import DeadlineFor, Episode, Note, Salesperson
from services.escalation.domain.facts import AccountFact, FactKind, fact_id
from services.escalation.domain.own_facts import AttemptLogged, CustomerReachedLogged, EpisodeButton
from services.escalation.domain.policy.model import SEEN
from services.escalation.domain.rescues import NotNow, acknowledged, held_by_appointment, snoozed, talk_waived
from services.escalation.domain.written import NoteAbout
from shared.contracts.escalation import CheckInDone, CustomersAnswer, EpisodeResult, FollowUpAnswered, RingCause
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
    """Everyone notified may acknowledge or pass on. The person it was offered to may accept.

    The acknowledger may close it or mark it as seen; before an acknowledgement everyone notified may. All other buttons
    are for the acknowledger alone.
    """
    by, button = draft.fact.by, draft.fact
    if isinstance(button, own_facts.HandOverAcceptPressed):
        return by == episode.offered_to
    notified = by == episode.responsible or by in draft.work.notified[episode.episode_id]
    if isinstance(button, own_facts.AcknowledgePressed | own_facts.NotMinePressed):
        return notified
    if isinstance(button, own_facts.ClosePressed | own_facts.SeenPressed):
        return by == episode.acknowledged_by or (notified and episode.acknowledged_by is None)
    return by == episode.acknowledged_by


def _why_not(draft: Draft[EpisodeButton], episode: Episode) -> tuple[str, str]:
    by = draft.fact.by
    if episode.acknowledged_by is None and (by == episode.responsible or by in draft.work.notified[episode.episode_id]):
        return "not_acknowledged", "acknowledge this first."
    who = "it is not with you"
    if episode.acknowledged_by is not None:
        who = f"{draft.work.name_of(episode.acknowledged_by)} is handling this now"
    elif episode.responsible is not None:
        who = f"{draft.work.name_of(episode.responsible)} has been notified"
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
        now_notified = draft.work.name_of(episode.responsible) if episode.responsible else "someone else"
        raise NotNow("asked_of_another", f"{now_notified} has been notified instead; reload the page.")
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
    close_episode(draft, episode, draft.fact.result, draft.fact.reason, by=draft.fact.by)


_BUTTONS: Mapping[type[EpisodeButton], Callable[[Draft[Any], Episode], None]] = {
    own_facts.AcknowledgePressed: _acknowledge,
    own_facts.NotMinePressed: _pass_on,
    own_facts.AttemptLogged: _log_attempt,
    own_facts.CustomerReachedLogged: _log_reached,
    own_facts.AppointmentLogged: _log_appointment,
    own_facts.SnoozePressed: _snooze,
    own_facts.HandOverPressed: offer,
    own_facts.HandOverAcceptPressed: accept,
    own_facts.SeenPressed: _see,
    own_facts.ClosePressed: _close,
}
_NOTE_ABOUT: Mapping[type[EpisodeButton], NoteAbout] = {
    own_facts.AttemptLogged: NoteAbout.ATTEMPT,
    own_facts.CustomerReachedLogged: NoteAbout.TALK,
    own_facts.HandOverPressed: NoteAbout.HAND_OVER,
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


def note_talk(draft: Draft[CustomerReachedLogged] | Draft[DutyButton], order_id: str) -> None:
    """Record that the presser has just talked with the customer about an order."""
    note_facts(draft, [_talk(draft, order_id)])


def note_attempt(draft: Draft[AttemptLogged], order_id: str) -> None:
    """Record that the presser has just called about an order and reached nobody."""
    note_facts(draft, [_just_now(draft, order_id, FactKind.CONTACT, "unanswered")])


def _talk(draft: Draft[Any], order_id: str) -> AccountFact:
    return _just_now(draft, order_id, FactKind.CUSTOMER_REACHED, "answered")


def _just_now(draft: Draft[Any], order_id: str, kind: FactKind, result: str) -> AccountFact:
    return AccountFact(
        fact_id=fact_id(draft.event),
        account_id=draft.account_id,
        kind=kind,
        at=draft.now,
        order_id=order_id,
        direction="outbound",
        channel=draft.fact.channel.value,
        result=result,
        agent=draft.fact.by,
    )


def log_check_in(draft: Draft[CheckInLogged]) -> None:
    """Record the proof of a duty. It clears the same signals as a talk, and is published for systems with contacts."""
    fact = draft.fact
    if not any(duty.kind is DutyKind.CHECK_IN for duty in _duties(draft)):
        draft.reject("no_check_in_due", "this check-in is no longer on your list; reload the page.")
        return
    note_talk(draft, fact.order)
    draft.decide(CareTaken(CheckInDone(order=fact.order, by=fact.by, at=draft.now, channel=fact.channel)))


def log_follow_up(draft: Draft[FollowUpLogged]) -> None:
    """Record a talk and the customer's answer. The answer finishes the duty but is not proof.

    The answer that the outcome was not reached raises the same signal as the buyer's own statement.
    """
    fact = draft.fact
    duty = next((duty for duty in _duties(draft) if _is_answered(duty, fact)), None)
    if duty is None:
        draft.reject("no_follow_up_due", "this follow-up is no longer on your list; reload the page.")
        return
    note_facts(draft, [_talk(draft, fact.order), _answer(draft, duty)])
    promise = duty.promise.what if duty.promise else None
    answered = FollowUpAnswered(
        order=fact.order, by=fact.by, at=draft.now, channel=fact.channel, answer=fact.answer, promise=promise
    )
    draft.decide(CareTaken(answered))


def _duties(draft: Draft[CheckInLogged] | Draft[FollowUpLogged]) -> list[Duty]:
    """The presser's current duties for the order."""
    work, order = draft.work, draft.state.orders.get(draft.fact.order)
    if order is None:
        return []
    sale = Sale(order, work.account(draft.account_id), work.history(draft.account_id))
    return duties_of(draft.fact.by, sale, work.people, work.policies, draft.now)


def _is_answered(duty: Duty, fact: FollowUpLogged) -> bool:
    promise = duty.promise.fact_id if duty.promise else None
    return fact.answer in ANSWERS[duty.kind] and promise == fact.promise


def _answer(draft: Draft[FollowUpLogged], duty: Duty) -> AccountFact:
    """The answer as a fact: its reporter, and the promise it is about or whether the outcome was reached."""
    kept = duty.kind is DutyKind.PROMISE
    return AccountFact(
        fact_id=fact_id(draft.event, "answer"),
        account_id=draft.account_id,
        kind=FactKind.PROMISE_SAID_KEPT if kept else FactKind.OUTCOME_SAID,
        at=draft.now,
        order_id=draft.fact.order,
        channel=draft.fact.channel.value,
        agent=draft.fact.by,
        number=None if kept else int(draft.fact.answer is CustomersAnswer.WORKED),
        what=duty.promise.what if duty.promise else None,
    )
