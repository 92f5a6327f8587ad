"""Rings: finds the person on the ladder whom a cause asks, or waits for the seller to be known."""

from collections.abc import Container
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.asking import Asked, Situation, whom
from services.escalation.domain.climbing import last_to_ask, passed_over, rung_of, still_to_ask
from services.escalation.domain.clocks import Moment, repeat_pause
from services.escalation.domain.entities import Clock, Episode, Order, Signal
from services.escalation.domain.ladder import Rung, assigned_to, desk_instead, rungs, standing
from services.escalation.domain.own_facts import RecipientSought
from services.escalation.domain.policy.model import TeamMode
from services.escalation.domain.reasoning import clock, skip_words
from services.escalation.domain.ringing import asked_anew, from_the_foot
from services.escalation.handlers.alerts import Asking, raise_alert
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.endings import ask_no_more
from services.escalation.handlers.informing import tell_later
from services.escalation.handlers.nobody import show_nobody
from services.escalation.handlers.offers import withdraw_offer
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact
from shared.contracts.escalation import EpisodeExhausted, RingCause, Step

UPWARD = frozenset({RingCause.STEP, RingCause.UNREDEEMED, RingCause.NOT_MINE, RingCause.UNAVAILABLE})
"""Causes for which the next on the ladder is asked, not the same person again."""


def ring(turn: Turn[Fact], episode: Episode, signal: Signal, cause: RingCause, *, something_new: bool = False) -> None:
    """Ring for a signal: whoever this cause asks, as soon as the seller is known. Nobody has it any more until then.

    `something_new` happened to the customer, of which an appointment that was made before knew nothing. An episode for
    information asks nobody: the first on the ladder is mailed for each signal, and no clock runs.
    """
    if turn.book.is_for_information(episode):
        if episode.asks:
            ask_no_more(turn, episode)
        else:
            find_recipient(turn, episode, _sought(turn, episode, signal, rings=True, cause=cause))
        return
    withdraw_offer(turn, episode, "it rang again")
    if episode.exhausted_at is not None and cause not in UPWARD:
        episode = from_the_foot(episode)
    asked = asked_anew(episode, turn.now, something_new=something_new)
    keep_episode(turn, asked)
    find_recipient(turn, asked, _sought(turn, episode, signal, rings=True, cause=cause))


def assign_silently(turn: Turn[Fact], episode: Episode, signal: Signal) -> None:
    """Hand an episode that does not ring to whoever would hear of it; one that rang for nobody rings for them."""
    rings = episode.rang and episode.nobody_since is not None
    find_recipient(turn, episode, _sought(turn, episode, signal, rings=rings, cause=RingCause.SIGNAL))


def climb(turn: Turn[Fact], episode: Episode, cause: RingCause) -> None:
    """Ask the next on the ladder, about what weighs most of the episode now."""
    signal = turn.book.main_signal(episode)
    if signal is not None:
        ring(turn, episode, signal, cause)


def find_recipient(turn: Turn[Fact], episode: Episode, sought: RecipientSought) -> None:
    """Hand an episode to whoever is to hear of it, and ring if that is due; else look again later."""
    order = turn.book.order_of(episode)
    ladder = ladder_of(turn, episode)
    if ladder is None and turn.now >= sought.until:
        ladder = (desk_instead(order, turn.book.people, desk=turn.book.rules.desk, now=turn.now),)
    if ladder is None:
        _look_again(turn, order, sought)
    elif is_observed(turn, episode):
        _show(turn, replace(episode, rang=False), ladder)  # so it rings at the first signal after the team takes part
    elif sought.rings:
        _ring_on(turn, episode, ladder, sought)
    else:
        _show(turn, episode, ladder)


def is_observed(turn: Turn[Fact], episode: Episode) -> bool:
    """Whether the team only observes, so that no one is alerted; then it is explained."""
    observed = turn.book.team_mode(turn.book.order_of(episode)) is TeamMode.OBSERVE
    if observed:
        words = "The team is in observe mode: nobody is alerted."
        turn.explain("observed", words, episode_id=episode.episode_id, policy_path="teams")
    return observed


def _show(turn: Turn[Fact], episode: Episode, ladder: tuple[Rung, ...]) -> None:
    """Put an episode into the inbox of whoever would be rung first."""
    first = whom(standing(ladder), situation_of(turn, episode))
    if first is None:
        show_nobody(turn, episode, ladder)
        return
    rung = first.rung
    named = replace(episode, responsible=rung.salesperson_id, why_you=rung.why_you, changed_at=turn.now)
    turn.book.put_episode(replace(named, nobody_since=None))
    words = f"It is shown to {named.responsible}."
    turn.explain("shown", words, episode_id=episode.episode_id, who=named.responsible)


def _ring_on(turn: Turn[Fact], episode: Episode, ladder: tuple[Rung, ...], sought: RecipientSought) -> None:
    signal = turn.state.signals[sought.signal]
    situation = situation_of(turn, episode)
    asked = whom(_still_asked(turn, episode, ladder, sought), situation)
    last = last_to_ask(ladder)
    if last is None:
        show_nobody(turn, episode, ladder)
    elif asked is not None:
        skipped = [*passed_over(ladder, episode, asked.rung, upward=sought.cause in UPWARD), *asked.passed_over]
        for rung in skipped:
            turn.explain("skipped", skip_words(rung), episode_id=episode.episode_id, who=rung.salesperson_id)
        if not turn.book.is_for_information(episode):
            tell_later(turn, episode, asked, situation)
        raise_alert(turn, episode, Asking(asked, signal, sought.cause))
    else:
        _ask_again(turn, episode, Asking(_again(last, situation), signal, RingCause.REPEAT), sought.cause)


