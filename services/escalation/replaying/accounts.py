"""Replays one account: its inputs and its own timers, in the batches of the journal. Start at `AccountReplay.run`."""

from collections import defaultdict
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from services.escalation.domain import deciding
from services.escalation.domain.account_state import AccountState
from services.escalation.domain.changes import Changes
from services.escalation.domain.channels import CHANNELS
from services.escalation.domain.deciding.alerts import delivery_id
from services.escalation.domain.deliveries import APPROVAL_OVER, BESIDE_THE_LADDER, CLOSED, cancelled
from services.escalation.domain.delivery_facts import DeliveryAttempted
from services.escalation.domain.detections.thresholds import Thresholds
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Alert, Delivery, Salesperson
from services.escalation.domain.installation import Installation
from services.escalation.domain.needed import deliveries_meant, episodes_meant, people_needed
from services.escalation.domain.own_facts import RulesChanged, SilenceEnded
from services.escalation.domain.policy.versions import BEGINNING
from services.escalation.domain.signals.silences import Silence
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.domain.win_backs import WinBack
from services.escalation.handlers.apply import Effects, write_effects
from services.escalation.replaying.batches import Batches
from services.escalation.replaying.effects import BatchEffects
from services.escalation.replaying.journaled import Journaled, Place
from services.escalation.replaying.timeline import Timeline
from services.escalation.replaying.timers import Timers, Unfired, by_timer
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import RingCause

_UNSENT = ("pending", "held", "unknown")

Translate: TypeAlias = Callable[["AccountReplay", Envelope[Fact], datetime], Envelope[Fact] | None]
"""An event as it counts in this replay; None: it does not count."""


def as_it_was(_replay: "AccountReplay", event: Envelope[Fact], _now: datetime) -> Envelope[Fact]:
    """Under the policy in force every reaction counts."""
    return event


@dataclass(slots=True)
class Course:
    """What all accounts of one replay have in common. `write` takes the effects of each event; without records it is
    `write_all_but_decisions`. `keep` receives the changes of each batch, `refuse` each refused event with its code."""

    timeline: Timeline
    installation: Installation
    until: datetime
    keep: Callable[[datetime, Changes], None] = lambda _now, _changes: None
    write: Callable[[Effects, Draft[Any]], None] = write_effects
    refuse: Callable[[Envelope[Fact], str], None] = lambda _event, _code: None
    thresholds: dict[int, Thresholds] = field(default_factory=dict)


