"""The results of one account, indexed by order, with the signals that arose since: no look-up costs more on a large
account."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain.entities import Episode, Signal, SignalEnd
from services.escalation.domain.results import LOSSES, Result, ResultState
from shared.contracts.escalation import Severity, SignalKind

_Arose: TypeAlias = list[tuple[datetime, UUID]]


@dataclass(frozen=True, slots=True)
class _Noted:
    """A signal of an order: its kind and time, and when its episode was raised."""

    order_id: str
    kind: SignalKind
    at: datetime
    raised_at: datetime


class ResultIndex:
    """The results of one account. `unjudged` are the orders with news since their results were judged."""

    def __init__(self) -> None:
        self.unjudged: set[str] = set()
        self._of_order: dict[str, dict[UUID, Result]] = {}
        self._losses: dict[UUID, Result] = {}
        self._signals: dict[tuple[str, SignalKind], _Arose] = {}
        self._known: dict[UUID, _Noted] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of_order.values()))

    def put(self, result: Result) -> None:
        self._of_order.setdefault(result.order_id, {})[result.episode_id] = result
        self._losses.pop(result.episode_id, None)
        if result.state in LOSSES:
            self._losses[result.episode_id] = result

    def get(self, episode: Episode) -> Result | None:
        """The result of an episode, if a person closed it."""
        return self._of_order.get(episode.order_id, {}).get(episode.episode_id)

    def find(self, episode_id: UUID, order_id: str) -> Result | None:
        """The result of an episode of this order."""
        return self._of_order.get(order_id, {}).get(episode_id)

    def of_order(self, order_id: str) -> list[Result]:
        """The results of an order, the earliest close first."""
        return sorted(self._of_order.get(order_id, {}).values(), key=lambda one: (one.closed_at, one.episode_id))

    @property
    def orders(self) -> list[str]:
        """The orders with results."""
        return list(self._of_order)

    def losses(self) -> list[Result]:
        """The losses, won back or not."""
        return sorted(self._losses.values(), key=lambda one: (one.closed_at, one.episode_id))

    def note_order(self, order_id: str | None) -> None:
        """Note that something was reported about an order."""
        if order_id in self._of_order:
            self.unjudged.add(order_id)

    def note_signal(self, signal: Signal, of: tuple[str, datetime] | None) -> None:
        """Keep a signal of an order with results in its current state; one that was withdrawn is removed.

        `of` is the order of its episode and when that was raised; None for a signal without an episode, or of one that
        ended long ago: what was known of it stays.
        """
        known = self._known.pop(signal.signal_id, None)
        if known is not None:
            arose = self._signals[known.order_id, known.kind]
            del arose[bisect_left(arose, (known.at, signal.signal_id))]
            of = of or (known.order_id, known.raised_at)
        if of is None or of[0] not in self._of_order:
            return
        order_id, raised_at = of
        self.unjudged.add(order_id)
        if signal.ended is not SignalEnd.WITHDRAWN:
            self._known[signal.signal_id] = _Noted(order_id, signal.kind, signal.at, raised_at)
            insort(self._signals.setdefault((order_id, signal.kind), []), (signal.at, signal.signal_id))

    def signals_after(self, order_id: str, kind: SignalKind, after: datetime) -> Iterator[tuple[datetime, UUID]]:
        """Signals of this kind about an order that arose later than this, by time.

        The signals of an episode raised before are left out: the closer knew of them, even if a clock ahead
        dates them later.
        """
        arose = self._signals.get((order_id, kind), [])
        for place in range(bisect_right(arose, after, key=lambda one: one[0]), len(arose)):
            if self._known[arose[place][1]].raised_at > after:
                yield arose[place]

    def relapsed_into(self, episode: Episode) -> list[Result]:
        """The saves that relapsed by this episode, the earliest close first."""
        mine = self.of_order(episode.order_id)
        return [one for one in mine if one.state is ResultState.RELAPSED and one.follow_up == episode.episode_id]

    def same_trouble(self, episode: Episode) -> set[UUID]:
        """The episodes that were one trouble with this one: saves that relapsed by it, and those before them."""
        found, new = set[UUID](), {episode.episode_id}
        results = self._of_order.get(episode.order_id, {}).values()
        while new:
            found |= new
            relapsed = (one for one in results if one.state is ResultState.RELAPSED and one.follow_up in new)
            new = {one.episode_id for one in relapsed} - found
        return found

    def least_severity(self, episode: Episode) -> Severity | None:
        """The least severity of an episode by which saves relapsed: one level above theirs."""
        most = max((one.severity.rank for one in self.relapsed_into(episode)), default=None)
        return None if most is None else tuple(Severity)[min(most + 1, Severity.CRITICAL.rank)]


NO_RESULTS = ResultIndex()
"""The index of every account without results; it stays empty."""
