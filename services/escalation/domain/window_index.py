"""The save windows of one account, with the requests of the latest episode of each order: no look-up costs more on a
large account."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.escalation.domain.entities import Episode, Signal
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.save_windows import SaveWindow


class WindowIndex:
    """The windows of one account. `unjudged` are the episodes with news since their windows were judged.

    Once another episode of an order has requests, the window of the earlier one stays as it is.
    """

    __slots__ = ("_latest", "_requests", "_windows", "unjudged")

    def __init__(self) -> None:
        self.unjudged: set[UUID] = set()
        self._windows: dict[UUID, SaveWindow] = {}
        self._requests: dict[UUID, dict[UUID, Signal]] = {}
        self._latest: dict[str, UUID] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def put(self, window: SaveWindow) -> None:
        self._windows[window.episode_id] = window

    def get(self, episode_id: UUID) -> SaveWindow | None:
        """The window of an episode, open or not."""
        return self._windows.get(episode_id)

    def requests_of(self, episode_id: UUID) -> list[Signal]:
        """The requests of an episode, the earliest first, with those that have ended."""
        mine = self._requests.get(episode_id, {}).values()
        return sorted(mine, key=lambda one: (one.at, one.signal_id))

    def put_request(self, signal: Signal, episode: Episode) -> None:
        """Keep a request in its current state, without the customer's words."""
        before = self._latest.setdefault(episode.order_id, episode.episode_id)
        if before != episode.episode_id:
            self._latest[episode.order_id] = episode.episode_id
            self._requests.pop(before, None)
            self.unjudged.discard(before)
        kept = replace(signal, words=None)
        mine = self._requests.setdefault(episode.episode_id, {})
        if mine.get(signal.signal_id) != kept:
            mine[signal.signal_id] = kept
            self.unjudged.add(episode.episode_id)

    def note_episode(self, episode_id: UUID) -> None:
        if episode_id in self._requests:
            self.unjudged.add(episode_id)

    def note_fact(self, fact: AccountFact) -> None:
        """Note the episodes whose windows a fact can end."""
        if fact.kind is FactKind.CUSTOMER_INSISTS:
            self.note_all(fact.at)
        elif fact.order_id in self._latest:
            self.unjudged.add(self._latest[fact.order_id])

    def note_all(self, at: datetime) -> None:
        """Note all episodes but those whose windows were over at this time."""
        self.unjudged |= self._requests.keys() - self._over_before(self._windows.values(), at)

    @staticmethod
    def _over_before(windows: Iterable[SaveWindow], at: datetime) -> set[UUID]:
        return {one.episode_id for one in windows if one.until < at}


NO_WINDOWS = WindowIndex()
"""The index of every account without requests; it stays empty."""
