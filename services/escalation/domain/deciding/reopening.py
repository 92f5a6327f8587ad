"""Undoes a close: the episode opens as it was, and facts received meanwhile are applied. Start at `reopen`."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.escalation.domain.deciding.alerts import Notification, send_alert
from services.escalation.domain.deciding.contacts import make_up_for_contacts
from services.escalation.domain.deciding.endings import expect_no_response, note_requests
from services.escalation.domain.deciding.episodes import rise
from services.escalation.domain.deciding.notifying import (
    assign_silently,
    ladder_of,
    notify,
    situation_of,
    team_observes,
)
from services.escalation.domain.deciding.preferences import may_be_contacted, talk_of
from services.escalation.domain.deciding.results import take_back_result
from services.escalation.domain.deciding.win_backs import take_win_back_back
from services.escalation.domain.decisions.closing import Reopened
from services.escalation.domain.decisions.notifying import Times
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import DeadlineFor, Episode, Signal
from services.escalation.domain.facts import FactKind
from services.escalation.domain.next_step import step_of, whom
from services.escalation.domain.own_facts import ReopenPressed
from services.escalation.domain.reopening import check_may_reopen, reopened
from services.escalation.domain.rescues import NotNow, talk_required, talk_waived
from shared.contracts.escalation import EpisodeResult, RingCause


def reopen(draft: Draft[ReopenPressed]) -> None:
    """Undo a close, if no other episode has begun since and the presser may do so."""
    try:
        _open_again(draft, _closed_by_presser(draft))
    except NotNow as refused:
        draft.reject(refused.code, refused.reason)


def _closed_by_presser(draft: Draft[ReopenPressed]) -> Episode:
    """The episode that may be reopened. Only an order's last episode is kept in memory. Raises NotNow."""
    episode, person = draft.state.episodes.get(draft.fact.episode), draft.work.people.get(draft.fact.by)
    if episode is None or draft.state.is_followed(episode):
        raise NotNow("newer_episode", "this order has been at risk again since; work on that instead.")
    if person is not None and not person.active:
        raise NotNow("not_active", "you are no longer an active salesperson.")
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    check_may_reopen(episode, draft.fact.by, policy.acknowledgement.reopen_within, draft.now)
    if not draft.state.standing.has_any(episode.episode_id):
        raise NotNow("nothing_at_risk", "this order is no longer at risk, so there is nothing to reopen.")
    return episode


def _open_again(draft: Draft[ReopenPressed], episode: Episode) -> None:
    assert episode.closed_at is not None
    note_requests(draft, episode, FactKind.REQUEST_REOPENED)
    if episode.result is EpisodeResult.LOST:
        draft.work.undo_loss(episode.episode_id)
    take_back_result(draft, episode)
    open_again = _with_clock_of_now(draft, reopened(episode, draft.now))
    draft.decide(Reopened(open_again, draft.fact.by, episode.closed_at, draft.now))
    take_win_back_back(draft, episode)
    _make_up_for(draft, episode.episode_id, episode.closed_at)


def _with_clock_of_now(draft: Draft[ReopenPressed], episode: Episode) -> Episode:
    """Adjust the clock: the customer may have changed their contact preference meanwhile."""
    if episode.acknowledged_by is None or episode.reached_at is not None:
        return episode
    if not may_be_contacted(draft, episode):
        return talk_waived(episode)
    return talk_required(episode, draft.work.people.get(episode.acknowledged_by), talk_of(draft, episode), draft.now)


def _make_up_for(draft: Draft[ReopenPressed], id: UUID, closed_at: datetime) -> None:
    """Apply everything that changed while it was closed: severity, requests, contacts, and the person it waits for."""
    signal = draft.work.main_signal(draft.state.episodes[id])
    assert signal is not None, "something stands"
    rose = rise(draft, draft.state.episodes[id], signal)
    if draft.work.is_for_information(draft.state.episodes[id]):
        expect_no_response(draft, draft.state.episodes[id])
    if make_up_for_contacts(draft, id, closed_at):
        return
    episode = draft.state.episodes[id]
    if episode.acknowledged_by is not None or _waits_for_presser(draft, episode):
        return
    if not episode.rang or (episode.exhausted_at is not None and _has_left(draft, episode.responsible)):
        assign_silently(draft, episode, signal)
    elif episode.exhausted_at is None:
        _notify_again(draft, episode, signal, rose=rose)


def _has_left(draft: Draft[ReopenPressed], person: str | None) -> bool:
    known = draft.work.people.get(person or "")
    return known is not None and not known.active


def _waits_for_presser(draft: Draft[ReopenPressed], episode: Episode) -> bool:
    """Whether the episode waits for the presser, with a clock if it notified."""
    return episode.responsible == draft.fact.by and (episode.deadline_at is not None or not episode.rang)


def _notify_again(draft: Draft[ReopenPressed], episode: Episode, signal: Signal, *, rose: bool) -> None:
    """Notify the other person again, as their message may have been withdrawn.

    They get the response time that was left, however often a close is undone. The recipient is found anew if they
    cannot be notified within that time, if the severity rose, or if the team only observes.
    """
    situation = situation_of(draft, episode)
    ladder_step = step_of(ladder_of(draft, episode) or (), episode, episode.responsible, draft.work.people)
    to_notify = whom([ladder_step], situation) if ladder_step is not None and ladder_step.skipped is None else None
    until = episode.deadline_at if episode.deadline_for is DeadlineFor.ANSWER else None
    if rose or to_notify is None or until is None or to_notify.notified_at >= until or team_observes(draft, episode):
        notify(draft, episode, signal, RingCause.SIGNAL, something_new=rose)
        return
    counted = replace(episode, rings=episode.rings + 1)
    times = Times(to_notify.notified_at, until, "acknowledgement.reopen_within")
    send_alert(draft, counted, Notification(to_notify, signal, RingCause.SIGNAL), times)
