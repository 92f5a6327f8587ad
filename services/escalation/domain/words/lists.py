"""A ranked list in words: the amount at risk, and the time left."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.numbers import format_currency

from shared.formatting import LOCALE, at_clock, left, local_clock, minor_digits, money

_CURRENCIES_NAMED = 3


def amounts(by_currency: Mapping[str, int]) -> str:
    """Sums in minor units as people write them: "€48,200", "€48,200 and $1,250.50". They are never added up."""
    largest = sorted(by_currency.items(), key=lambda one: (-one[1], one[0]))
    named = [amount(sum_minor, currency) for currency, sum_minor in largest[:_CURRENCIES_NAMED]]
    more = len(largest) - len(named)
    if more:
        named.append(f"{more} more {'currency' if more == 1 else 'currencies'}")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def amount(amount_minor: int, currency: str) -> str:
    """An amount in minor units, without cents where there are none: "€48,200"."""
    whole, cents = divmod(amount_minor, 10 ** minor_digits(currency))
    if cents:
        return money(amount_minor, currency)
    return format_currency(whole, currency, locale=LOCALE, format="¤#,##0", currency_digits=False)


def answer_by_words(deadline: datetime | None, zone: str, now: datetime) -> str:
    """When it is to be acknowledged, on the reader's clock: "acknowledge by 14:30", or when it was to be."""
    if deadline is None:
        return "no deadline"
    at = local_clock(deadline.astimezone(ZoneInfo(zone)), now)
    return f"acknowledge by {at}" if deadline > now else f"was to be acknowledged by {at}"


def call_words(at: datetime, zone: str, now: datetime) -> str:
    """A promised call, on the reader's clock: "call at 14:30", "call was due at 14:30"."""
    return f"call {'' if at > now else 'was due '}{at_clock(at.astimezone(ZoneInfo(zone)), now)}"


def time_left(deadline: datetime | None, now: datetime) -> str | None:
    """The time left: "25 min left"; None if there is none."""
    return left(deadline, now) if deadline is not None and deadline > now else None
