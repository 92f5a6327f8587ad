"""Times and spans in the sentences of a review."""

from datetime import datetime, timedelta

from services.cli.terminal import counted
from services.escalation.domain.words import at_absolute


def at_minute(at: datetime) -> str:
    """A moment as an adverb: "on 4 May 2026 at 16:40 UTC"."""
    return at_absolute(at)


def lasting(span: timedelta) -> str:
    """A span in at most two units: "3 days 4 h", "2 h 5 min", "12 min", "40 s"."""
    seconds = round(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{counted(days, 'day')}{f' {hours % 24} h' if hours % 24 else ''}"
    if hours:
        return f"{hours} h{f' {minutes % 60} min' if minutes % 60 else ''}"
    return f"{minutes} min"
