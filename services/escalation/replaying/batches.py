"""Puts inputs and timers into the batches of the journal, on its clock."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from services.escalation.replaying.journaled import Journaled, Place
from services.escalation.replaying.timers import Timers
from shared.contracts.envelope import Envelope, Fact


class Batches:
    """The batches of one replay, one after the other: the inputs of one `now`, and the timers that fire then."""

    def __init__(self, inputs: Iterable[Journaled], timers: Timers, until: datetime) -> None:
        self._timers = timers
        self._until = until
        self._groups: Iterator[tuple[datetime, list[Journaled]]] = (
            (now, list(group)) for now, group in groupby(inputs, key=lambda one: one.place.now)
        )
        self._upcoming = next(self._groups, None)

    def next_now(self, other: datetime | None = None) -> datetime | None:
        """The instant of the next batch, or an earlier `other` one; None after the end of the journal."""
        upcoming = self._upcoming[0] if self._upcoming is not None else None
        now = min((one for one in (upcoming, self._timers.next_now, other) if one is not None), default=None)
        return None if now is None or now > self._until else now

    def take(self, now: datetime) -> Sequence[tuple[Place, Envelope[Fact]]]:
        """The events of this instant, in the order of their positions."""
        events = [(one.place, one.event) for one in self._timers.claim(now)]
        if self._upcoming is not None and self._upcoming[0] == now:
            events += [(one.place, one.event) for one in self._upcoming[1]]
            self._upcoming = next(self._groups, None)
        return sorted(events, key=lambda one: one[0])
