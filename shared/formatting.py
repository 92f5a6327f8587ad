"""Amounts, times and numbers as people read them."""

from datetime import UTC, date, datetime
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

LOCALE = "en"
_MINOR_DIGITS = {
    **dict.fromkeys(("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2),
    "IQD": 3,
}
"""The decimals of a minor unit by ISO 4217 (list one of its maintenance agency, SIX), where CLDR has those that people
use instead. Senders count in the units of ISO 4217."""


def minor_digits(currency: str) -> int:
    """How many decimals of a currency its minor unit stands for, by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD."""
    digits: int = _MINOR_DIGITS.get(currency, get_currency_precision(currency))
    return digits


def money(amount_minor: int, currency: str) -> str:
    """An amount in the currency's minor unit, as people write it: €1,200.00."""
    digits = minor_digits(currency)
    amount, decimals = Decimal(amount_minor).scaleb(-digits), f".{'0' * digits}" if digits else ""
    return format_currency(amount, currency, f"¤#,##0{decimals}", locale=LOCALE, currency_digits=False)


def known_money(amount_minor: int | None, currency: str | None) -> str | None:
    """`money` where both are known."""
    return money(amount_minor, currency) if amount_minor is not None and currency else None


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in one unit, where it stands by itself: "6 min ago"; a date where it is two weeks or more."""
    return _recently(at, now) or day(at)


def when(at: datetime, now: datetime) -> str:
    """The same within a sentence: "6 min ago", "on 4 May 2026"."""
    return _recently(at, now) or f"on {day(at)}"


def _recently(at: datetime, now: datetime) -> str | None:
    """How long ago, rounded before the unit is chosen; None where it is two weeks or more."""
    seconds = (now - at).total_seconds()
    if seconds < 45:
        return "just now"
    minutes, hours, days = (round(seconds / unit) for unit in (60, 3600, 86400))
    if minutes < 60:
        return f"{minutes} min ago"
    if hours < 24:
        return f"{hours} h ago"
    return f"{counted(days, 'day')} ago" if days < 14 else None


def left(until: datetime, now: datetime) -> str:
    """How much time is left, in at most two units: "12 min left", "1 h 20 min left", "3 days left", "overdue"."""
    minutes = int((until - now).total_seconds() // 60)
    if minutes < 0:
        return "overdue"
    if minutes < 1:
        return "under 1 min left"
    if minutes < 60:
        return f"{minutes} min left"
    hours, minutes = divmod(minutes, 60)
    if hours < 10 and minutes:
        return f"{hours} h {minutes} min left"
    return f"{hours} h left" if hours < 48 else f"{hours // 24} days left"


def overdue(due: datetime, now: datetime) -> str:
    """How long something is past due, in one unit: "3 h overdue", "2 days overdue"."""
    hours = int((now - due).total_seconds() // 3600)
    if hours < 1:
        return "overdue"
    return f"{hours} h overdue" if hours < 24 else f"{counted(hours // 24, 'day')} overdue"


def local_clock(at: datetime, now: datetime) -> str:
    """A moment by the clock of its own zone, with the day where that is not today: "14:30", "4 May, 14:30".

    It follows "by", "until", "since" and the like; after "at" it would be wrong: see `at_clock`.
    """
    return f"{at:%H:%M}" if _is_today(at, now) else f"{at.day} {at:%b}, {at:%H:%M}"


def at_clock(at: datetime, now: datetime) -> str:
    """The same as an adverb: "at 14:30", "on 4 May at 14:30"."""
    return f"at {at:%H:%M}" if _is_today(at, now) else f"on {at.day} {at:%b} at {at:%H:%M}"


def _is_today(at: datetime, now: datetime) -> bool:
    return at.date() == now.astimezone(at.tzinfo).date()


def day(at: date) -> str:
    """A calendar day: "4 May 2026"."""
    return f"{at.day} {at:%B %Y}"


def cut(text: str, length: int) -> str:
    """A text of at most so many characters, with an ellipsis where there was more."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def cut_at_word(text: str, length: int) -> str:
    """Like `cut`, but at a blank; a first word that is longer is cut within."""
    if len(text) <= length:
        return text
    whole, blank, _ = text[:length].rpartition(" ")
    return f"{whole.rstrip(' ,;:')}…" if blank else cut(text, length)


def counted(number: int, noun: str) -> str:
    """ "1 day", "3 days"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ordinal(number: int) -> str:
    """ "3rd", "11th"."""
    if 10 < number % 100 < 14:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def absolute(at: datetime) -> str:
    """A moment for people, in its own zone: "4 May 2026, 16:40 UTC"."""
    return f"{day(at)}, {at:%H:%M} {_zone_name(at)}"


def at_absolute(at: datetime) -> str:
    """The same as an adverb: "on 4 May 2026 at 16:40 UTC"."""
    return f"on {day(at)} at {at:%H:%M} {_zone_name(at)}"


def _zone_name(at: datetime) -> str | None:
    return "UTC" if at.tzinfo is UTC else at.tzname()


def date_words(day: date, today: date) -> str:
    """A day, with its year where that is another."""
    text = f"{day.day} {day:%B}"
    return text if day.year == today.year else f"{text} {day.year}"


def possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"
