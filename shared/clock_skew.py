"""Handles facts dated ahead of our clock on receipt: a little counts as now, more is refused. Start at `Receipt`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.envelope import Envelope, Fact
from shared.inputs import Decided, Input, from_publisher

TIME_AHEAD = "time_ahead"
"""The code of a refusal of a fact that is dated too far ahead."""

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""How far a publisher's clock may be ahead of ours, by default."""

_TICK = timedelta(microseconds=1)
_FURTHEST_ZONE = timedelta(hours=14)
_UNITS = (
    (timedelta(days=730), timedelta(days=365), "years"),
    (timedelta(days=2), timedelta(days=1), "days"),
    (timedelta(hours=1), timedelta(hours=1), "h"),
    (timedelta(minutes=1), timedelta(minutes=1), "min"),
)


@dataclass(frozen=True, slots=True)
class TooFarAhead:
    """The faulty member, and the reason in words for its publisher."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """When facts were received (see `Batch.received_at`), by our clock, and how far ahead of that they may be dated.

    `skew` None: any time.
    """

    at: datetime
    skew: timedelta | None

    def refused(self, event: Envelope[Fact]) -> TooFarAhead | None:
        """The member that is dated further ahead than the skew allows, if any."""
        if self.skew is None:
            return None
        for field, instant in _instants(event):
            if instant > self.at + self.skew:
                return TooFarAhead(field, _reason(field, instant - self.at))
        return None

    def counted(self, events: Sequence[Envelope[Fact]]) -> list[Envelope[Fact]]:
        """The same events; times ahead of our clock count as the time of receipt.

        Times that differ stay in their order, a microsecond apart; equal ones stay equal, so that ties stay ties.
        """
        entering = [event for event in events if from_publisher(event)]
        ahead = sorted({instant for event in entering for _, instant in _instants(event) if instant > self.at})
        if not ahead:
            return list(events)
        counts = {instant: self.at + place * _TICK for place, instant in enumerate(ahead)}
        return [_dated(event, counts) if from_publisher(event) else event for event in events]


def in_time(fresh: Mapping[tuple[str, str], Input], receipt: Receipt, decided: Decided) -> dict[tuple[str, str], Input]:
    """The inputs that are not dated too far ahead; others are refused. Only publishers have clocks of their own."""
    kept: dict[tuple[str, str], Input] = {}
    for identity, one in fresh.items():
        ahead = receipt.refused(one.envelope) if one.from_publisher else None
        if ahead is None:
            kept[identity] = one
        else:
            decided.refuse(one, TIME_AHEAD, ahead.reason, at_fault=ahead.field)
    return kept


def _instants(event: Envelope[Fact]) -> list[tuple[str, datetime]]:
    happened = [(f"data.{name}", getattr(event.data, name)) for name in event.data.happened]
    return [("time", event.time), *((field, instant) for field, instant in happened if instant is not None)]


def _dated(event: Envelope[Fact], counts: dict[datetime, datetime]) -> Envelope[Fact]:
    fact = event.data
    changed = {name: counts[instant] for name in fact.happened if (instant := getattr(fact, name)) in counts}
    if event.time not in counts and not changed:
        return event
    update: dict[str, Any] = {"time": counts.get(event.time, event.time), "data": fact.model_copy(update=changed)}
    return event.model_copy(update=update)


def _reason(field: str, ahead: timedelta) -> str:
    if ahead <= _FURTHEST_ZONE:
        doubt = "Was local time sent with the suffix Z (UTC)?"
    else:
        doubt = "Check the clock and the year of the system that sent it."
    return (
        f"{field} is {_words(ahead)} ahead of this service's clock. {doubt} "
        "Send the event again with the time at which it happened and the correct offset."
    )


def _words(span: timedelta) -> str:
    """A span in its largest suitable unit, rounded."""
    rounded = max(_TICK, round(span / timedelta(minutes=1)) * timedelta(minutes=1))
    for least, unit, word in _UNITS:
        if rounded >= least:
            return f"{round(rounded / unit)} {word}"
    return f"{round(span.total_seconds())} s"
