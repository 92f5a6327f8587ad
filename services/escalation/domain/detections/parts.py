"""The parts in which signals are looked for; scopes, standing signals and silences use them."""

from enum import StrEnum
from typing import NamedTuple


class Part(StrEnum):
    """A part of a scope. Each part has its own places: an order, a case or none, or the account."""

    ORDERS = "orders"
    CASES = "cases"
    DEAD_ENDS = "dead_ends"
    STUCK = "stuck"
    REPEATED = "repeated"
    RATINGS = "ratings"
    REQUESTS = "requests"
    SILENCE = "silence"
    QUIET = "quiet"

    # Enum's own hash is written in Python and too slow: every standing signal is found by it.
    __hash__ = str.__hash__


OF_ACCOUNT = frozenset({Part.REQUESTS, Part.SILENCE, Part.QUIET})
"""Parts that one span of time determines, regardless of the case or order that a signal names."""


class Place(NamedTuple):
    """A part and its place, if it has many: the order, or the case; None for signals without a case."""

    part: Part
    name: str | None
