"""When somebody is rung, and until when they have time: in their own working time, by the policy."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.escalation.domain.calendar import WorkingTime, calendar_of
from services.escalation.domain.calling import CallingHours
from services.escalation.domain.entities import Clock, Episode, Order, Salesperson
from services.escalation.domain.overlaps import after_overlapping, overlapping
from services.escalation.domain.policy.model import Acknowledgement, Policy
from shared.contracts.escalation import Severity, Step

NEVER = datetime.max.replace(tzinfo=UTC)
_ENOUGH = timedelta(days=7)
_AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a ring is decided, how grave it is, and by which policy."""

    now: datetime
    severity: Severity
    policy: Policy

    @property
    def bound(self) -> timedelta:
        """Somebody who is at work so much later than another is not passed over for it."""
        return self.policy.ladder.skip_unless_at_work_within.of(self.severity)


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk that is due with the customer of an order; not `by_phone` where they asked not to be called."""

    order: Order
    policy: Policy
    by_phone: bool = True


class Called(Protocol):
    """Whoever may be called by their own wall clock: the customer of an order."""

    @property
    def customer_zone(self) -> str | None: ...


def calling_hours(order: Called, policy: Policy) -> CallingHours:
    """When this customer may be called, on their own wall clock."""
    customers = policy.customers
    zone = order.customer_zone or customers.zone
    return CallingHours(zone, customers.callable_from, customers.callable_until)


def rings_at(person: Salesperson | None, order: Called, severity: Severity, policy: Policy, now: datetime) -> datetime:
    """When this person is rung, at `now` or later: at work. NEVER for somebody whom the directory does not know.

    What is critical rings while the customer may be called, too, and whoever accepts ringing off hours for it at any
    hour but in an absence.
    """
    if person is None:
        return NEVER
    hours = calendar_of(person, policy.company)
    if _wakes(person, severity):
        hours = hours.day_and_night
    at = hours.first_open(now) or NEVER
    if severity is not Severity.CRITICAL or at is NEVER:
        return at
    callable_hours = calling_hours(order, policy)
    for _ in range(14):  # each turn moves to the next opening of one of the two; a fortnight without both is enough
        called = callable_hours.next_open(at)
        at = hours.first_open(called) or NEVER
        if at in (called, NEVER):
            return at
    return NEVER


def answer_by(
    person: Salesperson | None, step: Step, severity: Severity, policy: Policy, rung_at: datetime
) -> datetime:
    """Until when the person at this step has to acknowledge, in their own working time.

    On the wall clock for who is woken. It ends at latest when a long absence begins, so that somebody else is asked.
    """
    within = policy.ladder.of(severity).of(step)
    if person is None:
        return rung_at + within
    calendar = calendar_of(person, policy.company).while_away(rung_at)
    due = rung_at + within if _wakes(person, severity) else calendar.after(rung_at, within)
    return _not_across(calendar, due, rung_at, policy.ladder.skip_unless_at_work_within.of(severity))


def work_ends(person: Salesperson, policy: Policy, at: datetime) -> datetime | None:
    """When the work ends that this person is at; None where they are not at work."""
    opening = calendar_of(person, policy.company).opening(at)
    return opening[1] if opening is not None and opening[0] == at else None


def redeem_by(
    person: Salesperson | None, severity: Severity, talk: Talk, start: datetime, *, ahead: int = 0
) -> datetime:
    """Until when whoever acknowledged has to have reached the customer; `ahead` calls come before."""
    limits = talk.policy.acknowledgement
    return talk_by(person, severity, talk, start, limits.redeem_within.of(severity) + _queued(ahead, limits))


def extended(person: Salesperson | None, severity: Severity, deadline: datetime, talk: Talk, now: datetime) -> datetime:
    """The deadline after one more attempt: never earlier than it was."""
    return max(deadline, talk_by(person, severity, talk, now, talk.policy.acknowledgement.attempt_extends))


def talk_by(person: Salesperson | None, severity: Severity, talk: Talk, start: datetime, within: timedelta) -> datetime:
    """When so much time has passed in which this person works and the customer may be called.

    Of what is critical for whoever accepts ringing off hours, and where the two have no hour in common within a week,
    all of the customer's calling time. It ends at latest when a long absence begins.
    """
    due = after_overlapping(_talking_times(person, severity, talk, start), start, within) or start + within
    if person is None:
        return due
    calendar = calendar_of(person, talk.policy.company).while_away(start)
    return _not_across(calendar, due, start, talk.policy.ladder.skip_unless_at_work_within.of(severity))


def after_absence(person: Salesperson, severity: Severity, talk: Talk, due: datetime, now: datetime) -> datetime:
    """A deadline once an absence before it was told: what was left of the time passes when they are back."""
    calendar = calendar_of(person, talk.policy.company)
    calling = calling_hours(talk.order, talk.policy).hours
    left = overlapping([calendar.if_never_away, *([calling] if talk.by_phone else [])], now, due)
    back = calendar.first_open(now)
    return talk_by(person, severity, talk, back, left) if left and back is not None else due


def no_hour_in_common(person: Salesperson | None, severity: Severity, talk: Talk, start: datetime) -> bool:
    """Whether this person works while the customer sleeps, so that all of the customer's calling time counts."""
    if person is None or not talk.by_phone or _wakes(person, severity):
        return False
    working = calendar_of(person, talk.policy.company).if_never_away
    calling = calling_hours(talk.order, talk.policy).hours
    wanted = min(_AN_HOUR, talk.policy.acknowledgement.redeem_within.of(severity))
    return overlapping([working, calling], start, start + _ENOUGH) < wanted


