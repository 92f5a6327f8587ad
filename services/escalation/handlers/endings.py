"""Signals end, and so do episodes: by what somebody says, or by themselves when nothing puts the order at risk."""

from dataclasses import replace
from datetime import datetime

from services.escalation.domain.deliveries import CLOSED
from services.escalation.domain.entities import Ended, Episode, Signal
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.own_facts import OrderWaitEnded
from services.escalation.domain.policy.model import CLEARED
from services.escalation.domain.reasoning import closing_words, ended_words
from services.escalation.domain.rescues import closed, informing
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact
from shared.contracts.escalation import REQUESTS, EpisodeClosed, EpisodeResult, SignalCleared, SignalWithdrawn
from shared.ids import derived


def end_signal(turn: Turn[Fact], signal: Signal, how: Ended, *, at: datetime, because: str) -> None:
    """A signal stands no longer; with the last one its episode closes itself."""
    if signal.order_awaited_until is not None:
        turn.tx.cancel_timer(OrderWaitEnded(signal=signal.signal_id), signal.account_id)
    ended = replace(signal, ended=how, ended_at=at, ended_because=because, order_awaited_until=None)
    turn.book.put_signal(ended)
    episode = turn.state.episodes.get(signal.episode_id) if signal.episode_id else None
    if episode is None or episode.closed_at is not None:
        return
    _tell_of_end(turn, episode, ended, because)
    turn.book.put_episode(replace(episode, changed_at=turn.now))
    if not turn.state.standing.has_any(episode.episode_id):
        close_episode(turn, episode, EpisodeResult.CAUSE_GONE, CLEARED, by=None)
    elif turn.book.is_for_information(episode):
        ask_no_more(turn, turn.state.episodes[episode.episode_id])


def ask_no_more(turn: Turn[Fact], episode: Episode) -> None:
    """What is left of an episode is for information: nobody is asked any more, and no clock runs."""
    if not episode.asks:
        return
    turn.book.silence(episode.episode_id, "for information", turn.now)
    keep_episode(turn, informing(episode, turn.now))
    words = "Only signals for information are left: nothing is due any more."
    turn.explain("for_information", words, episode_id=episode.episode_id, policy_path="plays.refund_kinds")


def close_episode(turn: Turn[Fact], episode: Episode, result: EpisodeResult, reason: str, *, by: str | None) -> None:
    """Close with a result and a reason: everything pending stops. Raises NotNow for a reason not on the list."""
    version, policy = turn.book.policy_for(turn.book.order_of(episode))
    ended = closed(turn.state.episodes[episode.episode_id], result, reason, policy, by=by, now=turn.now)
    note_requests(turn, episode, FactKind.REQUEST_CLOSED)
    keep_episode(turn, ended)
    turn.book.silence(episode.episode_id, CLOSED, turn.now)
    turn.explain(
        "closed",
        closing_words(policy, result, reason),
        episode_id=episode.episode_id,
        who=by,
        policy_version=version,
        policy_path=f"reasons.{result.value}",
    )
    fact = EpisodeClosed(
        episode=episode.episode_id,
        order=episode.order_id,
        result=result,
        reason=reason,
        by=by,
        closed_at=turn.now,
    )
    turn.publish(fact, discriminator=episode.episode_id)


def note_requests(turn: Turn[Fact], episode: Episode, kind: FactKind) -> None:
    """Remember that the episode of these requests was closed: told again after it, a request is another. Or that it was
    reopened."""
    for signal in turn.book.standing(episode):
        if signal.kind in REQUESTS:
            fact_id = derived("fact", episode.episode_id, signal.fact_id, kind, turn.now.isoformat())
            order, request = episode.order_id, str(signal.fact_id)
            turn.book.put_fact(AccountFact(fact_id, episode.account_id, kind, turn.now, order_id=order, what=request))


def _tell_of_end(turn: Turn[Fact], episode: Episode, signal: Signal, because: str) -> None:
    assert signal.ended is not None
    assert signal.ended_at is not None
    told = SignalCleared if signal.ended is Ended.CLEARED else SignalWithdrawn
    fact = told(
        episode=episode.episode_id,
        order=episode.order_id,
        signal=signal.signal_id,
        kind=signal.kind,
        at=signal.ended_at,
        because=because,
    )
    turn.publish(fact, discriminator=signal.signal_id)
    words = ended_words(signal, because)
    turn.explain(signal.ended.value, words, episode_id=episode.episode_id, signal_id=signal.signal_id)
