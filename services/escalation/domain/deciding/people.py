"""Applies a change of a person to their episodes: a person who left or is away passes them on.

A salesperson's fact locks only that person. Its transaction therefore sets a timer on each account concerned, and the
timer acts under that account's lock. Start at `check_now_and_soon`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.escalation.domain.calendar import WorkingTime, calendar_of
from services.escalation.domain.clocks import after_absence
from services.escalation.domain.deciding.alerts import show_nobody
from services.escalation.domain.deciding.hand_overs import withdraw_hand_over
from services.escalation.domain.deciding.notifying import assign_silently, ladder_of, notify, notify_next, situation_of
from services.escalation.domain.deciding.offers import pass_request_on
from services.escalation.domain.deciding.preferences import talk_of
from services.escalation.domain.decisions.decision import at_clock, utc_minute
from services.escalation.domain.decisions.handing_over import HandOverWithdrawn
from services.escalation.domain.decisions.notifying import Unavailable
from services.escalation.domain.decisions.taking import ClockMoved
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import DeadlineFor, Episode, Salesperson
from services.escalation.domain.ladder import available_steps, desk_instead
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.next_step import NextStep, answer_until, remaining_steps, step_of, whom
from services.escalation.domain.notification_causes import notified_anew
from services.escalation.domain.own_facts import PersonChanged, PersonCheckDue
from shared.contracts.escalation import RingCause, Step
from shared.contracts.orders import SalespersonChanged
from shared.formatting import date_words

SECOND_LOOK_AFTER = timedelta(minutes=1)
"""A transaction that assigned an episode to this person without knowing of the change has ended by then."""


def check_now_and_soon(draft: Draft[SalespersonChanged], *, reachable: bool) -> None:
    """Have each account check this person's episodes: now, once more a little later, and when an absence begins."""
    _set_off(draft, PersonChanged(person=draft.event.subject, since=draft.now, reachable=reachable))
    again_at = draft.now + SECOND_LOOK_AFTER
    draft.set_timer(PersonCheckDue(at=again_at, since=draft.now), due_at=again_at)
    check_at_next_absence(draft)


def check_persons_episodes(draft: Draft[PersonCheckDue]) -> None:
    """Check again; an absence may have begun."""
    if draft.event.subject in draft.work.people:
        _set_off(draft, PersonChanged(person=draft.event.subject, since=draft.fact.since))
        check_at_next_absence(draft)


def _set_off(draft: Draft[Any], change: PersonChanged) -> None:
    for account in sorted(draft.work.concerned[change.person]):
        draft.set_timer_of(account, change, due_at=draft.now)


def check_at_next_absence(draft: Draft[Any]) -> None:
    """Set a timer to check a person's episodes when their next absence begins."""
    person = draft.work.people[draft.event.subject]
    begins = calendar_of(person, draft.work.policies.latest.policy.company).next_absence(draft.now)
    if begins is not None and person.active:
        draft.set_timer(PersonCheckDue(at=begins, since=begins), due_at=begins)


def pass_on_work(draft: Draft[PersonChanged]) -> None:
    """Apply a change of a person to their episodes of this account."""
    id = draft.fact.person
    person = draft.work.people.get(id)
    if person is None:
        return
    if not person.active:
        draft.work.cancel_mail(draft.account_id, id)
    for episode in draft.state.open_by_id():
        if episode.offered_to == id:
            episode = _without_hand_over(draft, episode, person)
        if episode.acknowledged_by == id:
            _recheck_acknowledged(draft, episode, person)
        elif episode.responsible == id:
            _recheck_notified(draft, episode, person)
        _recheck_asked_to_approve(draft, episode, person)


def _recheck_asked_to_approve(draft: Draft[PersonChanged], episode: Episode, person: Salesperson) -> None:
    """Ask the next person to approve an offer, if the one who was asked has left or is away."""
    offer = draft.state.pending_offers.get(episode.episode_id)
    if offer is None or offer.asked != person.salesperson_id:
        return
    if not person.active or _calendar(draft, episode, person).away_on(draft.now) is not None:
        pass_request_on(draft, offer, _why(draft, episode, person))


def _without_hand_over(draft: Draft[PersonChanged], episode: Episode, person: Salesperson) -> Episode:
    """Withdraw a hand-over to a person who has left or is away; the giver keeps the episode."""
    if person.active and _calendar(draft, episode, person).away_on(draft.now) is None:
        return episode
    draft.decide(HandOverWithdrawn(episode, person.name, _why(draft, episode, person)))
    withdraw_hand_over(draft, episode, "not available")
    draft.keep_with_clock(replace(episode, offered_to=None, offered_until=None, changed_at=draft.now))
    return draft.state.episodes[episode.episode_id]


def _recheck_acknowledged(draft: Draft[PersonChanged], episode: Episode, person: Salesperson) -> None:
    """Pass on an acknowledged episode if the acknowledger left or is away for long.

    A shorter or future absence moves its deadline.
    """
    calendar, moment = _calendar(draft, episode, person), situation_of(draft, episode).moment
    began = calendar.absence_began(draft.now)
    if not person.active:
        replace_unavailable(draft, episode, person, "had acknowledged it")
    elif began is not None and not _acts_while_away(draft, episode, began):
        back = calendar.first_open(draft.now)
        if back is None or back - draft.now > moment.skip_limit:
            replace_unavailable(draft, episode, person, "had acknowledged it")
        elif episode.deadline_for is DeadlineFor.REDEEM and episode.deadline_at is not None:
            due = after_absence(person, episode.severity, talk_of(draft, episode), episode.deadline_at, draft.now)
            _move(
                draft, episode, due, f"{person.name} is away until {utc_minute(back)}; the clock is paused until then."
            )
    elif episode.deadline_for in (DeadlineFor.REDEEM, DeadlineFor.SNOOZE) and episode.deadline_at is not None:
        absence = calendar.next_absence(draft.now, longer_than=moment.skip_limit)
        if absence is not None and absence < episode.deadline_at:
            _move(
                draft,
                episode,
                absence,
                f"{person.name} is away from {utc_minute(absence)}; the deadline moves to then.",
            )


