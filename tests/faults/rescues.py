"""Two customers whose episodes are to be taken: one tries again and is not answered, the other one is never called.
And one whose trouble ends and comes again.

What a history of chance has after a press, or after an end, depends on when things are heard; what these have does not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.faults.drafts import ORDERS, SPAN, SUPPORT
from tests.faults.history import Event, first_of_all

TRIES_AGAIN, NEVER_CALLED = "c-again", "c-forgotten"
COMES_AGAIN = "c-twice"
TO_TAKE = (TRIES_AGAIN, NEVER_CALLED)
"""Their accounts: each has an episode when the first half of a history was told."""
_SOURCE = "helpdesk"
_APART = timedelta(seconds=1)
"""No two events of a history have one time."""
_SOLD_BEFORE = timedelta(days=30)


def with_rescues(history: Sequence[Event], now: datetime) -> list[Event]:
    """A history that ends at `now`, with what befalls the three: their trouble first of all, the new try last."""
    people = len(first_of_all(history))
    began = now - SPAN
    trouble = [*_trouble(TRIES_AGAIN, began), *_trouble(NEVER_CALLED, began + 2 * _APART)]
    trouble += _trouble(COMES_AGAIN, began + 6 * _APART)
    tries = {"direction": "inbound", "channel": "phone", "result": "voicemail"}
    again = _event(SUPPORT, "contact_made", TRIES_AGAIN, tries, now)
    return [*history[:people], *trouble, *history[people:], *_twice(now), again]


def _twice(now: datetime) -> list[Event]:
    """The request is taken back, and then the customer leaves."""
    taken_back = _event(SUPPORT, "refund_withdrawn", COMES_AGAIN, {}, now - 2 * _APART)
    return [taken_back, _event(SUPPORT, "cancellation_requested", COMES_AGAIN, {}, now - _APART)]


def _trouble(account: str, at: datetime) -> list[Event]:
    """The seller of it has a backup and managers, whoever is asked next."""
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
