"""The state of one account, indexed for handlers so that no look-up costs more on a large account.

A process keeps it from one batch to the next: see store.known_accounts.
"""

from bisect import bisect_left, bisect_right, insort
from datetime import datetime
from uuid import UUID

from services.escalation.domain.detections.history import History
from services.escalation.domain.entities import Account, Case, Episode, Order, Signal
from services.escalation.domain.standing import Standing

_ROWS_OF_ITSELF = 3
"""Measured: an empty account takes 3 to 4 kB, and each of its rows 1.0 to 1.3 kB."""


class AccountState:
    """One account. `open_episodes` and `latest_closed` are by order; `people` are all who may be notified of it.

    `version` identifies this state among all stored states of the account.
    """

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
        self.standing = Standing()
        self.people: set[str] = set()
        self._sold: list[tuple[datetime, str]] = []
        self._with_seller: list[tuple[datetime, str]] = []
        self._inheriting: dict[str, set[str]] = {}

    @property
    def size(self) -> int:
        """Its memory use in rows: its own rows, plus a few for the account itself."""
        reported = len(self.history) + len(self.orders) + len(self.cases)
        return _ROWS_OF_ITSELF + reported + len(self.signals) + len(self.episodes)

    def put_account(self, account: Account) -> None:
        self.account = account
        self._know(account.assigned_to)

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

    def put_signal(self, signal: Signal) -> None:
        self.signals[signal.signal_id] = signal
        cause = self.history.get(signal.fact_id)
        self.standing.put(signal, cause.at if cause is not None else signal.at)

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
