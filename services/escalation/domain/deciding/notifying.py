"""Notifies: finds the person on the ladder for a cause, or waits until the seller is known."""

from collections.abc import Container
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.clocks import Moment, repeat_pause
from services.escalation.domain.deciding.alerts import Notification, inform_later, raise_alert, show_nobody
from services.escalation.domain.deciding.endings import expect_no_response
from services.escalation.domain.deciding.hand_overs import withdraw_hand_over
from services.escalation.domain.decisions.notifying import (
    Exhausted,
    NobodyFurtherUp,
    Observed,
    SellerAwaited,
    ShownInInbox,
    Skipped,
)
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import DeadlineFor, Episode, Signal
from services.escalation.domain.ladder import assigned_to, available_steps, desk_instead, ladder_steps
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.next_step import (
    NextStep,
    Situation,
    last_step,
    passed_over,
    remaining_steps,
    step_of,
    whom,
)
from services.escalation.domain.notification_causes import from_the_foot, notified_anew
from services.escalation.domain.own_facts import SellerLookupDue
from services.escalation.domain.policy.model import TeamMode
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause, Step

UPWARD = frozenset({RingCause.STEP, RingCause.UNREDEEMED, RingCause.NOT_MINE, RingCause.UNAVAILABLE})
"""Causes that notify the next person on the ladder instead of the same person again."""


def notify(
    draft: Draft[Fact], episode: Episode, signal: Signal, cause: RingCause, *, something_new: bool = False
) -> None:
    """Notify the recipient for this cause as soon as the seller is known. Until then the episode belongs to nobody.

    `something_new` tells that something happened to the customer after an appointment was made. An episode for
    information needs no response: the first person on the ladder gets a mail for each signal, and no clock runs.
    """
    if draft.work.is_for_information(episode):
        if episode.expects_response:
            expect_no_response(draft, episode)
        else:
            find_recipient(draft, episode, _sought(draft, episode, signal, rings=True, cause=cause))
        return
    withdraw_hand_over(draft, episode, "it rang again")
    if episode.exhausted_at is not None and cause not in UPWARD:
        episode = from_the_foot(episode)
    again = notified_anew(episode, draft.now, something_new=something_new)
    draft.keep_with_clock(again)
    find_recipient(draft, again, _sought(draft, episode, signal, rings=True, cause=cause))


def assign_silently(draft: Draft[Fact], episode: Episode, signal: Signal) -> None:
    """Assign an episode without notifying its recipient, unless an earlier notification found nobody."""
    rings = episode.rang and episode.nobody_since is not None
    find_recipient(draft, episode, _sought(draft, episode, signal, rings=rings, cause=RingCause.SIGNAL))


def notify_next(draft: Draft[Fact], episode: Episode, cause: RingCause) -> None:
    """Notify the next person on the ladder of the episode's main signal."""
    signal = draft.work.main_signal(episode)
    if signal is not None:
        notify(draft, episode, signal, cause)


def find_recipient(draft: Draft[Fact], episode: Episode, sought: SellerLookupDue) -> None:
    """Assign an episode to its recipient, and notify them if that is due; without a recipient, look again later."""
    order = draft.work.order_of(episode)
    ladder = ladder_of(draft, episode)
    if ladder is None and draft.now >= sought.until:
        ladder = (desk_instead(order, draft.work.people, desk=draft.work.installation.desk, now=draft.now),)
    if ladder is None:
        _look_again(draft, episode, sought)
    elif team_observes(draft, episode):
        draft.decide(Observed(episode))
        _show(draft, replace(episode, rang=False), ladder)  # so the first signal after the team takes part notifies
    elif sought.rings:
        _notify_recipient(draft, episode, ladder, sought)
    else:
        _show(draft, episode, ladder)


def team_observes(draft: Draft[Fact], episode: Episode) -> bool:
    """Whether the seller's team only observes, so that no one is alerted."""
    return draft.work.team_mode(draft.work.order_of(episode)) is TeamMode.OBSERVE


def _show(draft: Draft[Fact], episode: Episode, ladder: tuple[LadderStep, ...]) -> None:
    """Put an episode into the inbox of the person who would be notified first."""
    first = whom(available_steps(ladder), situation_of(draft, episode))
    if first is None:
        show_nobody(draft, episode, ladder)
        return
    ladder_step = first.ladder_step
    named = replace(episode, responsible=ladder_step.salesperson_id, why_you=ladder_step.why_you, changed_at=draft.now)
    draft.decide(ShownInInbox(replace(named, nobody_since=None)))


