"""Ends signals and episodes: on a report, or automatically when nothing puts the order at risk any more."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.deciding.results import note_result
from services.escalation.domain.deciding.win_backs import plan_win_back
from services.escalation.domain.decisions.closing import Closed, ForInformation, reason_words
from services.escalation.domain.decisions.signals import SignalCleared, SignalEnded, SignalWithdrawn
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Episode, Signal, SignalEnd
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.losses.loss import Loss
from services.escalation.domain.own_facts import OrderWaitEnded
from services.escalation.domain.policy.model import CLEARED
from services.escalation.domain.rescues import closed, informing
from shared.contracts.envelope import Fact
from shared.contracts.escalation import REQUESTS, EpisodeResult
from shared.ids import derived


def end_signal(draft: Draft[Fact], signal: Signal, how: SignalEnd, *, at: datetime, because: str) -> None:
    """End a signal. When its last standing signal ends, an episode closes automatically."""
    if signal.order_awaited_until is not None:
        draft.take_timer_back(OrderWaitEnded(signal=signal.signal_id))
    ended = replace(signal, ended=how, ended_at=at, ended_because=because, order_awaited_until=None)
    episode = draft.state.episodes.get(signal.episode_id) if signal.episode_id else None
    if episode is None or episode.closed_at is not None:
        draft.keep(ended)
        return
    draft.decide(_END[how](episode, ended, because))
    draft.keep(replace(episode, changed_at=draft.now))
    if not draft.state.standing.has_any(episode.episode_id):
        close_episode(draft, episode, EpisodeResult.CAUSE_GONE, CLEARED, by=None)
    elif draft.work.is_for_information(episode):
        expect_no_response(draft, draft.state.episodes[episode.episode_id])


def expect_no_response(draft: Draft[Fact], episode: Episode) -> None:
    """The remaining signals are for information: nobody needs to respond any more, and no clock runs."""
    if not episode.expects_response:
        return
    draft.decide(ForInformation(informing(episode, draft.now)))


def close_episode(
    draft: Draft[Fact],
    episode: Episode,
    result: EpisodeResult,
    reason: str,
    *,
    by: str | None,
    loss: Loss | None = None,
) -> None:
    """Close with a result and a reason; everything pending stops. Raises NotNow if the reason is not on the list.

    `loss` has the answers about a loss.
    """
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    ended = closed(draft.state.episodes[episode.episode_id], result, reason, policy, by=by, now=draft.now)
    main = draft.work.main_signal(episode)
    note_requests(draft, episode, FactKind.REQUEST_CLOSED)
    draft.decide(Closed(ended, reason_words(policy, result, reason), loss))
    note_result(draft, ended, main.kind if main is not None else None)
    plan_win_back(draft, ended, loss)


def note_requests(draft: Draft[Fact], episode: Episode, kind: FactKind) -> None:
    """Remember that the episode of these requests was closed or reopened.

    A request that is reported again after a close is a new request.
    """
    for signal in draft.work.standing(episode):
        if signal.kind in REQUESTS:
            fact_id = derived("fact", episode.episode_id, signal.fact_id, kind, draft.now.isoformat())
            order, request = episode.order_id, str(signal.fact_id)
            draft.work.put_fact(AccountFact(fact_id, episode.account_id, kind, draft.now, order_id=order, what=request))


_END: Mapping[SignalEnd, type[SignalEnded]] = {SignalEnd.CLEARED: SignalCleared, SignalEnd.WITHDRAWN: SignalWithdrawn}
