"""Times that people enter and choose, on the clock of their own zone. Pure: the time now is given."""

import re
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

_ENTERED = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d{1,3})?)?", re.ASCII)
_MORNING = time_of_day(9)


class NotAMoment(ValueError):
    """What was entered is no date with a time. Carries what the person can do."""


def entered(text: str, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, that a datetime-local field stands for in this zone (HTML, "local date and time string").

    An hour that the clocks skip is taken to be as long after midnight as it says, an hour later on the clock; of one
    that they repeat the first counts. Raises NotAMoment.
    """
    found = _ENTERED.fullmatch(text.strip())
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2]}") if found else None
        instant = local.replace(tzinfo=zone).astimezone(UTC) if local else None
    except (ValueError, OverflowError):
        instant = None
    if instant is None:
        raise NotAMoment("Choose a day and a time, like 2026-05-04 14:30.")
    return instant


def field_value(at: datetime, zone: ZoneInfo) -> str:
    """An instant as a datetime-local field holds it."""
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"


def in_an_hour(now: datetime) -> datetime:
    """An hour from now, at the next full minute: pressed twice in a minute it is the same."""
    return next_minute(now) + timedelta(hours=1)


def tomorrow_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Nine o'clock on the next day of this zone."""
    day = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, _MORNING, zone).astimezone(UTC)


def next_minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
