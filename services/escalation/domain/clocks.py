"""When a person is notified, and their deadline: in their own working time, by the policy."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.escalation.domain.calendar import WorkingTime, calendar_of
from services.escalation.domain.calling import CallingHours
from services.escalation.domain.entities import DeadlineFor, Episode, Order, Salesperson
from services.escalation.domain.overlaps import after_overlapping, overlapping
from services.escalation.domain.policy.model import Acknowledgement, Policy
from shared.contracts.escalation import Severity, Step

NEVER = datetime.max.replace(tzinfo=UTC)
_ENOUGH = timedelta(days=7)
_AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of a decision, the severity, and the policy."""

    now: datetime
    severity: Severity
    policy: Policy

    @property
    def skip_limit(self) -> timedelta:
        """A person who is at work at most this much later than another is not skipped for it."""
        return self.policy.ladder.skip_unless_at_work_within.of(self.severity)


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk due with the customer of an order; not `by_phone` if the customer asked not to be called."""

    order: Order
    policy: Policy
    by_phone: bool = True


class Called(Protocol):
    """The customer of an order, who may be called at certain hours of their own wall clock."""

    @property
    def customer_zone(self) -> str | None: ...


def calling_hours(order: Called, policy: Policy) -> CallingHours:
    """When this customer may be called, on their own wall clock."""
    customers = policy.customers
    zone = order.customer_zone or customers.zone
    return CallingHours(zone, customers.callable_from, customers.callable_until)


def notifiable_at(
    person: Salesperson | None, order: Called, severity: Severity, policy: Policy, now: datetime
) -> datetime:
    """When this person is notified, at `now` or later: when they are at work. NEVER for a person not in the directory.

    A critical alert also needs an hour at which the customer may be called. A person who accepts ringing off hours gets
    it at any hour except during an absence.
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
    for _ in range(14):  # each turn moves to the next opening of one of the two; a fortnight is enough
        called = callable_hours.next_open(at)
        at = hours.first_open(called) or NEVER
        if at in (called, NEVER):
            return at
    return NEVER


def answer_by(
    person: Salesperson | None, step: Step, severity: Severity, policy: Policy, notified_at: datetime
) -> datetime:
    """Until when the person at this step has to acknowledge, in their own working time.

    For a person who is woken, the time runs by the wall clock. It ends at the latest when a long absence begins, so
    that someone else is notified.
    """
    within = policy.ladder.of(severity).of(step)
    if person is None:
        return notified_at + within
    calendar = calendar_of(person, policy.company).while_away(notified_at)
    due = notified_at + within if _wakes(person, severity) else calendar.after(notified_at, within)
    return _not_across(calendar, due, notified_at, policy.ladder.skip_unless_at_work_within.of(severity))


def work_ends(person: Salesperson, policy: Policy, at: datetime) -> datetime | None:
    """When this person's current working hours end; None if they are not at work."""
    opening = calendar_of(person, policy.company).opening(at)
    return opening[1] if opening is not None and opening[0] == at else None


def redeem_by(
    person: Salesperson | None, severity: Severity, talk: Talk, start: datetime, *, ahead: int = 0
) -> datetime:
    """Until when the acknowledger has to reach the customer, after `ahead` earlier calls."""
    limits = talk.policy.acknowledgement
    return talk_by(person, severity, talk, start, limits.redeem_within.of(severity) + _queued(ahead, limits))


def extended(person: Salesperson | None, severity: Severity, deadline: datetime, talk: Talk, now: datetime) -> datetime:
    """The deadline after one more attempt: never earlier than it was."""
    return max(deadline, talk_by(person, severity, talk, now, talk.policy.acknowledgement.attempt_extends))