def _notify_recipient(
    draft: Draft[Fact], episode: Episode, ladder: tuple[LadderStep, ...], sought: SellerLookupDue
) -> None:
    signal = draft.state.signals[sought.signal]
    situation = situation_of(draft, episode)
    to_notify = whom(_candidates(draft, episode, ladder, sought), situation)
    last = last_step(ladder)
    if last is None:
        show_nobody(draft, episode, ladder)
    elif to_notify is not None:
        below = passed_over(ladder, episode, to_notify.ladder_step, upward=sought.cause in UPWARD)
        for ladder_step in (*below, *to_notify.passed_over):
            draft.decide(Skipped(episode, ladder_step))
        if not draft.work.is_for_information(episode):
            inform_later(draft, episode, to_notify, situation)
        raise_alert(draft, episode, Notification(to_notify, signal, sought.cause))
    else:
        again = Notification(_again(last, situation), signal, RingCause.REPEAT)
        _notify_last_again(draft, episode, again, sought.cause)


def _notify_last_again(draft: Draft[Fact], episode: Episode, again: Notification, cause: RingCause) -> None:
    """Notify the last available person again, as nobody is further up, until the repeats are used up."""
    _, policy = draft.work.policy_for(draft.work.order_of(episode))
    if cause is RingCause.NOT_MINE and episode.responsible == again.recipient:
        _pause(draft, episode, draft.now + repeat_pause(episode.repeats, policy))
    elif episode.repeats < policy.ladder.repeats.times:
        raise_alert(draft, replace(episode, repeats=episode.repeats + 1), again)
    else:
        _exhaust(draft, episode)


def _again(ladder_step: LadderStep, situation: Situation) -> NextStep:
    to_notify = whom([ladder_step], situation)
    assert to_notify is not None
    return to_notify


def _candidates(
    draft: Draft[Fact], episode: Episode, ladder: tuple[LadderStep, ...], sought: SellerLookupDue
) -> list[LadderStep]:
    """The candidates for this cause: people further up, or first the person who has or had it, even off the ladder."""
    if sought.cause in UPWARD or (episode.step is None and sought.had_it is None):
        return remaining_steps(ladder, episode, _not_again(draft, episode, sought))
    own = step_of(ladder, episode, episode.responsible, draft.work.people)
    if own is None or own.skipped is not None or (own.step is Step.COLLEAGUE and sought.had_it is None):
        return available_steps(ladder)
    return list(dict.fromkeys([own, *available_steps(ladder)]))


def _not_again(draft: Draft[Fact], episode: Episode, sought: SellerLookupDue) -> Container[str]:
    """The people who are not notified again at the last step: everyone who was notified before.

    If an acknowledger is no longer there, only this person: the colleagues who handed it over to them, or were notified
    when they took it, have not failed.
    """
    if sought.cause is RingCause.UNAVAILABLE and sought.had_it is not None:
        return {sought.had_it}
    return draft.work.notified[episode.episode_id]


def _pause(draft: Draft[Fact], episode: Episode, until: datetime) -> None:
    """Pause, as nobody is left to pass it on to. Notifying the same person at once would only use up the repeats."""
    paused = replace(episode, deadline_at=until, deadline_for=DeadlineFor.ANSWER, changed_at=draft.now)
    draft.decide(NobodyFurtherUp(paused))


def _exhaust(draft: Draft[Fact], episode: Episode) -> None:
    now = draft.now
    draft.decide(Exhausted(replace(episode, exhausted_at=now, deadline_at=None, deadline_for=None, changed_at=now)))


def _look_again(draft: Draft[Fact], episode: Episode, sought: SellerLookupDue) -> None:
    """Look again in a minute. The directory's fact hurries this timer; the minute covers a race with that fact."""
    order = draft.work.order_of(episode)
    if not isinstance(draft.event.data, SellerLookupDue):
        draft.decide(SellerAwaited(episode, order, sought.until))
    again_at = min(draft.now + draft.work.installation.salesperson_recheck, sought.until)
    in_vain, seller = again_at == sought.until, f"salesperson:{order.sold_by}"
    draft.set_timer(sought, due_at=again_at, awaits=seller, made_of_silence=in_vain)


def situation_of(draft: Draft[Fact], episode: Episode) -> Situation:
    """The order, the people and the moment that decide who can be notified of an episode."""
    order = draft.work.order_of(episode)
    _, policy = draft.work.policy_for(order)
    return Situation(order, draft.work.people, Moment(draft.now, episode.severity, policy))


def ladder_of(draft: Draft[Fact], episode: Episode) -> tuple[LadderStep, ...] | None:
    """The current ladder of an episode; None while the seller is not known."""
    work, order = draft.work, draft.work.order_of(episode)
    return ladder_steps(
        order,
        work.people,
        desk=work.installation.desk,
        moment=situation_of(draft, episode).moment,
        mode=work.team_mode(order),
        assigned=assigned_to(work.account(order.account_id), work.people, draft.now),
    )


def _sought(draft: Draft[Fact], episode: Episode, signal: Signal, *, rings: bool, cause: RingCause) -> SellerLookupDue:
    until = draft.now + draft.work.installation.salesperson_wait
    return SellerLookupDue(
        episode=episode.episode_id,
        signal=signal.signal_id,
        rings=rings,
        until=until,
        cause=cause,
        had_it=episode.acknowledged_by,
        rung=episode.rings,
    )