def _queued(ahead: int, limits: Acknowledgement) -> timedelta:
    """How much more time there is behind so many calls."""
    return min(ahead * limits.call_takes, limits.longest_queue)


def _talking_times(person: Salesperson | None, severity: Severity, talk: Talk, start: datetime) -> list[WorkingTime]:
    calling = calling_hours(talk.order, talk.policy).hours
    if person is None:
        return [calling] if talk.by_phone else []
    working = calendar_of(person, talk.policy.company).while_away(start)
    if not talk.by_phone:
        return [working]
    if _wakes(person, severity) or no_hour_in_common(person, severity, talk, start):
        return [calling]
    return [working, calling]


def _not_across(calendar: WorkingTime, due: datetime, start: datetime, bound: timedelta) -> datetime:
    """A deadline that does not run across an absence that is longer than the bound."""
    return min(due, calendar.next_absence(start, longer_than=bound) or due)


def _wakes(person: Salesperson, severity: Severity) -> bool:
    return severity is Severity.CRITICAL and person.rings_off_hours


def falls_due(episode: Episode, policy: Policy) -> datetime | None:
    """When the one clock of an episode asks something: for an appointment a little before its time."""
    if episode.deadline_at is None or episode.deadline_for is not Clock.APPOINTMENT:
        return episode.deadline_at
    ahead: timedelta = policy.acknowledgement.remind_before
    return episode.deadline_at - ahead


def repeat_pause(repeats: int, policy: Policy) -> timedelta:
    """How long until the desk is asked again: doubles from the first up to the longest."""
    pause: timedelta = policy.ladder.repeats.first
    longest: timedelta = policy.ladder.repeats.longest
    for _ in range(repeats):
        pause = min(2 * pause, longest)
    return min(pause, longest)


@dataclass(frozen=True, slots=True)
class EpisodeTimer:
    """When something of an episode falls due. `made_of_silence`: it is known only when every input before was read."""

    due_at: datetime
    made_of_silence: bool


def timer_of(episode: Episode, policy: Policy, now: datetime) -> EpisodeTimer | None:
    """The next instant at which something of an episode falls due; None where nothing does.

    That nobody reached the customer is known when every input was read past the deadline, and not before.
    """
    clock_at = _clock_at(episode, policy, now)
    instants = [at for at in (clock_at, episode.offered_until) if at is not None]
    if not instants or episode.closed_at is not None:
        return None
    silence = episode.deadline_for is Clock.REDEEM and min(instants) == clock_at
    return EpisodeTimer(max(min(instants), now), silence)


def _clock_at(episode: Episode, policy: Policy, now: datetime) -> datetime | None:
    """An appointment that is too near to be reminded of before is reminded of at its time."""
    if episode.deadline_for is not Clock.APPOINTMENT:
        return episode.deadline_at
    before = falls_due(episode, policy)
    return before if before is not None and before > now else episode.deadline_at
