"""Time that is open to several at once: somebody's working time in which a customer may be called. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from services.escalation.domain.calendar import LONGEST_PAUSE, WorkingTime


def overlaps(calendars: Sequence[WorkingTime], start: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From when to when all are open, of those times that begin before an instant."""
    if not calendars:
        yield start, until
        return
    at = start
    while at < until:
        openings = [calendar.opening(at) for calendar in calendars]
        if any(one is None for one in openings):
            return
        opens = max(one[0] for one in openings if one)
        closes = min(one[1] for one in openings if one)
        if opens < closes:
            yield opens, closes
        at = max(opens, closes)


def overlapping(calendars: Sequence[WorkingTime], start: datetime, end: datetime) -> timedelta:
    """How much of a span is open to all."""
    total = timedelta(0)
    for opens, closes in overlaps(calendars, start, end):
        total += max(min(closes, end) - opens, timedelta(0))
    return total


def after_overlapping(calendars: Sequence[WorkingTime], start: datetime, span: timedelta) -> datetime | None:
    """The instant when so much of it has passed; None if that is never."""
    left = span
    for opens, closes in overlaps(calendars, start, start + LONGEST_PAUSE):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    return None
