"""The next step of the ladder: who of those still to be asked is asked, and until when they may answer."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.escalation.domain.calendar import calendar_of
from services.escalation.domain.clocks import NEVER, Moment, answer_by, rings_at, work_ends
from services.escalation.domain.entities import Directory, Episode, Order, Salesperson
from services.escalation.domain.formatting import date_words
from services.escalation.domain.ladder import standing
from services.escalation.domain.ladder_step import LadderStep, colleague
from shared.contracts.escalation import LADDER, Step


@dataclass(frozen=True, slots=True)
class Situation:
    """What everything is decided by: an order, the people, the moment."""

    order: Order
    people: Directory
    moment: Moment

    def at(self, ladder_step: LadderStep, now: datetime) -> datetime:
        """When whoever stands on a ladder step would be rung, at an instant or later."""
        person = self.people.get(ladder_step.salesperson_id or "")
        return rings_at(person, self.order, self.moment.severity, self.moment.policy, now)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked, and when they are rung.

    `passed_over` are those before who are not at work in time, with the reason; `off` those of them who only have
    other hours. `after` are still to be asked.
    """

    ladder_step: LadderStep
    rung_at: datetime
    passed_over: tuple[LadderStep, ...] = ()
    off: tuple[LadderStep, ...] = ()
    after: tuple[LadderStep, ...] = ()


def whom(candidates: Sequence[LadderStep], situation: Situation) -> Asked | None:
    """The lowest of the steps still to be asked who is at work within the bound of whoever is so first.

    Where nobody is at work for a long time, the last one is rung at once. None of nobody.
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
        place, rung_at = len(candidates) - 1, moment.now
    else:
        limit = first + moment.bound
        place, rung_at = next((place, at) for place, at in enumerate(times) if at <= limit)
    before = list(zip(candidates[:place], times[:place], strict=True))
    passed = [_passed(ladder_step, at, situation) for ladder_step, at in before]
    off = [
        ladder_step
        for ladder_step, _ in before
        if _away_until(situation.people[ladder_step.salesperson_id or ""], situation) is None
    ]
    return Asked(candidates[place], rung_at, tuple(passed), tuple(off), tuple(candidates[place + 1 :]))


def answer_until(asked: Asked, step: Step, situation: Situation) -> datetime:
    """Until when whoever is asked at this step has to acknowledge.

    A time that would last into another day of work ends with the work of today, if somebody else is at work then.
    """
    moment, policy = situation.moment, situation.moment.policy
    person = situation.people.get(asked.ladder_step.salesperson_id or "")
    due = answer_by(person, step, moment.severity, policy, asked.rung_at)
    longest = moment.bound + policy.ladder.of(moment.severity).of(step)
    if person is None or due - asked.rung_at <= longest:
        return due
    ends = work_ends(person, policy, asked.rung_at)
    if ends is None or ends >= due:
        return due
    anybody = any(situation.at(ladder_step, ends) <= ends + moment.bound for ladder_step in asked.after)
    return ends if anybody else due


def _passed(ladder_step: LadderStep, at: datetime, situation: Situation) -> LadderStep:
    """Passed over, with the reason: until when they are away, or when they are back at work."""
    person, now = situation.people[ladder_step.salesperson_id or ""], situation.moment.now
    here = ZoneInfo(person.zone)
    today, until = now.astimezone(here).date(), _away_until(person, situation)
    if until is not None:
        return replace(ladder_step, skipped=f"{person.name} is away until {date_words(until, today)}")
    if at == NEVER:
        return replace(ladder_step, skipped=f"{person.name} has no upcoming working hours")
    back = at.astimezone(here)
    words = f"{back:%A} {date_words(back.date(), today)}, {back:%H:%M} ({person.zone})"
    return replace(ladder_step, skipped=f"{person.name} is not at work before {words}")


def _away_until(person: Salesperson, situation: Situation) -> date | None:
    """The last day of the absence in which they would be rung if they never were away."""
    if person.away == "[]":  # as of most people
        return None
    moment, policy = situation.moment, situation.moment.policy
    at = rings_at(replace(person, away="[]"), situation.order, moment.severity, policy, moment.now)
    return calendar_of(person, policy.company).away_on(moment.now if at == NEVER else at)


_IN_SELLERS_PLACE = frozenset({Step.SELLER, Step.SUCCESSOR})


def step_of(ladder: Sequence[LadderStep], episode: Episode, id: str | None, people: Directory) -> LadderStep | None:
    """The place on the ladder of a person who has or had an episode, a skipped one if need be; without a place, a
    colleague's. None without a person, and for one who has left."""
    own = [ladder_step for ladder_step in ladder if id is not None and ladder_step.salesperson_id == id]
    if own:
        return min(own, key=lambda ladder_step: ladder_step.skipped is not None)
    return colleague(people.get(id or ""), "took_it", episode.why_you or f"You acknowledged order {episode.order_id}.")


def still_to_ask(ladder: Sequence[LadderStep], episode: Episode, asked: Container[str]) -> list[LadderStep]:
    """The steps further up; `asked` are those who are not asked again at the step where it rang last. Nobody after
    the desk.

    First of all whoever is at that step and not of those, as when the sale is corrected meanwhile.
    """
    here = _IN_SELLERS_PLACE if episode.step in _IN_SELLERS_PLACE else {episode.step}
    came = [
        ladder_step
        for ladder_step in standing(ladder)
        if ladder_step.step in here and ladder_step.salesperson_id not in asked
    ]
    return list(dict.fromkeys([*came, *standing(ladder, after=episode.step)]))


def last_to_ask(ladder: Sequence[LadderStep]) -> LadderStep | None:
    """Who is asked again once nobody is further up; None where nobody is left on the ladder."""
    return next(iter(reversed(standing(ladder))), None)


def passed_over(ladder: Sequence[LadderStep], episode: Episode, asked: LadderStep, *, upward: bool) -> list[LadderStep]:
    """Who is skipped between the step where an episode rang last and whoever is asked now.

    Where it rings again for whoever was asked last, that is this person alone: they cannot be asked by now.
    """
    if not upward and (episode.step is not None or asked.step is Step.COLLEAGUE):
        theirs = [
            ladder_step
            for ladder_step in ladder
            if ladder_step.skipped is not None and ladder_step.salesperson_id == episode.responsible
        ]
        return [] if asked.salesperson_id == episode.responsible else theirs[:1]
    start = 0 if episode.step is None else min(LADDER.index(episode.step) + 1, LADDER.index(asked.step))
    below = ladder[: ladder.index(asked)]
    return [
        ladder_step
        for ladder_step in below
        if ladder_step.skipped is not None and LADDER.index(ladder_step.step) >= start
    ]
