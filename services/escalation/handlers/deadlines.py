"""What falls due of an episode: no answer, no proof, an appointment, the end of a pause or of an offer."""

from dataclasses import replace
from datetime import timedelta

from services.escalation.domain.asking import Asked
from services.escalation.domain.clocks import falls_due
from services.escalation.domain.entities import Clock, Episode
from services.escalation.domain.ladder import standing
from services.escalation.domain.own_facts import EpisodeDue, InformationDue, RecipientSought, SomebodySought
from services.escalation.domain.reopening import reopened_until
from services.escalation.handlers.appointments import act_on_appointment
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.informing import inform, is_still_off
from services.escalation.handlers.offers import withdraw_offer
from services.escalation.handlers.rings import (
    assign_silently,
    climb,
    find_recipient,
    is_observed,
    ladder_of,
    ring,
    situation_of,
)
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import AcknowledgementExpired, RingCause

_TICK = timedelta(microseconds=1)


def act_on_deadline(turn: Turn[EpisodeDue]) -> None:
    """One timer, fired once however late: whatever of the episode is past its time by now.

    A timer that was set for an offer has not waited for what is unread: what fell due after that gets one of its own.
    """
    episode = turn.state.episodes.get(turn.fact.episode)
    if episode is None or episode.closed_at is not None:
        return
    _, policy = turn.book.policy_for(turn.book.order_of(episode))
    offered_until, deadline_at = episode.offered_until, falls_due(episode, policy)
    if offered_until is not None and offered_until <= turn.now:
        about = {"episode_id": episode.episode_id, "who": episode.offered_to}
        turn.explain("offer_lapsed", "The hand-over was not accepted in time.", **about)
        withdraw_offer(turn, episode, "not accepted in time")
        episode = replace(episode, offered_to=None, offered_until=None, changed_at=turn.now)
    set_for_offer = offered_until is not None and (deadline_at is None or offered_until < deadline_at)
    if deadline_at is None or deadline_at > turn.now or set_for_offer:
        keep_episode(turn, episode)
        return
    turn.book.put_episode(episode)
    match episode.deadline_for:
        case Clock.ANSWER | None:
            _nobody_answered(turn, episode)
        case Clock.REDEEM:
            _expire(turn, episode)
        case Clock.APPOINTMENT:
            act_on_appointment(turn, episode)
        case Clock.SNOOZE:
            turn.explain("pause_ended", "The pause is over: it rings again.", episode_id=episode.episode_id)
            _ring_again(turn, episode, RingCause.SNOOZE_ENDED)


def look_for_recipient(turn: Turn[RecipientSought]) -> None:
    """Time to look again for the seller of an episode's order.

    What was to be mailed for information is no news any more once a signal that asks something has joined it. A ring
    that another signal waited for as well has been made by now.
    """
    episode = turn.state.episodes.get(turn.fact.episode)
    if episode is None or episode.closed_at is not None or episode.acknowledged_at is not None:
        return
    signal = turn.state.signals.get(turn.fact.signal)
    quiet = signal is not None and turn.book.informs(signal, turn.book.order_of(episode))
    if turn.book.is_for_information(episode) or not (quiet or _rang_since(episode, turn.fact)):
        find_recipient(turn, episode, _about_what_stands(turn, episode))


def _about_what_stands(turn: Turn[RecipientSought], episode: Episode) -> RecipientSought:
    """What rings meanwhile may have ended while others that joined it stand."""
    signal, main = turn.state.signals.get(turn.fact.signal), turn.book.main_signal(episode)
    if main is None or (signal is not None and signal.stands):
        return turn.fact
    return turn.fact.model_copy(update={"signal": main.signal_id})


def _rang_since(episode: Episode, sought: RecipientSought) -> bool:
    return sought.rings and sought.rung not in (None, episode.rings)


def look_for_somebody(turn: Turn[SomebodySought]) -> None:
    """Time to look again for somebody to ask, where there was nobody."""
    episode = turn.state.episodes.get(turn.fact.episode)
    if episode is None or episode.closed_at is not None or episode.nobody_since is None:
        return
    signal = turn.book.main_signal(episode)
    if signal is not None and episode.rang:
        ring(turn, episode, signal, RingCause.SIGNAL)
    elif signal is not None:
        assign_silently(turn, episode, signal)


def tell_for_information(turn: Turn[InformationDue]) -> None:
    """Somebody who was passed over is back at work: they are told, if it is open and theirs to know. It may be open
    again as long as its close can be undone."""
    episode = turn.state.episodes.get(turn.fact.episode)
    if episode is None or episode.closed_at is not None:
        _look_after_undo(turn, episode)
        return
    ladder = standing(ladder_of(turn, episode) or ())
    rung = next((one for one in ladder if one.salesperson_id == turn.fact.person), None)
    is_there = rung is not None and not is_still_off(turn, episode, situation_of(turn, episode))
    if rung is not None and is_there and not is_observed(turn, episode):
        inform(turn, episode, Asked(rung, turn.now))


def _look_after_undo(turn: Turn[InformationDue], episode: Episode | None) -> None:
    if episode is None or episode.closed_at is None or episode.closed_by is None:
        return
    _, policy = turn.book.policy_for(turn.book.order_of(episode))
    until = reopened_until(episode.closed_at, policy.acknowledgement.reopen_within)
    if turn.now <= until:
        turn.tx.set_timer(turn.fact, cause=turn.event, due_at=until + _TICK)


def _nobody_answered(turn: Turn[EpisodeDue], episode: Episode) -> None:
    words = f"{episode.responsible} has not answered in time."
    step = episode.step.value if episode.step else "seller"
    path = f"ladder.{episode.severity.value}.{step}"
    about = {"episode_id": episode.episode_id, "who": episode.responsible, "policy_version": episode.policy_version}
    turn.explain("unanswered", words, policy_path=path, **about)
    climb(turn, episode, RingCause.STEP)


def _expire(turn: Turn[EpisodeDue], episode: Episode) -> None:
    assert episode.acknowledged_by is not None
    assert episode.acknowledged_at is not None
    words = f"{episode.acknowledged_by} has not reached the customer in time: it is nobody's any more."
    path = f"acknowledgement.redeem_within.{episode.severity.value}"
    turn.explain("expired", words, episode_id=episode.episode_id, who=episode.acknowledged_by, policy_path=path)
    fact = AcknowledgementExpired(
        episode=episode.episode_id,
        order=episode.order_id,
        by=episode.acknowledged_by,
        acknowledged_at=episode.acknowledged_at,
        attempts=episode.attempts,
    )
    turn.publish(fact)
    climb(turn, episode, RingCause.UNREDEEMED)


def _ring_again(turn: Turn[EpisodeDue], episode: Episode, cause: RingCause) -> None:
    signal = turn.book.main_signal(episode)
    if signal is not None:
        ring(turn, episode, signal, cause)
