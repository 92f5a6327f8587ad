"""What orders and support must publish, computed from the history and the order in which they journaled it.

Orders publishes the first `order_placed` of an order; facts about it that arrive earlier wait for it. A person's fact
is published unless a later one (by its time, ties by id) is known; the same holds for the reassignment of an account.
Support treats cases as orders treats orders, except that refund and cancellation requests, their withdrawals, and
contacts at a dead end or with the wish to leave never wait. Facts that waited are published right after the one they
waited for, sorted by time, ties by id. A repeated opening publishes nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from tests.faults.checker.evidence import CannotJudge, Evidence, Reported

Published: TypeAlias = tuple[str, datetime]
"""A published fact's type and time. The time identifies its cause."""

NEVER_WAIT = (
    *("refund_requested", "refund_withdrawn", "cancellation_requested", "cancellation_withdrawn", "customer_insists"),
    "seller_requested",
)
_NEEDS_NO_ORDER = ("order_placed", "salesperson_changed", "account_reassigned")


def published_sequences(run: Evidence, service: str) -> dict[str, list[Published]]:
    """By subject, everything that a service must have published about it, in order."""
    return {subject: [_as_published(event) for event in facts] for subject, facts in _facts(run, service).items()}


def taken(run: Evidence, service: str) -> dict[str, list[Reported]]:
    """By subject, the events in the order in which a service journaled them."""
    reported, by_subject = run.reported(), defaultdict[str, list[Reported]](list)
    for row in run.databases[service].journal("record", "http"):
        event = reported.get(row["at"])
        if ".inbound." not in row["type"]:
            continue
        if event is None:
            raise CannotJudge(f"{service} journaled an event outside the history: {row['source']} {row['event_id']}")
        by_subject[event.subject].append(event)
    return by_subject


def awaited(event: Reported) -> str | None:
    """The order or case for which this event waits, if any."""
    if event.topic.startswith("orders."):
        return None if event.kind in _NEEDS_NO_ORDER else str(event.data["order"])
    if event.kind == "case_opened" or is_signal_by_itself(event):
        return None
    case = event.data.get("case")
    return None if case is None else str(case)


def opened(event: Reported) -> str | None:
    """The order or case that this event makes known."""
    if event.kind == "order_placed":
        return str(event.data["order"])
    return str(event.data["case"]) if event.kind == "case_opened" else None


def is_signal_by_itself(event: Reported) -> bool:
    reported = event.kind == "contact_made" and (
        event.data["result"] == "dead_end" or event.data.get("intent") is not None
    )
    return event.kind in NEVER_WAIT or reported


def _facts(run: Evidence, service: str) -> dict[str, list[Reported]]:
    walks: Mapping[bool, Callable[[list[Reported]], list[Reported]]] = {True: _person, False: _account}
    by_subject = taken(run, service)
    return {subject: walks[events[0].kind == "salesperson_changed"](events) for subject, events in by_subject.items()}


def _account(events: list[Reported]) -> list[Reported]:
    known, waiting, out = set[str](), defaultdict[str, list[Reported]](list), list[Reported]()
    moved: Reported | None = None
    for event in events:
        if event.kind == "account_reassigned":
            if moved is None or (event.at, event.id) > (moved.at, moved.id):
                moved = event
                out.append(event)
            continue
        what, needed = opened(event), awaited(event)
        if what is not None:
            if what not in known:
                known.add(what)
                out.append(event)
                out += sorted(waiting.pop(what, ()), key=lambda one: (one.at, one.id, one.source))
        elif needed is not None and needed not in known:
            waiting[needed].append(event)
        else:
            out.append(event)
    return out


def _person(events: list[Reported]) -> list[Reported]:
    out = list[Reported]()
    for event in events:
        if not out or (event.at, event.id) > (out[-1].at, out[-1].id):
            out.append(event)
    return out


def _as_published(event: Reported) -> Published:
    dead_end = event.kind == "contact_made" and event.data["result"] == "dead_end"
    return ("support.contact_dead_ended" if dead_end else event.type.replace(".inbound.", ".")), event.at