def _acts_while_away(draft: Draft[PersonChanged], episode: Episode, began: datetime) -> bool:
    """Whether they acknowledged during a known absence. Someone who acts during an absence counts as present."""
    assert episode.acknowledged_at is not None
    return episode.acknowledged_at >= max(began, draft.fact.since)


def _recheck_notified(draft: Draft[PersonChanged], episode: Episode, person: Salesperson) -> None:
    """Keep an episode with the person notified while they are active, can be reached, and are at work in time."""
    if not episode.rang or episode.exhausted_at is not None:
        _show_to_another(draft, episode, person)
        return
    to_notify = _to_notify_now(draft, episode, person)
    if to_notify is None or to_notify.ladder_step.salesperson_id != person.salesperson_id:
        replace_unavailable(draft, episode, person, "had been notified")
        return
    signal = draft.work.main_signal(episode)
    if draft.fact.reachable and signal is not None:
        notify(draft, episode, signal, RingCause.SIGNAL)
        return
    situation = situation_of(draft, episode)
    if episode.deadline_at is not None and to_notify.notified_at >= episode.deadline_at:
        due = answer_until(to_notify, episode.step or Step.SELLER, situation)
        back = f"{person.name} is back {at_clock(to_notify.notified_at)}"
        _move(draft, episode, due, f"{back}; acknowledgement due by {utc_minute(due)}.")
        return
    absence = _calendar(draft, episode, person).next_absence(draft.now, longer_than=situation.moment.skip_limit)
    if absence is not None and episode.deadline_at is not None and absence < episode.deadline_at:
        _move(draft, episode, absence, f"{person.name} is away from {utc_minute(absence)}; the deadline moves to then.")


def _show_to_another(draft: Draft[PersonChanged], episode: Episode, person: Salesperson) -> None:
    signal = draft.work.main_signal(episode)
    if signal is None:
        return
    if not person.active:
        episode = _nobodys_while_awaited(draft, episode)
        draft.keep(episode)
    assign_silently(draft, episode, signal)


def _nobodys_while_awaited(draft: Draft[Any], episode: Episode) -> Episode:
    """Clear the responsible person while the seller is not known. Otherwise a second check would pass it on again."""
    if ladder_of(draft, episode) is not None:
        return episode
    return replace(episode, responsible=None, why_you=None, changed_at=draft.now)


def _to_notify_now(draft: Draft[PersonChanged], episode: Episode, person: Salesperson) -> NextStep | None:
    """The person whom the step notified last would notify now."""
    ladder = ladder_of(draft, episode) or _desk_alone(draft, episode)
    theirs = step_of(ladder, episode, person.salesperson_id, draft.work.people)
    own = [theirs] if theirs is not None and theirs.skipped is None else []
    above = remaining_steps(ladder, episode, draft.work.notified[episode.episode_id])
    return whom(list(dict.fromkeys([*own, *above])), situation_of(draft, episode))


def _desk_alone(draft: Draft[Any], episode: Episode) -> tuple[LadderStep, ...]:
    """The ladder if the seller never became known: the desk alone."""
    order, work = draft.work.order_of(episode), draft.work
    return (desk_instead(order, work.people, desk=work.installation.desk, now=draft.now),)


def replace_unavailable(draft: Draft[Any], episode: Episode, person: Salesperson, what: str) -> None:
    """Notify the next person in place of one who is no longer available."""
    why = _why(draft, episode, person)
    draft.decide(Unavailable(episode, person.salesperson_id, person.name, what, why))
    if episode.acknowledged_by is not None:  # only reminders of promised calls are unsent since then
        draft.work.cancel_deliveries(episode.episode_id, "passed on", draft.now)
    alone = _desk_alone(draft, episode)
    if ladder_of(draft, episode) is None and not available_steps(alone):
        withdraw_hand_over(draft, episode, "not available")
        show_nobody(draft, notified_anew(episode, draft.now), alone)
    else:
        notify_next(draft, _nobodys_while_awaited(draft, episode), RingCause.UNAVAILABLE)


def _move(draft: Draft[PersonChanged], episode: Episode, due: datetime, sentence: str) -> None:
    if due == episode.deadline_at:
        return
    draft.decide(ClockMoved(replace(episode, deadline_at=due, changed_at=draft.now), draft.fact.person, sentence))


def _why(draft: Draft[Any], episode: Episode, person: Salesperson) -> str:
    if not person.active:
        return "has left"
    until = _calendar(draft, episode, person).away_on(draft.now)
    if until is not None:
        return f"is away until {date_words(until, draft.now.date())}"
    return "is away or cannot be reached"


def _calendar(draft: Draft[Any], episode: Episode, person: Salesperson) -> WorkingTime:
    return calendar_of(person, situation_of(draft, episode).moment.policy.company)
