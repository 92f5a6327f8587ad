"""The inputs of a calendar: a year's openings, a zone's clock changes, a country's holidays.

Instants and lengths are whole microseconds in UTC here, so that sums are exact and comparing is fast.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from holidays import country_holidays

from shared.contracts.people_parts import Day, WorkingHours

EPOCH_DAY = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1) // _TICK
_MINUTE = timedelta(minutes=1) // _TICK
DAY = timedelta(days=1) // _TICK

LAST_MINUTE = "23:59"
"""As the end of hours it means 24:00, because many systems have no other end of a day."""

Span: TypeAlias = tuple[int, int, int]
"""From, until (not included), and how far the wall clock is ahead of UTC meanwhile."""


def ticks(at: datetime) -> int:
    """Microseconds since the epoch."""
    return (at - _EPOCH) // _TICK


def instant(at: int) -> datetime:
    """The instant in UTC."""
    return _EPOCH + timedelta(microseconds=at)


@dataclass(frozen=True, slots=True)
class Openings:
    """A year's openings one after the other, and how much time was open in the year up to the end of each."""

    starts: "array[int]"
    ends: "array[int]"
    open_by: "array[int]"

    def first_from(self, at: int) -> int | None:
        """The first open instant at or after this one."""
        index = bisect_right(self.ends, at)
        return max(at, self.starts[index]) if index < len(self.starts) else None

    def end_of(self, at: int) -> int:
        """When the opening ends that this instant lies in."""
        return self.ends[bisect_right(self.ends, at)]

    def spend(self, at: int, working: int) -> tuple[int, int]:
        """When `working` microseconds have passed since an open instant; how many are left if the year ends first."""
        index = bisect_right(self.ends, at)
        wanted = self.open_by[index] - (self.ends[index] - at) + working
        if wanted > self.open_by[-1]:
            return self.ends[-1], wanted - self.open_by[-1]
        index = bisect_left(self.open_by, wanted)
        return self.ends[index] - (self.open_by[index] - wanted), 0

    def open_until(self, at: int) -> int:
        """How much time of the year was open up to this instant."""
        index = bisect_right(self.ends, at)
        if index == len(self.ends):
            return self.open_by[-1] if self.open_by else 0
        return self.open_by[index] - (self.ends[index] - max(at, self.starts[index]))


def hours_on(day: Day, hours: Iterable[WorkingHours]) -> Iterator[tuple[int, int]]:
    """The hours that start on a day of the week, from and until, in microseconds from midnight."""
    for one in hours:
        if day in one.days:
            yield of_day(one.start), DAY if one.over_midnight else _end(one.end)


def _end(clock: str) -> int:
    return DAY if clock == LAST_MINUTE else of_day(clock)


def of_day(clock: str) -> int:
    """A time of day, such as "08:30", in microseconds from midnight."""
    return (int(clock[:2]) * 60 + int(clock[3:])) * _MINUTE


def openings_of(found: Iterable[tuple[int, int]]) -> Openings:
    """The openings: overlapping or touching spans become one; spans that end before they start are dropped."""
    starts, ends, open_by = array("q"), array("q"), array("q")
    for start, end in found:
        if start >= end:
            continue
        if ends and start <= ends[-1]:
            longer = max(end - ends[-1], 0)
            ends[-1] += longer
            open_by[-1] += longer
        else:
            starts.append(start)
            open_by.append((open_by[-1] if open_by else 0) + end - start)
            ends.append(end)
    return Openings(starts, ends, open_by)


@lru_cache(maxsize=1024)
def wall_clock_spans(zone: str, year: int) -> tuple[Span, ...]:
    """A year of UTC, cut where the zone's clock changes."""
    place = ZoneInfo(zone)
    start, over = ticks(datetime(year, 1, 1, tzinfo=UTC)), ticks(datetime(year + 1, 1, 1, tzinfo=UTC))
    spans: list[Span] = []
    offset = _offset(place, start)
    for midnight in range(start, over, DAY):
        next_midnight = min(midnight + DAY, over - _SECOND)
        after = _offset(place, next_midnight)
        if after != offset:
            change = _clock_change(place, midnight, next_midnight)
            spans.append((start, change, offset))
            start, offset = change, after
    return (*spans, (start, over, offset))


def _clock_change(place: ZoneInfo, before: int, after: int) -> int:
    """The first second at which the later of the two offsets holds."""
    seconds = range(before, after + _SECOND, _SECOND)
    offset = _offset(place, before)
    return seconds[bisect_left(seconds, 1, key=lambda at: int(_offset(place, at) != offset))]


def _offset(place: ZoneInfo, at: int) -> int:
    ahead = instant(at).astimezone(place).utcoffset()
    assert ahead is not None
    return ahead // _TICK


@lru_cache(maxsize=4096)
def public_holidays(country: str, region: str | None, year: int) -> frozenset[date]:
    """Holidays by the package `holidays`, which raises NotImplementedError for an unknown country or region.

    An unknown region counts as no region; an unknown country has no holidays.
    """
    try:
        return frozenset(country_holidays(country, subdiv=region, years=year, categories=("public",)))
    except NotImplementedError:
        return frozenset() if region is None else public_holidays(country, None, year)
