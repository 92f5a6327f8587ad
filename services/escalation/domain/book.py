"""The state a batch works on: what was loaded for its accounts, and what of it changed."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.escalation.domain.deliveries import silenced
from services.escalation.domain.entities import Alert, Case, Delivery, Episode, Order, Salesperson, Signal
from services.escalation.domain.policy.versions import Policies, PolicyVersion
from services.escalation.domain.rules import Rules


@dataclass(slots=True)
class Changes:
    """What is to be saved: for each table the rows by key, each as it is in the end."""

    orders: dict[str, Order] = field(default_factory=dict)
    people: dict[str, Salesperson] = field(default_factory=dict)
    cases: dict[tuple[str, str], Case] = field(default_factory=dict)
    episodes: dict[UUID, Episode] = field(default_factory=dict)
    signals: dict[UUID, Signal] = field(default_factory=dict)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)
    policies: list[PolicyVersion] = field(default_factory=list)
    silenced: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class Book:
    """Handlers read it and put rows into it, one event after the other; the store saves its changes."""

    rules: Rules
    policies: Policies
    orders: dict[str, dict[str, Order]] = field(default_factory=lambda: defaultdict(dict))
    people: dict[str, Salesperson] = field(default_factory=dict)
    cases: dict[tuple[str, str], Case] = field(default_factory=dict)
    open_episodes: dict[str, Episode] = field(default_factory=dict)
    episodes: dict[UUID, Episode] = field(default_factory=dict)
    signals: dict[UUID, Signal] = field(default_factory=dict)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)

    def put_order(self, order: Order) -> None:
        self.orders[order.account_id][order.order_id] = order
        self.changes.orders[order.order_id] = order

    def put_person(self, person: Salesperson) -> None:
        self.people[person.salesperson_id] = person
        self.changes.people[person.salesperson_id] = person

    def put_case(self, case: Case) -> None:
        self.cases[case.account_id, case.case_id] = case
        self.changes.cases[case.account_id, case.case_id] = case

    def put_episode(self, episode: Episode) -> None:
        self.episodes[episode.episode_id] = episode
        if episode.closed_at is None:
            self.open_episodes[episode.order_id] = episode
        self.changes.episodes[episode.episode_id] = episode

    def put_signal(self, signal: Signal) -> None:
        self.signals[signal.signal_id] = signal
        self.changes.signals[signal.signal_id] = signal

    def put_alert(self, alert: Alert) -> None:
        self.alerts[alert.alert_id] = alert
        self.changes.alerts[alert.alert_id] = alert

    def put_delivery(self, delivery: Delivery) -> None:
        self.deliveries[delivery.delivery_id] = delivery
        self.changes.deliveries[delivery.delivery_id] = delivery

    def put_policy(self, version: PolicyVersion) -> None:
        self.policies = self.policies.followed_by([version])
        self.changes.policies.append(version)

    def case_of(self, account_id: str, case_id: str | None) -> Case | None:
        return None if case_id is None else self.cases.get((account_id, case_id))

    def waiting_signals(self, account_id: str) -> list[Signal]:
        """Signals without an order yet, in the order of their event times, ties by id."""
        waiting = [
            signal for signal in self.signals.values() if signal.account_id == account_id and signal.episode_id is None
        ]
        return sorted(waiting, key=lambda signal: (signal.at, signal.signal_id))

    def silence(self, episode_id: UUID, now: datetime) -> None:
        """Cancel whatever is pending for an episode by now, stored or made in this batch."""
        self.changes.silenced.add(episode_id)
        for delivery in list(self.changes.deliveries.values()):
            if self.alerts[delivery.alert_id].episode_id == episode_id:
                self.put_delivery(silenced(delivery, now))
