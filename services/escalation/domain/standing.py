"""The standing signals of one account, found by their episode and by what they are about, however many there are."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain.entities import Signal
from services.escalation.domain.findings.scope import ORDER_SIGNALS, Scope, Window
from shared.contracts.escalation import REQUESTS, SignalKind

Place: TypeAlias = tuple[str, ...]
"""What a scope is made of: a case, an order, or one of the account's windows."""

_ANY = Window()


def place_of(signal: Signal) -> Place:
    """The part of a scope that decides whether it covers a signal: see `Scope.covers`."""
    if signal.kind in ORDER_SIGNALS:
        return "order", signal.names_order or ""
    if signal.kind in REQUESTS:
        return ("requests",)
    if signal.kind is SignalKind.GONE_QUIET:
        return ("quiet",)
    if signal.kind is SignalKind.CONTACT_DEAD_ENDED and signal.by_silence:
        return ("silence",)
    dead_end = signal.kind is SignalKind.CONTACT_DEAD_ENDED
    if signal.case_id is not None:
        return "dead_end" if dead_end else "case", signal.case_id
    if dead_end:
        return ("loose_dead_end",)
    return ("loose_ratings",) if signal.kind is SignalKind.SATISFACTION_LOW else ("loose",)


class Standing:
    """Signals that stand. `began_at` is when the fact happened that a signal began with."""

    def __init__(self) -> None:
        self._by_episode: dict[UUID | None, dict[SignalKind, list[tuple[datetime, UUID]]]] = {}
        self._by_place: dict[Place, list[tuple[datetime, UUID]]] = {}
        self._signals: dict[UUID, tuple[Signal, Place, datetime]] = {}

    def put(self, signal: Signal, began_at: datetime) -> None:
        """Keep a signal as it is now; one that has ended is forgotten."""
        self._drop(signal.signal_id)
        if not signal.stands:
            return
        place = place_of(signal)
        self._signals[signal.signal_id] = signal, place, began_at
        of_kind = self._by_episode.setdefault(signal.episode_id, {}).setdefault(signal.kind, [])
        insort(of_kind, (signal.at, signal.signal_id))
        insort(self._by_place.setdefault(place, []), (began_at, signal.signal_id))

    def _drop(self, signal_id: UUID) -> None:
        known = self._signals.pop(signal_id, None)
        if known is None:
            return
        signal, place, began_at = known
        of_episode, of_place = self._by_episode[signal.episode_id], self._by_place[place]
        of_kind = of_episode[signal.kind]
        del of_kind[bisect_left(of_kind, (signal.at, signal_id))]
        del of_place[bisect_left(of_place, (began_at, signal_id))]
        if not of_kind:
            del of_episode[signal.kind]
        if not of_episode:
            del self._by_episode[signal.episode_id]
        if not of_place:
            del self._by_place[place]

    def of_episode(self, episode_id: UUID | None) -> list[Signal]:
        """Those of an episode, or without one, in the order of event times, ties by id."""
        kinds = self._by_episode.get(episode_id, {}).values()
        return [self._signals[signal_id][0] for _, signal_id in sorted(chain.from_iterable(kinds))]

    def telling(self, episode_id: UUID, *, without: Collection[UUID] = ()) -> list[Signal]:
        """Those that tell everything of an episode as a whole: every request, and of each other kind the latest."""
        found: list[Signal] = []
        for kind, signals in self._by_episode.get(episode_id, {}).items():
            lasting = (self._signals[id][0] for _, id in reversed(signals) if id not in without)
            found += lasting if kind in REQUESTS else islice(lasting, 1)
        return sorted(found, key=lambda signal: (signal.at, signal.signal_id))

    def has_any(self, episode_id: UUID) -> bool:
        return episode_id in self._by_episode

    def within(self, scope: Scope) -> Iterator[Signal]:
        """All that a scope can cover, and few more: whoever asks checks each with `Scope.covers`."""
        for place, window in self._places(scope):
            found = self._by_place.get(place, [])
            first = bisect_left(found, window.since, key=lambda one: one[0])
            last = bisect_right(found, window.until, key=lambda one: one[0])
            for _, signal_id in found[first:last]:
                yield self._signals[signal_id][0]

    def _places(self, scope: Scope) -> Iterator[tuple[Place, Window]]:
        named = (("case", scope.cases, _ANY), ("dead_end", scope.cases, scope.dead_ends), ("order", scope.orders, _ANY))
        for name, only, window in named:
            if only is None:
                yield from ((place, window) for place in list(self._by_place) if place[0] == name)
            else:
                yield from (((name, one), window) for one in only)
        loose_dead_ends = scope.dead_ends.and_also(scope.loose) if scope.loose is not None else None
        windows = {
            "loose": scope.loose,
            "loose_dead_end": loose_dead_ends,
            "silence": scope.silence,
            "quiet": scope.quiet,
            "requests": scope.requests,
        }
        yield from (((name,), window) for name, window in windows.items() if window is not None)
        if scope.loose_ratings:
            yield ("loose_ratings",), Window()