@dataclass(slots=True)
class AccountReplay:
    """The state of one account in a replay. `notified` holds the people ever notified of each episode, `first_notified`
    since when."""

    account_id: str
    course: Course
    unfired: Unfired
    translate: Translate = as_it_was
    state: AccountState = field(init=False)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)
    win_backs: dict[UUID, WinBack] = field(default_factory=dict)
    notified: dict[UUID, set[str]] = field(default_factory=dict)
    first_notified: dict[tuple[UUID, str], datetime] = field(default_factory=dict)
    _timers: Timers = field(init=False)
    _possible: dict[UUID, Delivery] = field(default_factory=dict)
    _unsent: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    _involved: set[str] = field(default_factory=set)
    _people: tuple[int, frozenset[str], dict[str, Salesperson]] | None = None

    def __post_init__(self) -> None:
        self.state = AccountState(self.account_id)

    def run(self, inputs: Sequence[Journaled]) -> None:
        """Decide all inputs of the account, and the timers that this sets, up to the end of the journal."""
        timeline = self.course.timeline
        self._timers = Timers(
            by_timer(inputs), timeline.next_hurry, self.unfired, is_as_it_was=self.translate is as_it_was
        )
        own = (one for one in inputs if not one.is_made_anew)
        batches, before = Batches(own, self._timers, self.course.until), BEGINNING
        while (now := batches.next_now(timeline.next_set_off(self._involved, before))) is not None:
            events = batches.take(now)  # first: what a change of this instant sets fires later
            self._set_off(now)
            if events:
                self._decide(now, events)
            before = now

    def _set_off(self, now: datetime) -> None:
        """Have the account look at changes of people who have its open episodes, as their transaction does."""
        effects = BatchEffects(now)
        for one in self.course.timeline.set_off_at(self._involved, now):
            person = one.change.person
            if self._has_work(person):
                effects.set_timer_of(self.account_id, one.change, due_at=now)
        effects.apply_to(self._timers, "account")

    def _has_work(self, person: str) -> bool:
        has_episode = any(person in (one.responsible, one.offered_to) for one in self.state.open_episodes.values())
        return has_episode or any(one.asked == person for one in self.state.pending_offers.values())

    def _decide(self, now: datetime, placed: Sequence[tuple[Place, Envelope[Fact]]]) -> None:
        events = [event for _, event in placed]
        work = self._work(now, events)
        needed = frozenset(people_needed(events, work.states, self.course.installation.desk))
        effects = BatchEffects(now)
        for place, event in placed:
            work.people = self._people_at(place, needed)
            counted = self.translate(self, event, now)
            if counted is None:
                continue
            draft: Draft[Fact] = Draft(work, counted, now, lambda cause: cause.traceparent)
            deciding.decide(draft)
            self.course.write(effects, draft)
            if (counted.source, counted.id) in effects.rejected:
                self.course.refuse(event, effects.rejected[counted.source, counted.id])
        effects.apply_to(self._timers, "account")
        self._fold(work.changes, now)
        self.course.keep(now, work.changes)

    def _work(self, now: datetime, events: Sequence[Envelope[Fact]]) -> UnitOfWork:
        course = self.course
        work = UnitOfWork(
            course.installation,
            course.timeline.policies_at(now),
            {self.account_id: self.state},
            win_backs=self.win_backs,
            _thresholds_by_version=course.thresholds,
        )
        for episode in episodes_meant(events, work.states):
            work.notified[episode] = self.notified.setdefault(episode, set())
        self._take_deliveries(work, events)
        if any(isinstance(event.data, RulesChanged) for event in events):
            waiting = (one.fact for one in self._timers.pending.values() if isinstance(one.fact, SilenceEnded))
            work.awaited |= {Silence(one.kind, one.case, one.order) for one in waiting}
        return work

    def _take_deliveries(self, work: UnitOfWork, events: Sequence[Envelope[Fact]]) -> None:
        """Give the batch the deliveries that it is about. An attempt was claimed before: that is no input."""
        attempts = {one.data.delivery: one.data.attempt for one in events if isinstance(one.data, DeliveryAttempted)}
        for id in deliveries_meant(events):
            delivery = self.deliveries.get(id) or self._possible.get(id)
            if delivery is None:
                continue
            if delivery.attempts < attempts.get(id, 0):
                delivery = replace(delivery, state="sending", attempts=attempts[id])
            work.alerts[delivery.alert_id] = self.alerts[delivery.alert_id]
            work.deliveries[id] = delivery

    def _people_at(self, place: Place, needed: frozenset[str]) -> dict[str, Salesperson]:
        stage = self.course.timeline.stage(place)
        if self._people is None or self._people[:2] != (stage, needed):
            self._people = stage, needed, self.course.timeline.people_at(place, needed)
        return self._people[2]

    def _fold(self, changes: Changes, now: datetime) -> None:
        """Keep what later batches load from tables; the rest is in the account's state already."""
        self.alerts.update(changes.alerts)
        self.deliveries.update(changes.deliveries)
        for delivery in changes.deliveries.values():
            unsent = self._unsent[self.alerts[delivery.alert_id].episode_id]
            (unsent.add if delivery.state in _UNSENT else unsent.discard)(delivery.delivery_id)
        for alert in changes.alerts.values():
            self.notified.setdefault(alert.episode_id, set()).add(alert.recipient)
            self.first_notified.setdefault((alert.episode_id, alert.recipient), alert.raised_at)
            self._note_possible(alert)
        for episode_id, (because, cancelled_at) in changes.cancelled_deliveries.items():
            causes = set(RingCause) if because == CLOSED else set(RingCause).difference(BESIDE_THE_LADDER)
            self._cancel(episode_id, because, cancelled_at, causes)
        for episode_id in changes.cancelled_approvals:
            self._cancel(episode_id, APPROVAL_OVER, now, (RingCause.APPROVAL,))
        for offer in changes.offers.values():
            self.state.put_offer(replace(offer, what=None))
            self._involved.update(one for one in (offer.asked,) if one is not None)
        for signal in changes.signals.values():
            if signal.words is not None:
                self.state.put_signal(replace(signal, words=None))  # as the service does, which keeps no words
        for episode in changes.episodes.values():
            self._involved.update(one for one in (episode.responsible, episode.offered_to) if one is not None)

    def _note_possible(self, alert: Alert) -> None:
        """Note the deliveries on channels without an address in the directory: who had a device then is not known."""
        for channel in CHANNELS.values():
            if channel.only_with_address:
                id = delivery_id(alert.alert_id, channel)
                self._possible[id] = Delivery(
                    id, alert.alert_id, alert.recipient, channel.name, "pending", alert.raised_at, alert.raised_at
                )

    def _cancel(self, episode_id: UUID, because: str, now: datetime, causes: Container[RingCause]) -> None:
        """Cancel what was not sent of alerts of these causes. Whether an attempt was under way shows later, when its
        outcome is an input."""
        for id in self._unsent.get(episode_id, ()):
            delivery = self.deliveries[id]
            if self.alerts[delivery.alert_id].cause in causes:
                self.deliveries[id] = cancelled(delivery, because, now)
