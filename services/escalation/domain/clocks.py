"""When somebody is rung, and until when they have time: in their own working time, by the policy."""

from datetime import datetime, timedelta

from services.escalation.domain.calendar import CallingHours, calendar_of
from services.escalation.domain.entities import Order, Salesperson
from services.escalation.domain.policy.model import Policy
from shared.contracts.escalation import Severity, Step


def calling_hours(order: Order, policy: Policy) -> CallingHours:
    """When this customer may be called, on their own wall clock."""
    customers = policy.customers
    zone = order.customer_zone or customers.zone
    return CallingHours(zone, customers.callable_from, customers.callable_until)


def rings_at(person: Salesperson | None, order: Order, severity: Severity, policy: Policy, now: datetime) -> datetime:
    """When this person is rung, at `now` or later.

    At work. What is critical rings at once when the customer may be called and the person accepts ringing off hours,
    else when both are there. Somebody the directory does not know is always at work.
    """
    if severity is not Severity.CRITICAL:
        return now if person is None else calendar_of(person).next_open(now)
    callable_hours = calling_hours(order, policy)
    at = callable_hours.next_open(now)
    if person is None or person.rings_off_hours:
        return at
    for _ in range(14):  # each turn moves to the next opening of one of the two; a fortnight without both is enough
        opens = calendar_of(person).next_open(at)
        at = callable_hours.next_open(opens)
        if at == opens:
            break
    return at


def answer_by(
    person: Salesperson | None, step: Step, severity: Severity, policy: Policy, rung_at: datetime
) -> datetime:
    """Until when the person at this step has to acknowledge."""
    within = policy.ladder.of(severity).of(step)
    accepts = severity is Severity.CRITICAL and person is not None and person.rings_off_hours
    return rung_at + within if accepts else _after(person, rung_at, within)


def redeem_by(person: Salesperson | None, severity: Severity, policy: Policy, start: datetime) -> datetime:
    """Until when whoever acknowledged has to have reached the customer."""
    return _after(person, start, policy.acknowledgement.redeem_within.of(severity))


def extended(person: Salesperson | None, deadline: datetime, policy: Policy, now: datetime) -> datetime:
    """The deadline after one more attempt: never earlier than it was."""
    return max(deadline, _after(person, now, policy.acknowledgement.attempt_extends))


def _after(person: Salesperson | None, start: datetime, within: timedelta) -> datetime:
    return start + within if person is None else calendar_of(person).after(start, within)


def repeat_pause(repeats: int, policy: Policy) -> timedelta:
    """How long until the desk is asked again: doubles from the first up to the longest."""
    pause: timedelta = policy.ladder.repeats.first
    longest: timedelta = policy.ladder.repeats.longest
    for _ in range(repeats):
        pause = min(2 * pause, longest)
    return min(pause, longest)
