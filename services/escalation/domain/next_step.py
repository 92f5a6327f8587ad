"""The next step of the ladder: the next person to notify, and their time to respond."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.escalation.domain.calendar import calendar_of
from services.escalation.domain.clocks import NEVER, Moment, answer_by, notifiable_at, work_ends
from services.escalation.domain.entities import Directory, Episode, Order, Salesperson
from services.escalation.domain.ladder import available_steps
from services.escalation.domain.ladder_step import LadderStep, colleague
from shared.contracts.escalation import LADDER, Step
from shared.formatting import date_words

_IN_SELLERS_PLACE = frozenset({Step.SELLER, Step.SUCCESSOR})


@dataclass(frozen=True, slots=True)
class Situation:
    """The inputs of every decision here: an order, the people, the moment."""

    order: Order
    people: Directory
    moment: Moment

    def at(self, ladder_step: LadderStep, now: datetime) -> datetime:
        """When the person on a ladder step would be notified, at an instant or later."""
        person = self.people.get(ladder_step.salesperson_id or "")
        return notifiable_at(person, self.order, self.moment.severity, self.moment.policy, now)


@dataclass(frozen=True, slots=True)
class NextStep:
    """The person to notify, and when.

    `passed_over` are the earlier steps whose people are not at work in time, with the reason; `off` are the steps among
    them that only have other working hours. `after` are the steps that remain.
    """

    ladder_step: LadderStep
    notified_at: datetime
    passed_over: tuple[LadderStep, ...] = ()
    off: tuple[LadderStep, ...] = ()
    after: tuple[LadderStep, ...] = ()


def whom(candidates: Sequence[LadderStep], situation: Situation) -> NextStep | None:
    """The lowest candidate who is at work within the skip limit of the earliest candidate at work.

    If nobody is at work for a long time, the last candidate is notified at once. None without candidates.
    """
    if not candidates:
        return None
    moment, times = situation.moment, list[datetime]()
    for ladder_step in candidates:
        times.append(situation.at(ladder_step, moment.now))
        if times[-1] == moment.now:
            break
    first = min(times)
    if first == NEVER:
        place, notified_at = len(candidates) - 1, moment.now
    else:
        limit = first + moment.skip_limit
        place, notified_at = next((place, at) for place, at in enumerate(times) if at <= limit)
    before = list(zip(candidates[:place], times[:place], strict=True))
    passed = [_passed(ladder_step, at, situation) for ladder_step, at in before]
    off = [
        ladder_step
        for ladder_step, _ in before
        if _away_until(situation.people[ladder_step.salesperson_id or ""], situation) is None
    ]
    return NextStep(candidates[place], notified_at, tuple(passed), tuple(off), tuple(candidates[place + 1 :]))


def answer_until(to_notify: NextStep, step: Step, situation: Situation) -> datetime:
    """Until when the person notified at this step has to acknowledge.

    It ends with today's work if a night or a weekend would make it last longer than the response time and the limit for
    skipping together, and someone else is at work then.
    """
    moment, policy = situation.moment, situation.moment.policy
    person = situation.people.get(to_notify.ladder_step.salesperson_id or "")
    due = answer_by(person, step, moment.severity, policy, to_notify.notified_at)
    longest = moment.skip_limit + policy.ladder.of(moment.severity).of(step)
    if person is None or due - to_notify.notified_at <= longest:
        return due
    ends = work_ends(person, policy, to_notify.notified_at)
    if ends is None or ends >= due:
        return due
    is_reachable_soon = any(
        situation.at(ladder_step, ends) <= ends + moment.skip_limit for ladder_step in to_notify.after
    )
    return ends if is_reachable_soon else due


def _passed(ladder_step: LadderStep, at: datetime, situation: Situation) -> LadderStep:
    """The step as skipped, with the reason: until when the person is away, or when they are back at work."""
    person, now = situation.people[ladder_step.salesperson_id or ""], situation.moment.now
    here = ZoneInfo(person.zone)
    today, until = now.astimezone(here).date(), _away_until(person, situation)
    if until is not None:
        return replace(ladder_step, skipped=f"{person.name} is away until {date_words(until, today)}")
    if at == NEVER:
        return replace(ladder_step, skipped=f"{person.name} has no upcoming working hours")
    back = at.astimezone(here)
    when = f"{back:%A} {date_words(back.date(), today)}, {back:%H:%M} ({person.zone})"
    return replace(ladder_step, skipped=f"{person.name} is not at work before {when}")


def _away_until(person: Salesperson, situation: Situation) -> date | None:
    """The last day of the absence in which the person would be notified if absences did not count."""
    if person.away == "[]":  # as for most people
        return None
    moment, policy = situation.moment, situation.moment.policy
    at = notifiable_at(replace(person, away="[]"), situation.order, moment.severity, policy, moment.now)
    return calendar_of(person, policy.company).away_on(moment.now if at == NEVER else at)


def step_of(ladder: Sequence[LadderStep], episode: Episode, id: str | None, people: Directory) -> LadderStep | None:
    """The ladder step of a person who has or had an episode, even a skipped step; a colleague's step if they have none.

    None without a person, and for a person who has left.
    """
    own = [ladder_step for ladder_step in ladder if id is not None and ladder_step.salesperson_id == id]
    if own:
        return min(own, key=lambda ladder_step: ladder_step.skipped is not None)
    return colleague(people.get(id or ""), "took_it", episode.why_you or f"You acknowledged order {episode.order_id}.")


def remaining_steps(ladder: Sequence[LadderStep], episode: Episode, notified: Container[str]) -> list[LadderStep]:
    """The steps further up, none after the desk. `notified` are the people who are not notified again at the last step.

    Another person at the last step comes first, as after a corrected sale.
    """
    here = _IN_SELLERS_PLACE if episode.step in _IN_SELLERS_PLACE else {episode.step}
    came = [
        ladder_step
        for ladder_step in available_steps(ladder)
        if ladder_step.step in here and ladder_step.salesperson_id not in notified
    ]
    return list(dict.fromkeys([*came, *available_steps(ladder, after=episode.step)]))


def last_step(ladder: Sequence[LadderStep]) -> LadderStep | None:
    """The person to notify again once nobody is further up; None if nobody is left on the ladder."""
    return next(iter(reversed(available_steps(ladder))), None)


def passed_over(
    ladder: Sequence[LadderStep], episode: Episode, to_notify: LadderStep, *, upward: bool
) -> list[LadderStep]:
    """The steps skipped between the step notified last and the person notified now.

    If the cause notifies the same person again, only that person can be skipped, when they cannot be notified any more.
    """
    if not upward and (episode.step is not None or to_notify.step is Step.COLLEAGUE):
        theirs = [
            ladder_step
            for ladder_step in ladder
            if ladder_step.skipped is not None and ladder_step.salesperson_id == episode.responsible
        ]
        return [] if to_notify.salesperson_id == episode.responsible else theirs[:1]
    start = 0 if episode.step is None else min(LADDER.index(episode.step) + 1, LADDER.index(to_notify.step))
    below = ladder[: ladder.index(to_notify)]
    return [
        ladder_step
        for ladder_step in below
        if ladder_step.skipped is not None and LADDER.index(ladder_step.step) >= start
    ]
