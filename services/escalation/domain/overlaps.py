"""Overlaps of calendars: a person's working time in which a customer may be called. Pure functions."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from services.escalation.domain.calendar import LONGEST_PAUSE, WorkingTime


def overlaps(calendars: Sequence[WorkingTime], start: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans in which all are open, among those that begin before an instant."""
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
    """How much of a span is open in all calendars."""
    total = timedelta(0)
    for opens, closes in overlaps(calendars, start, end):
        total += max(min(closes, end) - opens, timedelta(0))
    return total


def after_overlapping(calendars: Sequence[WorkingTime], start: datetime, span: timedelta) -> datetime | None:
    """The instant when `span` of common time has passed; None if that never happens."""
    left = span
    for opens, closes in overlaps(calendars, start, start + LONGEST_PAUSE):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    return None
