"""The state of one account, indexed for handlers so that no look-up costs more on a large account.

A process keeps it from one batch to the next: see store.known_accounts.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.parts import Part, Place
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.entities import Account, Case, Episode, Order, Signal, SignalEnd
from services.escalation.domain.offers import Offer
from services.escalation.domain.result_index import NO_RESULTS, ResultIndex
from services.escalation.domain.results import Result
from services.escalation.domain.save_windows import SaveWindow
from services.escalation.domain.signals.find import place
from services.escalation.domain.window_index import NO_WINDOWS, WindowIndex
from shared.contracts.escalation import REQUESTS, SignalKind

_NO_OFFERS: dict[UUID, Offer] = {}
"""The offers of an account without any: most have none, and a process keeps many accounts. Nothing is put into it."""

_ROWS_OF_ITSELF = 3
"""Measured: an empty account takes 3 to 4 kB, and each of its rows 1.0 to 1.3 kB."""


class AccountState:
    """One account. `open_episodes` and `latest_closed` are by order; `people` are all who may be notified of it.
    `pending_offers` are by episode: each has at most one.

    `version` identifies this state among all stored states of the account. Slots, because a process keeps many.
    """

    __slots__ = (
        *("version", "account", "history", "orders", "cases", "episodes", "open_episodes", "latest_closed"),
        *("signals", "offers", "pending_offers", "standing", "results", "windows", "people"),
        *("_sold", "_with_seller", "_inheriting"),
    )

    def __init__(self, account_id: str, history: History | None = None) -> None:
        self.version: UUID | None = None
        self.account = Account(account_id)
        self.history = history if history is not None else History()
        self.orders: dict[str, Order] = {}
        self.cases: dict[str, Case] = {}
        self.episodes: dict[UUID, Episode] = {}
        self.open_episodes: dict[str, Episode] = {}
        self.latest_closed: dict[str, Episode] = {}
        self.signals: dict[UUID, Signal] = {}
        self.offers = self.pending_offers = _NO_OFFERS
        self.standing = Standing()
        self.results = NO_RESULTS
        self.windows = NO_WINDOWS
        self.people: set[str] = set()
        self._sold: list[tuple[datetime, str]] = []
        self._with_seller: list[tuple[datetime, str]] = []
        self._inheriting: dict[str, set[str]] = {}

    @property
    def size(self) -> int:
        """Its memory use in rows: its own rows, plus a few for the account itself."""
        reported = len(self.history) + len(self.orders) + len(self.cases)
        made = len(self.episodes) + len(self.results) + len(self.offers) + len(self.windows)
        return _ROWS_OF_ITSELF + reported + len(self.signals) + made

    def put_account(self, account: Account) -> None:
        self.account = account
        self._know(account.assigned_to)
        if account.preference_at is not None:
            self.windows.note_all(account.preference_at)

    def put_order(self, order: Order) -> None:
        known = self.orders.get(order.order_id)
        if known is not None:
            self._forget_order(known)
        insort(self._sold, (order.sold_at, order.order_id))
        if order.sold_by is not None:
            insort(self._with_seller, (order.sold_at, order.order_id))
        if order.inherits_from is not None:
            self._inheriting.setdefault(order.inherits_from, set()).add(order.order_id)
        self.orders[order.order_id] = order
        self._know(order.sold_by)

    def _forget_order(self, known: Order) -> None:
        place = (known.sold_at, known.order_id)
        del self._sold[bisect_left(self._sold, place)]
        if known.sold_by is not None:
            del self._with_seller[bisect_left(self._with_seller, place)]
        if known.inherits_from is not None:
            self._inheriting[known.inherits_from].discard(known.order_id)

    def put_case(self, case: Case) -> None:
        self.cases[case.case_id] = case

    def put_episode(self, episode: Episode) -> None:
        self.episodes[episode.episode_id] = episode
        self.windows.note_episode(episode.episode_id)
        self._know(episode.responsible)
        if episode.closed_at is None:
            self.open_episodes[episode.order_id] = episode
            before = self.latest_closed.get(episode.order_id)
            if before is not None and before.episode_id == episode.episode_id:  # it was reopened
                del self.latest_closed[episode.order_id]
            return
        self.latest_closed[episode.order_id] = episode
        if self.open_episodes.get(episode.order_id, episode).episode_id == episode.episode_id:
            self.open_episodes.pop(episode.order_id, None)

    def has_newer(self, episode: Episode) -> bool:
        """Whether its order has an episode that began after it was closed."""
        others = (self.open_episodes.get(episode.order_id), self.latest_closed.get(episode.order_id))
        return any(one is not None and one.episode_id != episode.episode_id for one in others)

    def is_followed(self, episode: Episode) -> bool:
        """Whether it is closed and its order has a newer episode, so that its close is final."""
        return episode.closed_at is not None and self.has_newer(episode)

    def put_signal(self, signal: Signal) -> None:
        self.signals[signal.signal_id] = signal
        cause = self.history.get(signal.fact_id)
        self.standing.put(signal, cause.at if cause is not None else signal.at)
        episode = self.episodes.get(signal.episode_id) if signal.episode_id is not None else None
        self.results.note_signal(signal, (episode.order_id, episode.raised_at) if episode is not None else None)
        if episode is not None and signal.kind in REQUESTS and not self.is_followed(episode):
            self._own_windows().put_request(signal, episode)

    def signals_of(self, episode: Episode) -> list[Signal]:
        """The signals of an episode that were not withdrawn, in the order of their times.

        It looks at all signals of the account: for a close, which a person presses, and for nothing more frequent.
        """
        mine = (one for one in self.signals.values() if one.episode_id == episode.episode_id)
        counting = [one for one in mine if one.ended is not SignalEnd.WITHDRAWN]
        return sorted(counting, key=lambda one: (one.at, one.signal_id))

    def put_result(self, result: Result) -> None:
        if self.results is NO_RESULTS:
            self.results = ResultIndex()
        self.results.put(result)
        self._know(result.by)

    def put_window(self, window: SaveWindow) -> None:
        self._own_windows().put(window)

    def _own_windows(self) -> WindowIndex:
        if self.windows is NO_WINDOWS:
            self.windows = WindowIndex()
        return self.windows

    def put_offer(self, offer: Offer) -> None:
        if self.offers is _NO_OFFERS:
            self.offers, self.pending_offers = {}, {}
        self.offers[offer.offer_id] = offer
        self._know(offer.asked)
        if offer.is_pending:
            self.pending_offers[offer.episode_id] = offer
        elif (
            offer.episode_id in self.pending_offers and self.pending_offers[offer.episode_id].offer_id == offer.offer_id
        ):
            del self.pending_offers[offer.episode_id]

    def offers_of(self, episode_id: UUID) -> list[Offer]:
        """The offers made or asked for on an episode."""
        return [offer for offer in self.offers.values() if offer.episode_id == episode_id]

    def latest_order(self, at: datetime, *, with_seller: bool = False) -> Order | None:
        """The latest order sold at or before an instant, among all orders or those with a seller.

        Of orders sold at the same instant, the one with the highest id is the latest.
        """
        sold = self._with_seller if with_seller else self._sold
        place = bisect_right(sold, at, key=lambda one: one[0])
        return self.orders[sold[place - 1][1]] if place else None

    def inheriting(self, order_id: str) -> list[Order]:
        """The orders that inherit this order's seller."""
        return [self.orders[id] for id in sorted(self._inheriting.get(order_id, ()))]

    def open_by_id(self) -> list[Episode]:
        """The open episodes, by id."""
        return sorted(self.open_episodes.values(), key=lambda episode: episode.episode_id)

    def waiting_signals(self) -> list[Signal]:
        """Standing signals without an order yet, in the order of their event times, ties by id."""
        return self.standing.of_episode(None)

    def _know(self, *people: str | None) -> None:
        self.people.update(person for person in people if person is not None)


_Began: TypeAlias = list[tuple[datetime, UUID]]
"""Signals by the time of the facts that they began with."""


def place_of_signal(signal: Signal) -> Place:
    """The place in the index for a signal."""
    return place(signal.kind, case=signal.case_id, order=signal.names_order, by_silence=signal.by_silence)


class Standing:
    """The standing signals of one account, indexed by episode and by place, so that look-ups are fast for any number.

    `began_at` is the time of the fact that a signal began with.
    """

    def __init__(self) -> None:
        self._by_episode: dict[UUID | None, dict[SignalKind, list[tuple[datetime, UUID]]]] = {}
        self._by_place: dict[Part, dict[str | None, _Began]] = {part: {} for part in Part}
        self._signals: dict[UUID, tuple[Signal, Place, datetime]] = {}

    def put(self, signal: Signal, began_at: datetime) -> None:
        """Keep a signal in its current state; a signal that has ended is removed."""
        self._drop(signal.signal_id)
        if not signal.stands:
            return
        found = place_of_signal(signal)
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
            if not places:
                continue
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
