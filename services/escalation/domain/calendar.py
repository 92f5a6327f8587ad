"""Working time: hours of a week in a zone, less public holidays, days off and absences.

A person is at work while the wall clock of their zone shows one of their hours. An hour that a clock change skips does
not exist; a repeated hour counts twice. All arithmetic is in UTC.
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
    hours_on,
    instant,
    of_day,
    openings_of,
    public_holidays,
    ticks,
    wall_clock_spans,
)
from services.escalation.domain.policy.model import Company
from shared.contracts.fields import CalendarDate
from shared.contracts.people_parts import Away, Day, WorkingHours

LONGEST_PAUSE = timedelta(days=400)
"""The longest wait for working time; a person off work for longer has none."""

_LAST = ticks(datetime.fromisoformat("2200-01-01T00:00:00+00:00"))
_WEEK = tuple(Day)


@dataclass(frozen=True)
class WorkingTime:
    """A person's working time. Hours are half-open: a person who works until 17:30 is off work at 17:30.

    Without hours a person is always at work, even on public holidays, except on days off and in absences. Hours over
    midnight belong to the day on which they start: before a holiday they run to their end, and only an absence cuts
    them. Periods of `away` include both days. Reuse an instance, as `calendar_of` does: it caches its results.
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

    def first_open(self, at: datetime) -> datetime | None:
        """The first open instant at or after this one; None if there is none for `LONGEST_PAUSE`."""
        if self._always_open:
            return at
        opening = self._opening_from(ticks(at))
        return None if opening is None else instant(opening)

    def next_open(self, at: datetime) -> datetime:
        """The first open instant at or after this one; this instant itself if there is none for `LONGEST_PAUSE`."""
        return self.first_open(at) or at

    def after(self, start: datetime, working: timedelta) -> datetime:
        """The instant when `working` has passed; at the end of a day's hours, that end.

        If nothing opens for `LONGEST_PAUSE`, or after 2199, the rest passes day and night.
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

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two instants; none if the second is not later."""
        if end <= start or self._always_open:
            return max(end - start, timedelta(0))
        since, until = ticks(start), ticks(end)
        years = (self._year(year) for year in range(instant(since).year, instant(until).year + 1))
        return timedelta(microseconds=sum(year.open_until(until) - year.open_until(since) for year in years))

    def opening(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The opening at or after this instant, from and until; None if there is none for `LONGEST_PAUSE`."""
        if self._always_open:
            return at, at + LONGEST_PAUSE
        opens = self._opening_from(ticks(at))
        if opens is None or opens >= _LAST:
            return None
        return instant(opens), instant(self._closing(opens))

    def away_on(self, at: datetime) -> date | None:
        """The last day of the absence at this instant; adjacent periods count as one. None without an absence."""
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
        """The same hours without absences."""
        return replace(self, away=()) if self.away else self

    def next_absence(self, at: datetime, *, longer_than: timedelta = timedelta(0)) -> datetime | None:
        """When the first absence after this instant begins, among those that take any working time.

        It has to be longer than `longer_than`, from its first day until the person is at work again.
        """
        place = ZoneInfo(self.zone)
        today = at.astimezone(place).date()
        for first, last in sorted(self.away):
            if timedelta(0) < first - today <= LONGEST_PAUSE:
                begins = datetime.combine(first, time.min, tzinfo=place).astimezone(UTC)
                missed = self.if_never_away.next_open(begins).astimezone(place).date() <= last
                back = self.first_open(begins)
                if missed and (back is None or back - begins > longer_than):
                    return begins
        return None

    def absence_began(self, at: datetime) -> datetime | None:
        """When the absence at this instant began; None without an absence."""
        if self.away_on(at) is None:
            return None
        place = ZoneInfo(self.zone)
        began = at.astimezone(place).date()
        for first, last in sorted(self.away, reverse=True):
            if first <= began and (began - last).days <= 1:
                began = first
        return datetime.combine(began, time.min, tzinfo=place).astimezone(UTC)

    def while_away(self, at: datetime) -> "WorkingTime":
        """The hours of a person who acts at this instant: a current absence does not count."""
        until = self.away_on(at)
        if until is None:
            return self
        return replace(self, away=tuple(one for one in self.away if one[0] > until))

    @cached_property
    def day_and_night(self) -> "WorkingTime":
        """All hours except absences."""
        return WorkingTime(self.zone, away=self.away)

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

    def _closing(self, at: int) -> int:
        """When the opening at an open instant ends. Openings that meet at the turn of a year count as one, for at most
        `LONGEST_PAUSE`."""
        year, latest = instant(at).year, at + LONGEST_PAUSE // timedelta(microseconds=1)
        closes = self._year(year).end_of(at)
        while closes < latest and instant(closes).year > year:
            year += 1
            if self._year(year).first_from(closes) != closes:
                break
            closes = self._year(year).end_of(closes)
        return closes

    def _year(self, year: int) -> Openings:
        """A year of UTC."""
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._openings(year)
        return known

    def _openings(self, year: int) -> Openings:
        away = self._days_away(year)
        closed = self._closed_days(year) | away
        found: list[tuple[int, int]] = []
        for first, end, offset in wall_clock_spans(self.zone, year):
            for day in range((first + offset) // DAY, (end + offset - 1) // DAY + 1):
                midnight, weekday = day * DAY - offset, (day + EPOCH_DAY.weekday()) % 7
                hours = self._carried[weekday] if day - 1 not in closed and day not in away else ()
                if day not in closed:
                    hours += self._week[weekday]
                found += [(max(midnight + opens, first), min(midnight + closes, end)) for opens, closes in hours]
        return openings_of(found)

    @cached_property
    def _week(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """The hours that start on each weekday, Monday first, in microseconds from midnight; they may overlap."""
        if not self.hours:
            return (((0, DAY),),) * 7
        return tuple(tuple(sorted(hours_on(day, self.hours))) for day in _WEEK)

    @cached_property
    def _carried(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """The rest of the previous day's hours on each weekday."""
        nights = [(one.days, (0, of_day(one.end))) for one in self.hours if one.over_midnight]
        return tuple(tuple(left for days, left in nights if day in days) for day in (Day.SUNDAY, *_WEEK[:-1]))

    def _closed_days(self, year: int) -> set[int]:
        """Holidays and days off since the epoch, at least all those of that year."""
        closed = {_number(day) for day in self.days_off}
        if self.hours and self.country is not None:
            for each in (year - 1, year, year + 1):
                closed |= {_number(day) for day in public_holidays(self.country, self.region, each)}
        return closed

    def _days_away(self, year: int) -> set[int]:
        """The days of absences since the epoch, at least all those of that year."""
        first, last = _number(date(year - 1, 12, 1)), _number(date(year + 1, 1, 31))
        return {
            day
            for since, until in self.away
            for day in range(max(_number(since), first), min(_number(until), last) + 1)
        }


def calendar_of(person: Salesperson, company: Company) -> WorkingTime:
    """The person's own working time; without reported hours, the company's hours on the person's own clock.

    A person without a reported zone either works in the company's zone and has its holidays.
    """
    if person.working_hours == "[]":
        return _with_company_hours(person, company)
    return _calendar(person.zone, person.working_hours, person.country, person.region, person.days_off, person.away)


def away_on(person: Salesperson, at: datetime) -> date | None:
    """The last day of a person's absence at this instant; None while they are not away."""
    if person.away == "[]":  # as for most people
        return None
    return WorkingTime(person.zone, away=_periods(person.away)).away_on(at)


def _with_company_hours(person: Salesperson, company: Company) -> WorkingTime:
    if person.zone in ("UTC", company.zone) and person.country is None:
        place = (company.zone, company.country, company.region)
    else:
        place = (person.zone, person.country, person.region)
    return _company_calendar_of(place, company, person.days_off, person.away)


@lru_cache(maxsize=4096)
def _company_calendar_of(
    place: tuple[str, str | None, str | None], company: Company, days_off: str, away: str
) -> WorkingTime:
    zone, country, region = place
    free = frozenset((*company.days_off, *_DAYS.validate_json(days_off)))
    return WorkingTime(zone, company.working_hours, country, region, free, _periods(away))


@lru_cache(maxsize=64)
def company_calendar(company: Company) -> WorkingTime:
    """The company's hours in which customers are answered."""
    days_off = frozenset(company.days_off)
    return WorkingTime(company.zone, company.working_hours, company.country, company.region, days_off)


@lru_cache(maxsize=4096)
def _calendar(zone: str, hours: str, country: str | None, region: str | None, days_off: str, away: str) -> WorkingTime:
    days = frozenset(_DAYS.validate_json(days_off))
    return WorkingTime(zone, _HOURS.validate_json(hours), country, region, days, _periods(away))


def _periods(away: str) -> tuple[tuple[date, date], ...]:
    return tuple((period.since, period.until) for period in _AWAY.validate_json(away))


def _number(day: date) -> int:
    return (day - EPOCH_DAY).days


_HOURS = TypeAdapter(tuple[WorkingHours, ...])
_AWAY = TypeAdapter(tuple[Away, ...])
_DAYS = TypeAdapter(tuple[CalendarDate, ...])