def _ask_again(turn: Turn[Fact], episode: Episode, again: Asking, cause: RingCause) -> None:
    """Nobody is further up than the last who can be asked: they are asked again, until that is exhausted."""
    _, policy = turn.book.policy_for(turn.book.order_of(episode))
    if cause is RingCause.NOT_MINE and episode.responsible == again.recipient:
        _pause(turn, episode, turn.now + repeat_pause(episode.repeats, policy))
    elif episode.repeats < policy.ladder.repeats.times:
        raise_alert(turn, replace(episode, repeats=episode.repeats + 1), again)
    else:
        _exhaust(turn, episode)


def _again(rung: Rung, situation: Situation) -> Asked:
    asked = whom([rung], situation)
    assert asked is not None
    return asked


def _still_asked(turn: Turn[Fact], episode: Episode, ladder: tuple[Rung, ...], sought: RecipientSought) -> list[Rung]:
    """Who may be asked for this cause: those further up, or first of all whoever has or had it, even off the ladder."""
    if sought.cause in UPWARD or (episode.step is None and sought.had_it is None):
        return still_to_ask(ladder, episode, _not_again(turn, episode, sought))
    own = rung_of(ladder, episode, episode.responsible, turn.book.people)
    if own is None or own.skipped is not None or (own.step is Step.COLLEAGUE and sought.had_it is None):
        return standing(ladder)
    return list(dict.fromkeys([own, *standing(ladder)]))


def _not_again(turn: Turn[Fact], episode: Episode, sought: RecipientSought) -> Container[str]:
    """Who is not asked again at the step where it rang last: everybody, but where somebody took it and is not there any
    more, this person alone. Who handed it over to them, or was asked when they took it, has not failed."""
    if sought.cause is RingCause.UNAVAILABLE and sought.had_it is not None:
        return {sought.had_it}
    return turn.book.asked[episode.episode_id]


def _pause(turn: Turn[Fact], episode: Episode, until: datetime) -> None:
    """Nobody is left to pass it on to: to ring the same person at once would only use up the repeats."""
    keep_episode(turn, replace(episode, deadline_at=until, deadline_for=Clock.ANSWER, changed_at=turn.now))
    words = f"Nobody is further up: {episode.responsible} is asked again at {clock(until)}."
    turn.explain("nobody_further_up", words, episode_id=episode.episode_id, policy_path="ladder.repeats")


def _exhaust(turn: Turn[Fact], episode: Episode) -> None:
    keep_episode(
        turn, replace(episode, exhausted_at=turn.now, deadline_at=None, deadline_for=None, changed_at=turn.now)
    )
    words = "Nobody answered, all the way up the ladder and after every repeat. It stays open."
    turn.explain("exhausted", words, episode_id=episode.episode_id, policy_path="ladder.repeats.times")
    turn.publish(EpisodeExhausted(episode=episode.episode_id, order=episode.order_id, at=turn.now))


def _look_again(turn: Turn[Fact], order: Order, sought: RecipientSought) -> None:
    """The directory's fact hurries this timer; the minute between looks covers a race with that fact."""
    if not isinstance(turn.event.data, RecipientSought):
        words = f"{order.sold_by} sold it and is not in the directory yet: waited for until {clock(sought.until)}."
        turn.explain("seller_awaited", words, episode_id=sought.episode, who=order.sold_by)
    again_at = min(turn.now + turn.book.rules.salesperson_recheck, sought.until)
    turn.tx.set_timer(
        sought,
        cause=turn.event,
        due_at=again_at,
        awaits=f"salesperson:{order.sold_by}",
        made_of_silence=again_at == sought.until,
    )


def situation_of(turn: Turn[Fact], episode: Episode) -> Situation:
    """What is known now of who can be asked about an episode."""
    order = turn.book.order_of(episode)
    _, policy = turn.book.policy_for(order)
    return Situation(order, turn.book.people, Moment(turn.now, episode.severity, policy))


def ladder_of(turn: Turn[Fact], episode: Episode) -> tuple[Rung, ...] | None:
    """The ladder of an episode as it is now; None while the seller is not known."""
    book, order = turn.book, turn.book.order_of(episode)
    return rungs(
        order,
        book.people,
        desk=book.rules.desk,
        moment=situation_of(turn, episode).moment,
        mode=book.team_mode(order),
        assigned=assigned_to(book.account(order.account_id), book.people, turn.now),
    )


def _sought(turn: Turn[Fact], episode: Episode, signal: Signal, *, rings: bool, cause: RingCause) -> RecipientSought:
    until = turn.now + turn.book.rules.salesperson_wait
    return RecipientSought(
        episode=episode.episode_id,
        signal=signal.signal_id,
        rings=rings,
        until=until,
        cause=cause,
        had_it=episode.acknowledged_by,
        rung=episode.rings,
    )
