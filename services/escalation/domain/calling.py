"""Whether a customer may be called now, by the policy's hours on the customer's own clock. Pure functions."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.escalation.domain.calendar import WorkingTime
from services.escalation.domain.policy.model import Customers
from shared.contracts.people_parts import Day, WorkingHours

_UNKNOWN = "the customer's time zone is unknown"


@dataclass(frozen=True)
class CallingHours:
    """When a customer may be called: from one time of day to another, every day, on the wall clock of a zone."""

    zone: str
    start: str
    end: str

    def is_open(self, at: datetime) -> bool:
        return self.hours.is_open(at)

    def next_open(self, at: datetime) -> datetime:
        return self.hours.next_open(at)

    @property
    def hours(self) -> WorkingTime:
        return _every_day(self.zone, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Calling:
    """The result for a customer.

    `local_time` is the customer's own, or None if their zone is unknown and the policy's is used; `hours` are the daily
    hours in which a call is welcome.
    """

    zone: str
    local_time: str | None
    allowed: bool
    phrase: str
    hours: str


def calling(zone: str | None, customers: Customers, now: datetime) -> Calling:
    """The customer's local time, and until or from when a call is welcome."""
    taken = zone or customers.zone
    there = f"{now.astimezone(ZoneInfo(taken)):%H:%M}"
    allowed = CallingHours(taken, customers.callable_from, customers.callable_until).is_open(now)
    since, until = customers.callable_from, customers.callable_until
    phrase = f"call until {until}" if allowed else f"do not call before {since}"
    hours = f"between {since} and {until} {taken}"
    if zone is None:
        phrase, hours = f"{phrase} {taken} ({_UNKNOWN})", f"{hours} ({_UNKNOWN})"
    return Calling(taken, there if zone else None, allowed, phrase, hours)


@lru_cache(maxsize=1024)
def _every_day(zone: str, start: str, end: str) -> WorkingTime:
    return WorkingTime(zone, (WorkingHours(days=tuple(Day), start=start, end=end),))
