"""Known histories: the events of all publishers in a run, from a seed alone. Start at `generate`, then `arrival` and
`wire`.

The alerts that must follow depend on the history and on the order in which each service journaled it: see the checker.
The directory comes first: escalation must know it before the rest, or chance would decide who the right person is.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from tests.faults.drafts import SPAN, Draft
from tests.faults.events import Event, Wire, event_of_line, post, wire
from tests.faults.lives import DESK, directory, life, spoilt

__all__ = ["DESK", "Event", "Wire", "arrival", "event_of_line", "first_of_all", "generate", "post", "wire"]

_MICROSECOND = timedelta(microseconds=1)
_WINDOW = 50
_SOURCES = ("shop", "helpdesk")
_HTTP_SOURCE = "shop"
_AGAIN_SHARE = 0.05
CLOSED = tuple(f"c-closed-{number}" for number in range(6))
"""The accounts whose episodes people also close. These are judged by their results and their final state."""
AHEAD = timedelta(minutes=40)
"""How far in the future a history ends when it is published, so that some facts follow an acknowledgement.

Orders and support refuse events dated ahead of their clocks; those clocks go further ahead, see `clocks.py`.
"""


def generate(
    seed: int,
    *,
    accounts: int = 30,
    events: int = 600,
    now: datetime,
    http_share: float = 0.15,
    bad_share: float = 0.03,
    closed: Sequence[str] = (),
) -> list[Event]:
    """A history of about this many events, ending at `now`, in the order in which each account's
    events are published. `closed` are further accounts."""
    chance = random.Random(seed)
    cast = directory(chance, now)
    each = max(1, events // accounts)
    lives = [life(chance, f"c-{number}", now, cast, events=each) for number in range(accounts)]
    lives += [life(random.Random(f"{seed} {account}"), account, now, cast, events=each) for account in closed]
    reported = [draft for drafts in lives for draft in drafts] + cast.late
    ordered = cast.known + sorted(_with_repeats(chance, reported, bad_share), key=lambda draft: draft.rank)
    return _dated(chance, ordered, now, http_share)


def first_of_all(history: Sequence[Event]) -> list[Event]:
    """The directory at the start of a history. Publish it, wait until escalation knows it, then
    publish the `arrival`."""
    first = []
    for event in history:
        if not event.type.endswith("salesperson_changed"):
            break
        first.append(event)
    return first


def arrival(history: Sequence[Event], seed: int, *, duplicate_share: float = 0.05) -> list[Event]:
    """The rest of a history as publishers send it: some events twice, and all of them shuffled within a window of
    fifty.

    Events of one account on one topic keep the history's order.
    """
    chance = random.Random(seed)
    rest = history[len(first_of_all(history)) :]
    mixed = _mixed(chance, rest)
    again: list[tuple[float, Event]] = [
        (_later(chance, place, len(mixed)), event)
        for place, event in enumerate(mixed)
        if chance.random() < duplicate_share
    ]
    placed: list[tuple[float, Event]] = [*enumerate(mixed), *again]
    return [event for _, event in sorted(placed, key=lambda pair: pair[0])]


def _later(chance: random.Random, place: int, end: int) -> float:
    """A place soon after this one, or anywhere after it."""
    distance = chance.randint(1, 20) if chance.random() < 0.5 else chance.randint(1, max(1, end - place))
    return place + distance + 0.5


def _mixed(chance: random.Random, events: Sequence[Event]) -> list[Event]:
    shuffled = sorted(range(len(events)), key=lambda place: place + chance.random() * _WINDOW)
    places = defaultdict[tuple[str, str], list[int]](list)
    for slot, place in enumerate(shuffled):
        places[events[place].subject, events[place].topic].append(slot)
    mixed = list(events)
    free = {key: iter(slots) for key, slots in places.items()}
    for event in events:
        mixed[next(free[event.subject, event.topic])] = event
    return mixed


def _with_repeats(chance: random.Random, drafts: Sequence[Draft], bad_share: float) -> list[Draft]:
    """The drafts, spoilt copies of some, and a few openings repeated under another id.

    Original and copy both come by Kafka, so that chance does not decide which of them is first.
    """
    reported = list[Draft]()
    for draft in drafts:
        bad = draft.subject.startswith("c-") and chance.random() < bad_share
        again = draft.kind in ("order_placed", "case_opened") and chance.random() < _AGAIN_SHARE
        original = replace(draft, only_kafka=True) if bad or again else draft
        reported.append(original)
        if bad:
            reported.append(spoilt(chance, original))
        if again:
            reported.append(replace(original, rank=chance.random()))
    return reported


def _dated(chance: random.Random, drafts: Sequence[Draft], now: datetime, http_share: float) -> list[Event]:
    """Give each draft an id and a time of its own."""
    taken, identities = set[datetime](), dict[int, tuple[str, str]]()
    numbers = dict.fromkeys(_SOURCES, 0)
    events = []
    for draft in drafts:
        at = (now - SPAN * (1 - draft.aged)).astimezone(UTC)
        while at in taken:
            at += _MICROSECOND
        taken.add(at)
        by_http = not draft.only_kafka and chance.random() < http_share
        source = _HTTP_SOURCE if by_http else chance.choice(_SOURCES)
        numbers[source] += 1
        identity = (source, f"e-{numbers[source]}")
        if draft.bad == "id_reused":
            identity = identities[id(draft.spoils)]
        identities[id(draft)] = identity
        time = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        via: Literal["kafka", "http"] = "http" if by_http else "kafka"
        events.append(Event(via, draft.topic, *identity, draft.type, draft.subject, time, draft.data, draft.bad))
    return events
