"""Where signals are looked for: scopes, standing signals and silences go by these parts."""

from enum import StrEnum
from typing import NamedTuple


class Part(StrEnum):
    """What a scope is made of. Each part has places of its own: an order, a case or none, or the account."""

    ORDERS = "orders"
    CASES = "cases"
    DEAD_ENDS = "dead_ends"
    STUCK = "stuck"
    REPEATED = "repeated"
    RATINGS = "ratings"
    REQUESTS = "requests"
    SILENCE = "silence"
    QUIET = "quiet"

    # Enum's own is written in Python, and every standing signal is found by it.
    __hash__ = str.__hash__


OF_ACCOUNT = frozenset({Part.REQUESTS, Part.SILENCE, Part.QUIET})
"""Parts that one stretch of time decides, whatever case or order a signal names."""


class Place(NamedTuple):
    """A part and, where it has many places, which: the order, or the case; None is what has no case."""

    part: Part
    name: str | None