def talk_by(person: Salesperson | None, severity: Severity, talk: Talk, start: datetime, within: timedelta) -> datetime:
    """When `within` has passed, counting only time in which this person works and the customer may be called.

    All of the customer's calling time counts for a critical episode of a person who accepts ringing off hours, and if
    the two have no hour in common within a week. The time ends at the latest when a long absence begins.
    """
    due = after_overlapping(_talking_times(person, severity, talk, start), start, within) or start + within
    if person is None:
        return due
    calendar = calendar_of(person, talk.policy.company).while_away(start)
    return _not_across(calendar, due, start, talk.policy.ladder.skip_unless_at_work_within.of(severity))


def after_absence(person: Salesperson, severity: Severity, talk: Talk, due: datetime, now: datetime) -> datetime:
    """The deadline after an absence before it was reported: the remaining time runs when the person is back."""
    calendar = calendar_of(person, talk.policy.company)
    calling = calling_hours(talk.order, talk.policy).hours
    left = overlapping([calendar.if_never_away, *([calling] if talk.by_phone else [])], now, due)
    back = calendar.first_open(now)
    return talk_by(person, severity, talk, back, left) if left and back is not None else due


def no_hour_in_common(person: Salesperson | None, severity: Severity, talk: Talk, start: datetime) -> bool:
    """Whether the person's work and the calling hours hardly overlap, so all of the customer's calling time counts."""
    if person is None or not talk.by_phone or _wakes(person, severity):
        return False
    working = calendar_of(person, talk.policy.company).if_never_away
    calling = calling_hours(talk.order, talk.policy).hours
    wanted = min(_AN_HOUR, talk.policy.acknowledgement.redeem_within.of(severity))
    return overlapping([working, calling], start, start + _ENOUGH) < wanted


def _queued(ahead: int, limits: Acknowledgement) -> timedelta:
    """The extra time for this number of earlier calls."""
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


def _not_across(calendar: WorkingTime, due: datetime, start: datetime, skip_limit: timedelta) -> datetime:
    """The deadline, moved to the start of an absence before it that is longer than the limit."""
    return min(due, calendar.next_absence(start, longer_than=skip_limit) or due)


def _wakes(person: Salesperson, severity: Severity) -> bool:
    return severity is Severity.CRITICAL and person.rings_off_hours


def falls_due(episode: Episode, policy: Policy) -> datetime | None:
    """When the clock of an episode requires action; for an appointment a little before its time."""
    if episode.deadline_at is None or episode.deadline_for is not DeadlineFor.APPOINTMENT:
        return episode.deadline_at
    ahead: timedelta = policy.acknowledgement.remind_before
    return episode.deadline_at - ahead


def repeat_pause(repeats: int, policy: Policy) -> timedelta:
    """The pause before the desk is notified again: doubles from the first up to the longest."""
    pause: timedelta = policy.ladder.repeats.first
    longest: timedelta = policy.ladder.repeats.longest
    for _ in range(repeats):
        pause = min(2 * pause, longest)
    return min(pause, longest)


@dataclass(frozen=True, slots=True)
class EpisodeTimer:
    """When something of an episode falls due. `made_of_silence`: certain only once all earlier input was read."""

    due_at: datetime
    made_of_silence: bool


def timer_of(episode: Episode, policy: Policy, now: datetime) -> EpisodeTimer | None:
    """The next instant at which something of an episode falls due; None if nothing does.

    Only when all input up to the deadline was read is it certain that nobody reached the customer.
    """
    clock_at = _clock_at(episode, policy, now)
    instants = [at for at in (clock_at, episode.offered_until) if at is not None]
    if not instants or episode.closed_at is not None:
        return None
    silence = episode.deadline_for is DeadlineFor.REDEEM and min(instants) == clock_at
    return EpisodeTimer(max(min(instants), now), silence)


def _clock_at(episode: Episode, policy: Policy, now: datetime) -> datetime | None:
    """The time of the clock.

    If an appointment is too near for a reminder before it, the reminder is due at its time.
    """
    if episode.deadline_for is not DeadlineFor.APPOINTMENT:
        return episode.deadline_at
    before = falls_due(episode, policy)
    return before if before is not None and before > now else episode.deadline_at
