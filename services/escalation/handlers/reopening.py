"""A close is undone: the episode is open as it stood, and what came meanwhile counts. Start at `reopen`."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.escalation.domain.asking import whom
from services.escalation.domain.climbing import rung_of
from services.escalation.domain.entities import Clock, Episode, Signal
from services.escalation.domain.facts import FactKind
from services.escalation.domain.own_facts import ReopenPressed
from services.escalation.domain.reopening import check_may_reopen, reopened
from services.escalation.domain.rescues import NotNow, bound, excused
from services.escalation.handlers.alerts import Asking, Times, send_alert
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.contacts import make_up_for_contacts
from services.escalation.handlers.endings import ask_no_more, note_requests
from services.escalation.handlers.episodes import rise
from services.escalation.handlers.preferences import may_be_contacted, talk_of
from services.escalation.handlers.rings import assign_silently, is_observed, ladder_of, ring, situation_of
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import EpisodeReopened, RingCause


def reopen(turn: Turn[ReopenPressed]) -> None:
    """Undo a close, if nothing else has begun since and whoever pressed it may."""
    try:
        _open_again(turn, _closed_by_presser(turn))
    except NotNow as refused:
        turn.reject(refused.code, refused.reason)


def _closed_by_presser(turn: Turn[ReopenPressed]) -> Episode:
    """The episode that may be opened again. Only the last of an order's is kept in memory. Raises NotNow."""
    episode, person = turn.state.episodes.get(turn.fact.episode), turn.book.people.get(turn.fact.by)
    if episode is None or (episode.closed_at is not None and turn.state.has_newer(episode)):
        raise NotNow("newer_episode", "there is a newer episode of this order: work on that one.")
    if person is not None and not person.active:
        raise NotNow("not_active", "you are not an active salesperson any more.")
    _, policy = turn.book.policy_for(turn.book.order_of(episode))
    check_may_reopen(episode, turn.fact.by, policy.acknowledgement.reopen_within, turn.now)
    if not turn.state.standing.has_any(episode.episode_id):
        raise NotNow("nothing_at_risk", "nothing puts this order at risk any more: there is nothing to go on with.")
    return episode


def _open_again(turn: Turn[ReopenPressed], episode: Episode) -> None:
    note_requests(turn, episode, FactKind.REQUEST_REOPENED)
    keep_episode(turn, _with_clock_of_now(turn, reopened(episode, turn.now)))
    id, by = episode.episode_id, turn.fact.by
    words = f"{by} undid the close: it is open as it stood."
    turn.explain("reopened", words, episode_id=id, who=by, policy_path="acknowledgement.reopen_within")
    assert episode.closed_at is not None
    fact = EpisodeReopened(episode=id, order=episode.order_id, by=by, closed_at=episode.closed_at, reopened_at=turn.now)
    turn.publish(fact, discriminator=id)
    _make_up_for(turn, id, episode.closed_at)


def _with_clock_of_now(turn: Turn[ReopenPressed], episode: Episode) -> Episode:
    """The customer may have said meanwhile how they want to be treated."""
    if episode.acknowledged_by is None or episode.reached_at is not None:
        return episode
    if not may_be_contacted(turn, episode):
        return excused(episode)
    return bound(episode, turn.book.people.get(episode.acknowledged_by), talk_of(turn, episode), turn.now)


def _make_up_for(turn: Turn[ReopenPressed], id: UUID, closed_at: datetime) -> None:
    """What the time while it was closed changed: how grave it is, what is asked, contacts, and whom it waits for."""
    signal = turn.book.main_signal(turn.state.episodes[id])
    assert signal is not None, "something stands"
    rose = rise(turn, turn.state.episodes[id], signal)
    if turn.book.is_for_information(turn.state.episodes[id]):
        ask_no_more(turn, turn.state.episodes[id])
    if make_up_for_contacts(turn, id, closed_at):
        return
    episode = turn.state.episodes[id]
    if episode.acknowledged_by is not None or _waits_for_presser(turn, episode):
        return
    if not episode.rang or (episode.exhausted_at is not None and _has_left(turn, episode.responsible)):
        assign_silently(turn, episode, signal)
    elif episode.exhausted_at is None:
        _notify_again(turn, episode, signal, rose=rose)


def _has_left(turn: Turn[ReopenPressed], person: str | None) -> bool:
    known = turn.book.people.get(person or "")
    return known is not None and not known.active


def _waits_for_presser(turn: Turn[ReopenPressed], episode: Episode) -> bool:
    """Whether whoever undid it is the one who is asked, with a clock if it rang."""
    return episode.responsible == turn.fact.by and (episode.deadline_at is not None or not episode.rang)


def _notify_again(turn: Turn[ReopenPressed], episode: Episode, signal: Signal, *, rose: bool) -> None:
    """The message to another person may have been withdrawn. Their time to answer is what was left of it,
    however often a close is undone. It rings anew where they cannot be asked in that time, or the seller is sought."""
    situation = situation_of(turn, episode)
    rung = rung_of(ladder_of(turn, episode) or (), episode, episode.responsible, turn.book.people)
    asked = whom([rung], situation) if rung is not None and rung.skipped is None else None
    until = episode.deadline_at if episode.deadline_for is Clock.ANSWER else None
    if rose or asked is None or until is None or asked.rung_at >= until or is_observed(turn, episode):
        ring(turn, episode, signal, RingCause.SIGNAL, something_new=rose)
        return
    told = replace(episode, rings=episode.rings + 1)
    keep_episode(turn, told)
    times = Times(asked.rung_at, until, "acknowledgement.reopen_within")
    send_alert(turn, told, Asking(asked, signal, RingCause.SIGNAL), times)
