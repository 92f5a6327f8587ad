"""A change of a person applies to what they have: whoever left or is away passes it on, each account under its lock.

A salesperson's fact locks that person alone. So in its transaction a timer is set on each account that is concerned,
and acts under that account's lock. Start at `look_at_once`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.escalation.domain.asking import Asked, answer_until, whom
from services.escalation.domain.calendar import WorkingTime, calendar_of
from services.escalation.domain.climbing import rung_of, still_to_ask
from services.escalation.domain.clocks import after_absence
from services.escalation.domain.entities import Clock, Episode, Salesperson
from services.escalation.domain.ladder import Rung, desk_instead, standing
from services.escalation.domain.own_facts import PersonChanged, WorkLookedAt
from services.escalation.domain.reasoning import clock
from services.escalation.domain.ringing import asked_anew
from services.escalation.domain.words.phrases import date_words
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.nobody import show_nobody
from services.escalation.handlers.offers import withdraw_offer
from services.escalation.handlers.preferences import talk_of
from services.escalation.handlers.rings import assign_silently, climb, ladder_of, ring, situation_of
from services.escalation.handlers.turn import Turn
from shared.contracts.escalation import RingCause, Step
from shared.contracts.orders import SalespersonChanged

SECOND_LOOK_AFTER = timedelta(minutes=1)
"""Whoever was giving this person something did not know of the change, and is done by then."""


def look_at_once(turn: Turn[SalespersonChanged], *, reachable: bool) -> None:
    """Have each account look where this person has something; once more a little later, and when they go away."""
    _set_off(turn, PersonChanged(person=turn.event.subject, since=turn.now, reachable=reachable))
    again_at = turn.now + SECOND_LOOK_AFTER
    turn.tx.set_timer(WorkLookedAt(at=again_at, since=turn.now), cause=turn.event, due_at=again_at)
    look_when_away(turn)


def look_at_work(turn: Turn[WorkLookedAt]) -> None:
    """Time to look again; an absence may have begun."""
    if turn.event.subject in turn.book.people:
        _set_off(turn, PersonChanged(person=turn.event.subject, since=turn.fact.since))
        look_when_away(turn)


def _set_off(turn: Turn[Any], change: PersonChanged) -> None:
    for account in sorted(turn.book.concerned[change.person]):
        of_account = turn.event.model_copy(update={"subject": account})
        turn.tx.set_timer(change, cause=of_account, due_at=turn.now)


def look_when_away(turn: Turn[Any]) -> None:
    """Look at what a person has once their next absence begins."""
    person = turn.book.people[turn.event.subject]
    begins = calendar_of(person, turn.book.policies.latest.policy.company).next_absence(turn.now)
    if begins is not None and person.active:
        turn.tx.set_timer(WorkLookedAt(at=begins, since=begins), cause=turn.event, due_at=begins)


def pass_on_work(turn: Turn[PersonChanged]) -> None:
    """Apply a change of a person to what they have of this account."""
    id = turn.fact.person
    person = turn.book.people.get(id)
    if person is None:
        return
    if not person.active:
        turn.book.cancel_mail(turn.account_id, id)
    for episode in turn.state.open_by_id():
        if episode.offered_to == id:
            episode = _without_offer(turn, episode, person)
        if episode.acknowledged_by == id:
            _look_at_taken(turn, episode, person)
        elif episode.responsible == id:
            _look_at_asked(turn, episode, person)


def _without_offer(turn: Turn[PersonChanged], episode: Episode, person: Salesperson) -> Episode:
    """An offer to somebody who is not there is withdrawn: it stays where it is."""
    if person.active and _calendar(turn, episode, person).away_on(turn.now) is None:
        return episode
    about = {"episode_id": episode.episode_id, "who": person.salesperson_id}
    turn.explain(
        "offer_withdrawn", f"{person.name} {_why(turn, episode, person)}: the hand-over is withdrawn.", **about
    )
    withdraw_offer(turn, episode, "not available")
    keep_episode(turn, replace(episode, offered_to=None, offered_until=None, changed_at=turn.now))
    return turn.state.episodes[episode.episode_id]


def _look_at_taken(turn: Turn[PersonChanged], episode: Episode, person: Salesperson) -> None:
    """Whoever left or is away for long has it no more; a shorter absence, or one ahead, moves the clock."""
    calendar, moment = _calendar(turn, episode, person), situation_of(turn, episode).moment
    began = calendar.absence_began(turn.now)
    if not person.active:
        pass_on(turn, episode, person, "had taken it")
    elif began is not None and not _acts_while_away(turn, episode, began):
        back = calendar.first_open(turn.now)
        if back is None or back - turn.now > moment.bound:
            pass_on(turn, episode, person, "had taken it")
        elif episode.deadline_for is Clock.REDEEM and episode.deadline_at is not None:
            due = after_absence(person, episode.severity, talk_of(turn, episode), episode.deadline_at, turn.now)
            _move(turn, episode, due, f"{person.name} is away until {clock(back)}: the clock waits.")
    elif episode.deadline_for in (Clock.REDEEM, Clock.SNOOZE) and episode.deadline_at is not None:
        absence = calendar.next_absence(turn.now, longer_than=moment.bound)
        if absence is not None and absence < episode.deadline_at:
            _move(turn, episode, absence, f"{person.name} is away from {clock(absence)} on: it ends then.")


def _acts_while_away(turn: Turn[PersonChanged], episode: Episode, began: datetime) -> bool:
    """Whether they took it in the absence that we knew of: who acts while away is there."""
    assert episode.acknowledged_at is not None
    return episode.acknowledged_at >= max(began, turn.fact.since)


def _look_at_asked(turn: Turn[PersonChanged], episode: Episode, person: Salesperson) -> None:
    """Whoever is asked stays so while they are with us, can be reached, and are at work in time."""
    if not episode.rang or episode.exhausted_at is not None:
        _show_to_another(turn, episode, person)
        return
    asked = _asked_now(turn, episode, person)
    if asked is None or asked.rung.salesperson_id != person.salesperson_id:
        pass_on(turn, episode, person, "was asked")
        return
    signal = turn.book.main_signal(episode)
    if turn.fact.reachable and signal is not None:
        ring(turn, episode, signal, RingCause.SIGNAL)
        return
    situation = situation_of(turn, episode)
    if episode.deadline_at is not None and asked.rung_at >= episode.deadline_at:
        due = answer_until(asked, episode.step or Step.SELLER, situation)
        _move(turn, episode, due, f"{person.name} is back at {clock(asked.rung_at)}: there is time until {clock(due)}.")
        return
    absence = _calendar(turn, episode, person).next_absence(turn.now, longer_than=situation.moment.bound)
    if absence is not None and episode.deadline_at is not None and absence < episode.deadline_at:
        _move(turn, episode, absence, f"{person.name} is away from {clock(absence)} on: it ends then.")


def _show_to_another(turn: Turn[PersonChanged], episode: Episode, person: Salesperson) -> None:
    signal = turn.book.main_signal(episode)
    if signal is None:
        return
    if not person.active:
        episode = _nobodys_while_awaited(turn, episode)
        turn.book.put_episode(episode)
    assign_silently(turn, episode, signal)


def _nobodys_while_awaited(turn: Turn[Any], episode: Episode) -> Episode:
    """While the seller is waited for, it stays with nobody who passes it on: a second look would pass it on again."""
    if ladder_of(turn, episode) is not None:
        return episode
    return replace(episode, responsible=None, why_you=None, changed_at=turn.now)


def _asked_now(turn: Turn[PersonChanged], episode: Episode, person: Salesperson) -> Asked | None:
    """Whom the step that was asked last would ask now."""
    ladder = ladder_of(turn, episode) or _desk_alone(turn, episode)
    theirs = rung_of(ladder, episode, person.salesperson_id, turn.book.people)
    own = [theirs] if theirs is not None and theirs.skipped is None else []
    above = still_to_ask(ladder, episode, turn.book.asked[episode.episode_id])
    return whom(list(dict.fromkeys([*own, *above])), situation_of(turn, episode))


def _desk_alone(turn: Turn[Any], episode: Episode) -> tuple[Rung, ...]:
    """The ladder of a seller who was waited for in vain."""
    order, book = turn.book.order_of(episode), turn.book
    return (desk_instead(order, book.people, desk=book.rules.desk, now=turn.now),)


def pass_on(turn: Turn[Any], episode: Episode, person: Salesperson, what: str) -> None:
    """Notify the next person in place of one who is not there any more."""
    words = f"{person.name}, who {what}, {_why(turn, episode, person)}: the next is asked."
    turn.explain("unavailable", words, episode_id=episode.episode_id, who=person.salesperson_id)
    alone = _desk_alone(turn, episode)
    if ladder_of(turn, episode) is None and not standing(alone):
        withdraw_offer(turn, episode, "not available")
        show_nobody(turn, asked_anew(episode, turn.now), alone)
    else:
        climb(turn, _nobodys_while_awaited(turn, episode), RingCause.UNAVAILABLE)


def _move(turn: Turn[PersonChanged], episode: Episode, due: datetime, words: str) -> None:
    if due == episode.deadline_at:
        return
    turn.explain("clock_moved", words, episode_id=episode.episode_id, who=turn.fact.person)
    keep_episode(turn, replace(episode, deadline_at=due, changed_at=turn.now))


def _why(turn: Turn[Any], episode: Episode, person: Salesperson) -> str:
    if not person.active:
        return "has left"
    until = _calendar(turn, episode, person).away_on(turn.now)
    if until is not None:
        return f"is away until {date_words(until, turn.now.date())}"
    return "is away or cannot be reached"


def _calendar(turn: Turn[Any], episode: Episode, person: Salesperson) -> WorkingTime:
    return calendar_of(person, situation_of(turn, episode).moment.policy.company)
