"""Amounts of money as people enter them."""

import re

from services.escalation.domain.words.in_short import quoted
from shared.formatting import minor_digits

_AMOUNT = re.compile(r"(\d{1,11})(?:[.,](\d{1,3}))?", re.ASCII)


class NotAnAmount(ValueError):
    """A text that is no amount. Carries what the person can do."""


def amount_entered(text: str, currency: str | None) -> int | None:
    """The amount in the currency's minor unit; None if nothing was entered. Raises NotAnAmount.

    A comma or a point stands before the decimals, and nothing before thousands: "1,000" could be either.
    """
    if not text:
        return None
    digits = minor_digits(currency) if currency else 2
    found = _AMOUNT.fullmatch(text)
    decimals = found[2] or "" if found else ""
    if found is None or len(decimals) > digits:
        example = "249.50" if digits >= 2 else "250"
        raise NotAnAmount(f"{quoted(text)} is not an amount. Enter it without thousands separators, such as {example}.")
    return int(found[1] + decimals.ljust(digits, "0"))
