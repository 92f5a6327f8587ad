"""Times that people enter and choose, on the clock of their own zone. Pure: the time now is given."""

import re
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from services.escalation.domain.words.in_short import quoted

_ENTERED = re.compile(r"(\d{4,6})-(\d{2}-\d{2})[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d{1,3})?)?", re.ASCII)
_MORNING = time_of_day(9)
_YEARS = range(2001, 2099)
_LONG_AGO, _FAR_AHEAD = datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)


class NotAMoment(ValueError):
    """The text entered is not a date with a time. Carries what the person can do."""


def entered(text: str, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, that a datetime-local field stands for in this zone (HTML, "local date and time string").

    A time that the clocks skip counts as an hour later on the clock; of a repeated time the first counts. A year
    outside the range of facts counts as the first or the last possible year, so that it is refused as too early or too
    late. Raises NotAMoment.
    """
    found = _ENTERED.fullmatch(text.strip())
    if found is None:
        raise _not_a_moment(text)
    year = int(found[1])
    try:
        local = datetime.fromisoformat(f"{min(year, 9999):04}-{found[2]}T{found[3]}")
    except ValueError:
        raise _not_a_moment(text) from None
    if year not in _YEARS:
        return _LONG_AGO if year < _YEARS.start else _FAR_AHEAD
    return local.replace(tzinfo=zone).astimezone(UTC)


def _not_a_moment(text: str) -> NotAMoment:
    wrong = f"{quoted(text)} is not a date and time. " if text.strip() else ""
    return NotAMoment(f"{wrong}Enter a date and time such as 2026-05-04 14:30.")


def field_value(at: datetime, zone: ZoneInfo) -> str:
    """An instant as the value of a datetime-local field."""
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"


def in_an_hour(now: datetime) -> datetime:
    """An hour from now, at the next full minute, so that two presses within a minute have the same time."""
    return next_minute(now) + timedelta(hours=1)


def tomorrow_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Nine o'clock on the next day of this zone."""
    day = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, _MORNING, zone).astimezone(UTC)


def next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
