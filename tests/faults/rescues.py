"""Three fixed stories in each history: an acknowledged customer who calls again unanswered, one who is never called,
and one whose trouble recurs. Random histories cannot guarantee these.

In a random history, what follows a press or the end of an episode depends on the time of processing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.faults.drafts import ORDERS, SPAN, SUPPORT
from tests.faults.history import Event, first_of_all

TRIES_AGAIN, NEVER_CALLED = "c-again", "c-forgotten"
COMES_AGAIN = "c-twice"
TO_TAKE = (TRIES_AGAIN, NEVER_CALLED)
"""The accounts to acknowledge: each has an episode once the first half of a history is published."""
_SOURCE = "helpdesk"
_APART = timedelta(seconds=1)
"""No two events of a history have the same time."""
_SOLD_BEFORE = timedelta(days=30)


def with_rescues(history: Sequence[Event], now: datetime) -> list[Event]:
    """A history that ends at `now`, with these stories: their trouble comes first of all, the repeated call last."""
    people = len(first_of_all(history))
    began = now - SPAN
    trouble = [*_trouble(TRIES_AGAIN, began), *_trouble(NEVER_CALLED, began + 2 * _APART)]
    trouble += _trouble(COMES_AGAIN, began + 6 * _APART)
    tries = {"direction": "inbound", "channel": "phone", "result": "voicemail"}
    again = _event(SUPPORT, "contact_made", TRIES_AGAIN, tries, now)
    return [*history[:people], *trouble, *history[people:], *_twice(now), again]


def _twice(now: datetime) -> list[Event]:
    """The request is withdrawn, and then the customer cancels."""
    taken_back = _event(SUPPORT, "refund_withdrawn", COMES_AGAIN, {}, now - 2 * _APART)
    return [taken_back, _event(SUPPORT, "cancellation_requested", COMES_AGAIN, {}, now - _APART)]


def _trouble(account: str, at: datetime) -> list[Event]:
    """A sale whose seller has a backup and managers, so that there is always a next step; and a refund request."""
    sale = {
        "order": f"{account}-o0",
        "sold_by": "s-anna",
        "sold_at": (at - _SOLD_BEFORE).isoformat(),
        "lines": [{"product": "Heat pump"}],
        "amount_minor": 100_000,
        "currency": "EUR",
    }
    placed = _event(ORDERS, "order_placed", account, sale, at)
    return [placed, _event(SUPPORT, "refund_requested", account, {"words": "I have had enough."}, at + _APART)]


def _event(topic: str, kind: str, account: str, data: Mapping[str, Any], at: datetime) -> Event:
    time = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Event(
        "kafka", topic, _SOURCE, f"{account}-{kind}", f"{topic.removesuffix('.v1')}.{kind}", account, time, data
    )
