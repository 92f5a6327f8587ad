"""The state that a batch works on: the rows loaded for its accounts, and their changes."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.changes import Changes
from services.escalation.domain.decisions.decision import Row
from services.escalation.domain.deliveries import APPROVAL_OVER, BESIDE_THE_LADDER, CLOSED, cancelled
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.thresholds import Thresholds, ThresholdsAt
from services.escalation.domain.entities import (
    Account,
    Alert,
    Case,
    Delivery,
    Episode,
    Order,
    Salesperson,
    Signal,
    products_of,
)
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.installation import Installation
from services.escalation.domain.losses.loss import Loss
from services.escalation.domain.main_signal import all_for_information, is_for_information, main_signal
from services.escalation.domain.offers import Offer
from services.escalation.domain.policy.model import Policy, TeamMode
from services.escalation.domain.policy.versions import Policies, PolicyVersion
from services.escalation.domain.results import Result
from services.escalation.domain.save_windows import SaveWindow
from services.escalation.domain.signals.silences import Silence
from services.escalation.domain.thresholds_in_force import thresholds_in_force
from services.escalation.domain.win_backs import WinBack
from shared.contracts.escalation import RingCause


@dataclass(slots=True)
class UnitOfWork:
    """Handlers read it and put rows into it, one event after the other; the store saves its changes.

    `states` are the batch's accounts. `notified` holds the people ever notified, for each episode that a button or a
    clock of the batch is about. `concerned` holds, for each person who changes in the batch, the accounts of their open
    episodes or mail. `ending` are standing signals that end before the current comparison is over. `awaited` are the
    silences with timers, of accounts that are judged again. `win_backs`: those that events of the batch are about.
    """

    installation: Installation
    policies: Policies
    states: dict[str, AccountState] = field(default_factory=dict)
    people: dict[str, Salesperson] = field(default_factory=dict)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)
    notified: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    concerned: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    win_backs: dict[UUID, WinBack] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    ending: frozenset[UUID] = frozenset()
    awaited: set[Silence] = field(default_factory=set)
    expected: dict[tuple[str, Silence], datetime] = field(default_factory=dict)
    recorded: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    _thresholds_by_version: dict[int, Thresholds] = field(default_factory=dict)

    def state(self, account_id: str) -> AccountState:
        """Everything kept of an account; empty for an unknown account."""
        try:
            return self.states[account_id]
        except KeyError:
            return self.states.setdefault(account_id, AccountState(account_id))

    def put(self, row: Row) -> None:
        """Keep a row in its current state."""
        _PUT[type(row)](self, row)

    def put_account(self, account: Account) -> None:
        self.state(account.account_id).put_account(account)
        self.changes.accounts[account.account_id] = account

    def put_order(self, order: Order) -> None:
        self.state(order.account_id).put_order(order)
        self.changes.orders[order.order_id] = order

    def put_person(self, person: Salesperson) -> None:
        self.people[person.salesperson_id] = person
        self.changes.people[person.salesperson_id] = person

    def put_case(self, case: Case) -> None:
        self.state(case.account_id).put_case(case)
        self.changes.cases[case.account_id, case.case_id] = case

    def put_fact(self, fact: AccountFact) -> bool:
        """Remember a fact. Return False if it is known already."""
        if not self.history(fact.account_id).add(fact):
            return False
        self.changes.facts[fact.fact_id] = fact
        state = self.state(fact.account_id)
        state.results.note_order(fact.order_id)
        state.windows.note_fact(fact)
        return True

    def put_episode(self, episode: Episode) -> None:
        self.state(episode.account_id).put_episode(episode)
        self.changes.episodes[episode.episode_id] = episode

    def put_offer(self, offer: Offer) -> None:
        self.state(offer.account_id).put_offer(offer)
        self.changes.offers[offer.offer_id] = offer

    def put_signal(self, signal: Signal) -> None:
        self.state(signal.account_id).put_signal(signal)
        self.changes.signals[signal.signal_id] = signal

    def put_result(self, result: Result) -> None:
        state = self.state(result.account_id)
        state.put_result(result)
        state.results.note_order(result.order_id)
        self.changes.results[result.episode_id] = result

    def put_window(self, window: SaveWindow) -> None:
        self.state(window.account_id).put_window(window)
        self.changes.windows[window.episode_id] = window

    def put_alert(self, alert: Alert) -> None:
        self.alerts[alert.alert_id] = alert
        self.notified[alert.episode_id].add(alert.recipient)
        self.changes.alerts[alert.alert_id] = alert

    def put_delivery(self, delivery: Delivery) -> None:
        self.deliveries[delivery.delivery_id] = delivery
        self.changes.deliveries[delivery.delivery_id] = delivery

    def put_win_back(self, win_back: WinBack) -> None:
        self.win_backs[win_back.episode_id] = win_back
        self.changes.win_backs[win_back.episode_id] = win_back

    def name_of(self, salesperson_id: str) -> str:
        """The person's name, or the id if the directory does not know the person."""
        person = self.people.get(salesperson_id)
        return person.name if person else salesperson_id

    def account(self, account_id: str) -> Account:
        return self.state(account_id).account

    def history(self, account_id: str) -> History:
        return self.state(account_id).history

    def put_loss(self, loss: Loss) -> None:
        self.changes.losses[loss.episode_id] = loss

    def undo_loss(self, episode_id: UUID) -> None:
        """Forget the answers about a loss, as its close is undone."""
        self.changes.losses[episode_id] = None

    def put_policy(self, version: PolicyVersion) -> None:
        self.policies = self.policies.followed_by([version])
        self.changes.policies.append(version)

    def case_of(self, account_id: str, case_id: str | None) -> Case | None:
        return None if case_id is None else self.state(account_id).cases.get(case_id)

    def order_of(self, episode: Episode) -> Order:
        return self.state(episode.account_id).orders[episode.order_id]

    def standing(self, episode: Episode) -> list[Signal]:
        """The signals that put an order at risk now, in the order of event times."""
        return self.state(episode.account_id).standing.of_episode(episode.episode_id)

    def decisive_signals(self, episode: Episode) -> list[Signal]:
        """The standing signals that are enough to determine an episode's severity and subject; see `Standing`."""
        return self.state(episode.account_id).standing.decisive_signals(episode.episode_id, without=self.ending)

    def main_signal(self, episode: Episode) -> Signal | None:
        """The standing signal that an episode is about; None if none stands."""
        return main_signal(self._decisive_signals(episode), self._policy_of(episode))

    def is_for_information(self, episode: Episode) -> bool:
        """Whether an episode needs no response: every standing signal is for information."""
        return all_for_information(self._decisive_signals(episode), self._policy_of(episode))

    def signal_is_for_information(self, signal: Signal, order: Order) -> bool:
        """Whether a signal of this order is for information."""
        return is_for_information(signal, self.policy_for(order)[1])

    def _decisive_signals(self, episode: Episode) -> list[Signal]:
        return self.state(episode.account_id).standing.decisive_signals(episode.episode_id)

    def _policy_of(self, episode: Episode) -> Policy:
        return self.policy_for(self.order_of(episode))[1]

    def policy_for(self, order: Order, at: datetime | None = None) -> tuple[int, Policy]:
        """The policy for an order, with its version: the one in force at an instant, or the latest."""
        version = self.policies.latest if at is None else self.policies.at(at)
        return version.version, self.policies.for_order(version, order.segment, products_of(order))

    def team_mode(self, order: Order) -> TeamMode:
        """The mode of the team of this order's seller."""
        seller = self.people.get(order.sold_by or "")
        return self.policies.latest.policy.teams.of(seller.manager if seller else None)

    @property
    def ring_within(self) -> timedelta:
        """The greatest age at which a newly seen signal still notifies; zero means any age. The installation's
        `max_alert_age` replaces the policy's value."""
        own = self.installation.max_alert_age
        policy_own: timedelta = self.policies.latest.policy.age.ring_within
        return policy_own if own is None else own

    @property
    def thresholds(self) -> ThresholdsAt:
        """The thresholds in force at an instant, as a function of it."""
        return thresholds_in_force(self.policies, self._thresholds_by_version)

    def expect(self, account_id: str, silence: Silence, due_at: datetime) -> bool:
        """Note that a timer waits for a silence until then. Return whether that is new in this batch."""
        key = (account_id, silence)
        news = self.expected.get(key) != due_at
        self.expected[key] = due_at
        return news

    def cancel_deliveries(self, episode_id: UUID, because: str, now: datetime) -> None:
        """Cancel all pending deliveries of an episode, both stored ones and ones made in this batch.

        Deliveries beside the ladder are still sent, unless the episode is over.
        """
        self.changes.cancelled_deliveries[episode_id] = (because, now)
        for delivery in list(self.changes.deliveries.values()):
            alert = self.alerts[delivery.alert_id]
            if alert.episode_id == episode_id and (because == CLOSED or alert.cause not in BESIDE_THE_LADDER):
                self.put_delivery(cancelled(delivery, because, now))

    def cancel_approvals(self, episode_id: UUID, now: datetime) -> None:
        """Cancel what is unsent of the request to approve an offer of this episode."""
        self.changes.cancelled_approvals.add(episode_id)
        for delivery in list(self.changes.deliveries.values()):
            alert = self.alerts[delivery.alert_id]
            if alert.episode_id == episode_id and alert.cause is RingCause.APPROVAL:
                self.put_delivery(cancelled(delivery, APPROVAL_OVER, now))

    def cancel_mail(self, account_id: str, person: str) -> None:
        """Cancel all messages about this account to a person who left."""
        self.changes.left.add((account_id, person))

    def next_record(self, cause: tuple[str, str]) -> int:
        """The number of the next record that this cause produces, starting at 1."""
        self.recorded[cause] += 1
        return self.recorded[cause]


_PUT: Mapping[type, Callable[[UnitOfWork, Any], None]] = {
    Account: UnitOfWork.put_account,
    Alert: UnitOfWork.put_alert,
    Case: UnitOfWork.put_case,
    Delivery: UnitOfWork.put_delivery,
    Episode: UnitOfWork.put_episode,
    Loss: UnitOfWork.put_loss,
    Offer: UnitOfWork.put_offer,
    Order: UnitOfWork.put_order,
    Result: UnitOfWork.put_result,
    Salesperson: UnitOfWork.put_person,
    SaveWindow: UnitOfWork.put_window,
    Signal: UnitOfWork.put_signal,
    WinBack: UnitOfWork.put_win_back,
}
