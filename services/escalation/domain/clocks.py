"""When somebody is rung, and until when they have time: in their own working time, by the policy."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.escalation.domain.calendar import CallingHours, calendar_of
from services.escalation.domain.entities import Order, Salesperson
from services.escalation.domain.policy.model import Policy
from shared.contracts.escalation import Severity, Step


@dataclass(frozen=True, slots=True)
class Moment:
    """When a ring is decided, how grave it is, and by which policy."""

    now: datetime
    severity: Severity
    policy: Policy


def calling_hours(order: Order, policy: Policy) -> CallingHours:
    """When this customer may be called, on their own wall clock."""
    customers = policy.customers
    zone = order.customer_zone or customers.zone
    return CallingHours(zone, customers.callable_from, customers.callable_until)


def rings_at(person: Salesperson | None, order: Order, severity: Severity, policy: Policy, now: datetime) -> datetime:
    """When this person is rung, at `now` or later.

    At work. What is critical rings at once when the customer may be called and the person accepts ringing off hours,
    else when both are there. Somebody the directory does not know is always at work. No absence counts here: the
    ladder passes over whoever is away then, and rings those alone after whom nobody comes.
    """
    hours = None if person is None else calendar_of(person).if_never_away
    if severity is not Severity.CRITICAL:
        return now if hours is None else hours.next_open(now)
    callable_hours = calling_hours(order, policy)
    at = callable_hours.next_open(now)
    if hours is None or _wakes(person, severity):
        return at
    for _ in range(14):  # each turn moves to the next opening of one of the two; a fortnight without both is enough
        opens = hours.next_open(at)
        at = callable_hours.next_open(opens)
        if at == opens:
            break
    return at


def answer_by(
    person: Salesperson | None, step: Step, severity: Severity, policy: Policy, rung_at: datetime
) -> datetime:
    """Until when the person at this step has to acknowledge."""
    return _until(person, severity, rung_at, policy.ladder.of(severity).of(step))


def redeem_by(person: Salesperson | None, severity: Severity, policy: Policy, start: datetime) -> datetime:
    """Until when whoever acknowledged has to have reached the customer."""
    return _until(person, severity, start, policy.acknowledgement.redeem_within.of(severity))


def extended(
    person: Salesperson | None, severity: Severity, deadline: datetime, policy: Policy, now: datetime
) -> datetime:
    """The deadline after one more attempt: never earlier than it was."""
    return max(deadline, _until(person, severity, now, policy.acknowledgement.attempt_extends))


def _until(person: Salesperson | None, severity: Severity, start: datetime, within: timedelta) -> datetime:
    """When so much of the person's time is over: on the wall clock for who is woken, else of their working time.

    It ends at latest when an absence begins, so that somebody else is asked then. Who acts while away is there.
    """
    if person is None:
        return start + within
    calendar = calendar_of(person)
    due = start + within if _wakes(person, severity) else calendar.if_never_away.after(start, within)
    return min(due, calendar.next_absence(start) or due)


def _wakes(person: Salesperson | None, severity: Severity) -> bool:
    return severity is Severity.CRITICAL and person is not None and person.rings_off_hours


def repeat_pause(repeats: int, policy: Policy) -> timedelta:
    """How long until the desk is asked again: doubles from the first up to the longest."""
    pause: timedelta = policy.ladder.repeats.first
    longest: timedelta = policy.ladder.repeats.longest
    for _ in range(repeats):
        pause = min(2 * pause, longest)
    return min(pause, longest)
