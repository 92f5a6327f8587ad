"""Where each kind of signal is looked for: the one table that scopes, standing signals and silences go by."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.escalation import SignalKind


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


PART_OF: Mapping[SignalKind, Part] = {
    SignalKind.CONTACT_DEAD_ENDED: Part.DEAD_ENDS,
    SignalKind.CONTACT_REPEATED: Part.REPEATED,
    SignalKind.CASE_STUCK: Part.STUCK,
    SignalKind.CASE_BOUNCED: Part.CASES,
    SignalKind.CASE_REOPENED: Part.CASES,
    SignalKind.RESPONSE_DUE: Part.CASES,
    SignalKind.RESPONSE_OVERDUE: Part.CASES,
    SignalKind.SATISFACTION_LOW: Part.RATINGS,
    SignalKind.REFUND_REQUESTED: Part.REQUESTS,
    SignalKind.CANCELLATION_REQUESTED: Part.REQUESTS,
    SignalKind.ORDER_STALLED: Part.ORDERS,
    SignalKind.PROMISE_MISSED: Part.ORDERS,
    SignalKind.OUTCOME_DENIED: Part.ORDERS,
    SignalKind.DELIVERY_LATE: Part.ORDERS,
    SignalKind.ORDER_CANCELLED: Part.ORDERS,
    SignalKind.REFUND_PAID: Part.ORDERS,
    SignalKind.GONE_QUIET: Part.QUIET,
}

OF_ACCOUNT = frozenset({Part.REQUESTS, Part.SILENCE, Part.QUIET})
"""Parts that one stretch of time decides, whatever case or order a signal names."""


class Place(NamedTuple):
    """A part and, where it has many places, which: the order, or the case; None is what has no case."""

    part: Part
    name: str | None


def part_of(kind: SignalKind, *, by_silence: bool) -> Part:
    """A contact that nobody answered is settled by other talks than a dead end, and has a part of its own."""
    if by_silence and kind is SignalKind.CONTACT_DEAD_ENDED:
        return Part.SILENCE
    return PART_OF[kind]


def place(kind: SignalKind, *, case: str | None, order: str | None, by_silence: bool) -> Place:
    """Where a signal is looked for; `case` and `order` are those that the fact it began with names."""
    part = part_of(kind, by_silence=by_silence)
    if part is Part.ORDERS:
        return Place(part, order)
    return Place(part, None if part in OF_ACCOUNT else case)
