"""What people press: take it, not mine, tried, reached, appointment, later, hand over, close. Start at `press`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.escalation.domain import own_facts
from services.escalation.domain.entities import Clock, Episode, Note, Salesperson
from services.escalation.domain.own_facts import EpisodeButton
from services.escalation.domain.policy.model import SEEN
from services.escalation.domain.reasoning import clock, queue_words, taken_words
from services.escalation.domain.rescues import NotNow, excused, held_by_appointment, snoozed, taken
from services.escalation.domain.written import NoteAbout
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.endings import close_episode
from services.escalation.handlers.offers import accept, offer
from services.escalation.handlers.preferences import may_be_contacted, talk_of, tell_of_hours
from services.escalation.handlers.rings import climb
from services.escalation.handlers.talks import note_attempt, note_talk
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import (
    AppointmentMade,
    EpisodeAcknowledged,
    EpisodeResult,
    EpisodeSnoozed,
    RescuePassedOn,
    RingCause,
)
from shared.ids import derived


def press(turn: Turn[EpisodeButton]) -> None:
    """Do what a button says, if its episode is open and whoever pressed it may."""
    episode = turn.state.episodes.get(turn.fact.episode)
    if episode is None or episode.account_id != turn.account_id or episode.closed_at is not None:
        turn.reject("episode_not_open", "this episode is not open any more; reload the page.")
    elif _has_left(turn):
        turn.reject("not_active", "you are not an active salesperson any more: somebody else is asked.")
    elif not _may(turn, episode):
        turn.reject(*_why_not(turn, episode))
    elif turn.book.is_for_information(episode) != isinstance(turn.fact, own_facts.SeenPressed):
        turn.reject(*_OTHER_BUTTON[type(turn.fact) is own_facts.SeenPressed])
    else:
        try:
            _BUTTONS[type(turn.fact)](turn, episode)
            _keep_note(turn, episode)
        except NotNow as refused:
            turn.reject(refused.code, refused.reason)


def _keep_note(turn: Turn[EpisodeButton], episode: Episode) -> None:
    """Whoever reads the episode sees what was written, and open pages hear of it."""
    button = turn.fact
    if not isinstance(button, own_facts.NotedButton) or button.note is None:
        return
    id = derived("note", turn.event.source, turn.event.id)
    about = _NOTE_ABOUT[type(button)]
    note = Note(id, episode.account_id, episode.episode_id, turn.now, button.by, about, button.note)
    turn.book.changes.notes.append(note)
    turn.book.put_episode(replace(turn.state.episodes[episode.episode_id], changed_at=turn.now))


def _has_left(turn: Turn[EpisodeButton]) -> bool:
    """A page that was opened before may be pressed after: what they had has been passed on, and stays so."""
    person = turn.book.people.get(turn.fact.by)
    return person is not None and not person.active


def _may(turn: Turn[EpisodeButton], episode: Episode) -> bool:
    """Taking and passing on is for everybody who was asked, accepting for whom it was offered to, closing for both.

    All else is for whoever acknowledged.
    """
    by, button = turn.fact.by, turn.fact
    if isinstance(button, own_facts.HandOverAcceptPressed):
        return by == episode.offered_to
    asked = by == episode.responsible or by in turn.book.asked[episode.episode_id]
    if isinstance(button, own_facts.AcknowledgePressed | own_facts.NotMinePressed):
        return asked
    if isinstance(button, own_facts.ClosePressed | own_facts.SeenPressed):
        return by == episode.acknowledged_by or (asked and episode.acknowledged_by is None)
    return by == episode.acknowledged_by


def _why_not(turn: Turn[EpisodeButton], episode: Episode) -> tuple[str, str]:
    by = turn.fact.by
    if episode.acknowledged_by is None and (by == episode.responsible or by in turn.book.asked[episode.episode_id]):
        return "not_acknowledged", "acknowledge this episode first."
    return "episode_of_another", "this episode is with somebody else; reload the page."


def _acknowledge(turn: Turn[Any], episode: Episode) -> None:
    """Take an episode: everything pending for it stops, in this very transaction, and the clock of the proof starts."""
    by, ahead = turn.fact.by, turn.fact.ahead
    _check_not_taken_by_another(turn, episode)
    if episode.acknowledged_at is not None:
        return
    if turn.fact.as_of not in (None, episode.changed_at):
        raise NotNow("changed_since", "this episode has changed since; reload the page.")
    version, _ = turn.book.policy_for(turn.book.order_of(episode))
    acknowledged = taken(episode, turn.book.people.get(by, by), talk_of(turn, episode), turn.now, ahead=ahead)
    if not may_be_contacted(turn, episode):
        acknowledged = excused(acknowledged)
    keep_episode(turn, acknowledged)
    turn.book.silence(episode.episode_id, "acknowledged", turn.now)
    path = f"acknowledgement.redeem_within.{episode.severity.value}"
    _explain(turn, episode, "acknowledged", taken_words(acknowledged), path, version)
    if ahead and acknowledged.deadline_for is Clock.REDEEM:
        _explain(turn, episode, "queued", queue_words(ahead), "acknowledgement.call_takes", version)
    tell_of_hours(turn, acknowledged)
    fact = EpisodeAcknowledged(episode=episode.episode_id, order=episode.order_id, by=by, acknowledged_at=turn.now)
    turn.publish(fact)


def _pass_on(turn: Turn[EpisodeButton], episode: Episode) -> None:
    """Not mine: nothing is closed, the next on the ladder is asked."""
    _check_not_taken_by_another(turn, episode)
    if episode.acknowledged_by is None and episode.responsible != turn.fact.by:
        now_asked = turn.book.name_of(episode.responsible) if episode.responsible else "somebody else"
        raise NotNow("asked_of_another", f"{now_asked} is asked now; reload the page.")
    _explain(turn, episode, "not_mine", f"{turn.fact.by} says that it is not theirs.", None, None)
    turn.publish(RescuePassedOn(episode=episode.episode_id, order=episode.order_id, by=turn.fact.by))
    turn.book.silence(episode.episode_id, "passed on", turn.now)
    climb(turn, episode, RingCause.NOT_MINE)


def _check_not_taken_by_another(turn: Turn[EpisodeButton], episode: Episode) -> None:
    """Else whoever was second would believe to have it, or to have given it away. Raises NotNow."""
    if episode.acknowledged_by is not None and episode.acknowledged_by != turn.fact.by:
        name = turn.book.name_of(episode.acknowledged_by)
        raise NotNow("taken_by_another", f"{name} has this episode already; reload the page.")


def _log_attempt(turn: Turn[Any], episode: Episode) -> None:
    note_attempt(turn, episode.order_id)


def _log_reached(turn: Turn[Any], episode: Episode) -> None:
    note_talk(turn, episode.order_id)


def _log_appointment(turn: Turn[Any], episode: Episode) -> None:
    version, policy = turn.book.policy_for(turn.book.order_of(episode))
    keep_episode(turn, held_by_appointment(episode, _presser(turn), turn.fact.at, policy, turn.now))
    words = f"The customer is to be called at {clock(turn.fact.at)}: until then the clock stands still."
    _explain(turn, episode, "appointment", words, "acknowledgement.longest_appointment", version)
    fact = AppointmentMade(episode=episode.episode_id, order=episode.order_id, by=turn.fact.by, at=turn.fact.at)
    turn.publish(fact)


def _snooze(turn: Turn[Any], episode: Episode) -> None:
    version, policy = turn.book.policy_for(turn.book.order_of(episode))
    keep_episode(turn, snoozed(episode, _presser(turn), turn.fact.until, policy, turn.now))
    words = f"{turn.fact.by} put it off until {clock(turn.fact.until)}, then it rings again."
    _explain(turn, episode, "snoozed", words, "acknowledgement.longest_snooze", version)
    fact = EpisodeSnoozed(episode=episode.episode_id, order=episode.order_id, by=turn.fact.by, until=turn.fact.until)
    turn.publish(fact)


def _see(turn: Turn[Any], episode: Episode) -> None:
    close_episode(turn, episode, EpisodeResult.INFORMED, SEEN, by=turn.fact.by)


def _presser(turn: Turn[Any]) -> Salesperson | None:
    return turn.book.people.get(turn.fact.by)


def _close(turn: Turn[Any], episode: Episode) -> None:
    if turn.fact.result is EpisodeResult.INFORMED:
        raise NotNow("not_for_information", "this episode is not only for information: choose another result.")
    close_episode(turn, episode, turn.fact.result, turn.fact.reason, by=turn.fact.by)


def _explain(turn: Turn[Any], episode: Episode, rule: str, words: str, path: str | None, version: int | None) -> None:
    about = {"policy_version": version} if version is not None else {}
    turn.explain(rule, words, episode_id=episode.episode_id, who=turn.fact.by, policy_path=path, **about)


_BUTTONS: Mapping[type[EpisodeButton], Callable[[Turn[Any], Episode], None]] = {
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
    True: ("not_for_information", "this episode is not only for information any more; reload the page."),
    False: ("for_information", "this episode is for information, nothing is due: reload the page and mark it as seen."),
}
"""What is said where an episode for information is only to be marked as seen, or one that is not is."""
