"""The standing signals of one account, indexed by episode and by subject, so lookups are fast for any number."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain.detections.parts import Part, Place
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.entities import Signal
from services.escalation.domain.signals.places import place
from shared.contracts.escalation import REQUESTS, SignalKind

_Began: TypeAlias = list[tuple[datetime, UUID]]
"""Signals by the time of the facts that they began with."""


def place_of(signal: Signal) -> Place:
    """The place in the index for a signal."""
    return place(signal.kind, case=signal.case_id, order=signal.names_order, by_silence=signal.by_silence)


class Standing:
    """Signals that stand. `began_at` is the time of the fact that a signal began with."""

    def __init__(self) -> None:
        self._by_episode: dict[UUID | None, dict[SignalKind, list[tuple[datetime, UUID]]]] = {}
        self._by_place: dict[Part, dict[str | None, _Began]] = {part: {} for part in Part}
        self._signals: dict[UUID, tuple[Signal, Place, datetime]] = {}

    def put(self, signal: Signal, began_at: datetime) -> None:
        """Keep a signal in its current state; a signal that has ended is removed."""
        self._drop(signal.signal_id)
        if not signal.stands:
            return
        found = place_of(signal)
        self._signals[signal.signal_id] = signal, found, began_at
        of_kind = self._by_episode.setdefault(signal.episode_id, {}).setdefault(signal.kind, [])
        insort(of_kind, (signal.at, signal.signal_id))
        insort(self._by_place[found.part].setdefault(found.name, []), (began_at, signal.signal_id))

    def _drop(self, signal_id: UUID) -> None:
        known = self._signals.pop(signal_id, None)
        if known is None:
            return
        signal, (part, name), began_at = known
        of_episode, of_place = self._by_episode[signal.episode_id], self._by_place[part][name]
        of_kind = of_episode[signal.kind]
        del of_kind[bisect_left(of_kind, (signal.at, signal_id))]
        del of_place[bisect_left(of_place, (began_at, signal_id))]
        if not of_kind:
            del of_episode[signal.kind]
        if not of_episode:
            del self._by_episode[signal.episode_id]
        if not of_place:
            del self._by_place[part][name]

    def of_episode(self, episode_id: UUID | None) -> list[Signal]:
        """The signals of an episode, or those without one, in the order of event times, ties by id."""
        kinds = self._by_episode.get(episode_id, {}).values()
        return [self._signals[signal_id][0] for _, signal_id in sorted(chain.from_iterable(kinds))]

    def decisive_signals(self, episode_id: UUID, *, without: Collection[UUID] = ()) -> list[Signal]:
        """The signals that determine an episode as a whole: every request, and the latest of each other kind."""
        found: list[Signal] = []
        for kind, signals in self._by_episode.get(episode_id, {}).items():
            lasting = (self._signals[id][0] for _, id in reversed(signals) if id not in without)
            found += lasting if kind in REQUESTS else islice(lasting, 1)
        return sorted(found, key=lambda signal: (signal.at, signal.signal_id))

    def has_any(self, episode_id: UUID) -> bool:
        return episode_id in self._by_episode

    def within(self, scope: Scope) -> Iterator[Signal]:
        """The signals that a scope covers."""
        for part, places in self._by_place.items():
            names = scope.names_in(part)
            for name in list(places) if names is None else names:
                window = scope.window_of(Place(part, name))
                if window is None or name not in places:
                    continue
                found = places[name]
                first = bisect_left(found, window.since, key=lambda one: one[0])
                last = bisect_right(found, window.until, key=lambda one: one[0])
                for _, signal_id in found[first:last]:
                    yield self._signals[signal_id][0]
