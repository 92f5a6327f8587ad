"""One account with thousands of facts beside a history's small ones: most of its cases end, some do not.

Closed cases had a timer each, and so have the few abandoned ones; others are long conversations.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.faults.drafts import ORDERS, SPAN, SUPPORT
from tests.faults.events import Event

HOT = "c-hot"
_SOURCE = "helpdesk"
_SOLD_BEFORE = timedelta(days=30)
_STUCK_EVERY = 40
_DEAD_ENDS_EVERY = 100

_Draft = tuple[str, str, Mapping[str, Any]]


def hot_account(history: Sequence[Event], now: datetime, facts: int) -> list[Event]:
    """This many facts, evenly spread over a history that ends at `now`. No two events have the same time."""
    taken = {event.time for event in history}
    reported, apart, at = list[Event](), SPAN / (facts + 1), now - SPAN
    for number, (topic, kind, data) in zip(range(facts), _life(now), strict=False):
        at += apart
        while _written(at) in taken:
            at += timedelta(microseconds=1)
        type = f"{topic.removesuffix('.v1')}.{kind}"
        reported.append(Event("kafka", topic, _SOURCE, f"{HOT}-{number}", type, HOT, _written(at), data))
    return reported


def _life(now: datetime) -> Iterator[_Draft]:
    yield ORDERS, "order_placed", _sale(now)
    number = 0
    while True:
        number += 1
        yield from _case(f"case-{number}", number)


def _case(case: str, number: int) -> Iterator[_Draft]:
    about: dict[str, Any] = {"case": case}
    yield SUPPORT, "case_opened", about | {"title": "Heating stays cold", "order": f"{HOT}-o0"}
    if number % _STUCK_EVERY == 0:
        return
    if number % _DEAD_ENDS_EVERY == 1:
        yield SUPPORT, "contact_made", about | _contact("inbound", "dead_end")
        return
    if number % 2:
        yield SUPPORT, "case_status_changed", about | {"status": "open"}
        yield SUPPORT, "case_closed", about
        return
    for _ in range(3):
        yield SUPPORT, "contact_made", about | _contact("inbound", "unanswered")
        yield SUPPORT, "contact_made", about | _contact("outbound", "answered")
    yield SUPPORT, "case_resolved", about


def _contact(direction: str, result: str) -> dict[str, Any]:
    agent = {"agent": "s-ben"} if direction == "outbound" else {}
    return {"direction": direction, "channel": "phone", "result": result} | agent


def _sale(now: datetime) -> dict[str, Any]:
    return {
        "order": f"{HOT}-o0",
        "sold_by": "s-anna",
        "sold_at": (now - SPAN - _SOLD_BEFORE).isoformat(),
        "lines": [{"product": "Heat pump"}],
        "amount_minor": 100_000,
        "currency": "EUR",
    }


def _written(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
