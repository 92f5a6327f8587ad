"""Working time: hours of a week in a zone, less public holidays, days off and absences.

Somebody is at work while the wall clock of their zone shows an hour of theirs: an hour that a clock change leaves out
does not exist, one that it repeats counts twice. All arithmetic is in UTC.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from services.escalation.domain.entities import Salesperson
from services.escalation.domain.openings import (
    DAY,
    EPOCH_DAY,
    Openings,
    instant,
    openings_of,
    public_holidays,
    ticks,
    wall_clock_spans,
)
from services.escalation.domain.policy.model import Company
from shared.contracts.fields import CalendarDate
from shared.contracts.orders_inbound import Away, Day, WorkingHours

LONGEST_PAUSE = timedelta(days=400)
"""Who is not at work for longer has no working time that could be waited for."""

_LAST = ticks(datetime.fromisoformat("2200-01-01T00:00:00+00:00"))
_MINUTE = timedelta(minutes=1) // timedelta(microseconds=1)
_WEEK = tuple(Day)


@dataclass(frozen=True)
class WorkingTime:
    """When somebody is at work. Hours are half-open: who works until 17:30 is not there at 17:30.

    Without hours they always are, on public holidays too, but for days off and absences. Periods of `away` include
    both days. Make one for long, as `calendar_of` does: it remembers what it worked out.
    """

    zone: str
    hours: tuple[WorkingHours, ...] = ()
    country: str | None = None
    region: str | None = None
    days_off: frozenset[date] = frozenset()
    away: tuple[tuple[date, date], ...] = ()
    _years: dict[int, Openings] = field(default_factory=dict, init=False, repr=False, compare=False)

    def is_open(self, at: datetime) -> bool:
        return self._always_open or self._opening_from(ticks(at)) == ticks(at)

    def next_open(self, at: datetime) -> datetime:
        """The first instant at or after this one that is open; this one itself if none is for `LONGEST_PAUSE`."""
        if self._always_open:
            return at
        opening = self._opening_from(ticks(at))
        return at if opening is None else instant(opening)

    def after(self, start: datetime, working: timedelta) -> datetime:
        """The instant when so much working time has passed; where that is the end of a day's hours, that end.

        What is still to pass when nothing opens for `LONGEST_PAUSE`, or after 2199, passes day and night.
        """
        if self._always_open or working <= timedelta(0):
            return start + max(working, timedelta(0))
        at, left = ticks(start), working // timedelta(microseconds=1)
        while left:
            opening = self._opening_from(at)
            if opening is None or opening >= _LAST:
                return instant(at + left)
            at, left = self._year(instant(opening).year).spend(opening, left)
        return instant(at)

    def away_on(self, at: datetime) -> date | None:
        """The last day of the absence that this instant lies in; periods without a day between them are one."""
        if not self.away:
            return None
        today = at.astimezone(ZoneInfo(self.zone)).date()
        until = None
        for first, last in sorted(self.away):
            if first <= today <= last if until is None else (first - until).days <= 1 and last > until:
                until = last
        return until

    @cached_property
    def if_never_away(self) -> "WorkingTime":
        """The hours of somebody who takes no absence."""
        return replace(self, away=()) if self.away else self

    def next_absence(self, at: datetime) -> datetime | None:
        """When the first absence after this instant begins, of those that take any working time."""
        place = ZoneInfo(self.zone)
        today = at.astimezone(place).date()
        for first, last in sorted(self.away):
            if timedelta(0) < first - today <= LONGEST_PAUSE:
                begins = datetime.combine(first, time.min, tzinfo=place).astimezone(UTC)
                if self.if_never_away.next_open(begins).astimezone(place).date() <= last:
                    return begins
        return None

    @cached_property
    def _always_open(self) -> bool:
        return not (self.hours or self.days_off or self.away)

    def _opening_from(self, at: int) -> int | None:
        latest = at + LONGEST_PAUSE // timedelta(microseconds=1)
        for year in range(instant(at).year, instant(latest).year + 1):
            opening = self._year(year).first_from(at)
            if opening is not None:
                return opening if opening <= latest else None
        return None

    def _year(self, year: int) -> Openings:
        """A year of UTC."""
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._openings(year)
        return known

    def _openings(self, year: int) -> Openings:
        closed = self._closed_days(year)
        found: list[tuple[int, int]] = []
        for first, end, offset in wall_clock_spans(self.zone, year):
            for day in range((first + offset) // DAY, (end + offset - 1) // DAY + 1):
                if day not in closed:
                    midnight = day * DAY - offset
                    hours = self._week[(day + EPOCH_DAY.weekday()) % 7]
                    found += [(max(midnight + opens, first), min(midnight + closes, end)) for opens, closes in hours]
        return openings_of(found)

    @cached_property
    def _week(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """The hours of each weekday, Monday first, in microseconds from midnight; they may overlap."""
        if not self.hours:
            return (((0, DAY),),) * 7
        return tuple(
            tuple(sorted((_of_day(one.start), _of_day(one.end)) for one in self.hours if day in one.days))
            for day in _WEEK
        )

    def _closed_days(self, year: int) -> set[int]:
        """Days since the epoch, at least all those of that year."""
        closed = {_number(day) for day in self.days_off}
        if self.hours and self.country is not None:
            for each in (year - 1, year, year + 1):
                closed |= {_number(day) for day in public_holidays(self.country, self.region, each)}
        first, last = _number(date(year - 1, 12, 1)), _number(date(year + 1, 1, 31))
        for since, until in self.away:
            closed.update(range(max(_number(since), first), min(_number(until), last) + 1))
        return closed


@dataclass(frozen=True)
class CallingHours:
    """When a customer may be called: from one time of day to another, every day, on the wall clock of a zone."""

    zone: str
    start: str
    end: str

    def is_open(self, at: datetime) -> bool:
        return self._hours.is_open(at)

    def next_open(self, at: datetime) -> datetime:
        return self._hours.next_open(at)

    @property
    def _hours(self) -> WorkingTime:
        return _every_day(self.zone, self.start, self.end)


def calendar_of(person: Salesperson) -> WorkingTime:
    """The person's own working time."""
    return _calendar(person.zone, person.working_hours, person.country, person.region, person.days_off, person.away)


@lru_cache(maxsize=64)
def company_calendar(company: Company) -> WorkingTime:
    """When somebody answers customers."""
    days_off = frozenset(company.days_off)
    return WorkingTime(company.zone, company.working_hours, company.country, company.region, days_off)


@lru_cache(maxsize=4096)
def _calendar(zone: str, hours: str, country: str | None, region: str | None, days_off: str, away: str) -> WorkingTime:
    periods = tuple((period.since, period.until) for period in _AWAY.validate_json(away))
    return WorkingTime(
        zone, _HOURS.validate_json(hours), country, region, frozenset(_DAYS.validate_json(days_off)), periods
    )


@lru_cache(maxsize=1024)
def _every_day(zone: str, start: str, end: str) -> WorkingTime:
    return WorkingTime(zone, (WorkingHours(days=_WEEK, start=start, end=end),))


def _number(day: date) -> int:
    return (day - EPOCH_DAY).days


def _of_day(clock: str) -> int:
    return (int(clock[:2]) * 60 + int(clock[3:])) * _MINUTE


_HOURS = TypeAdapter(tuple[WorkingHours, ...])
_AWAY = TypeAdapter(tuple[Away, ...])
_DAYS = TypeAdapter(tuple[CalendarDate, ...])
