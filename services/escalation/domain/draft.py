"""The draft of one event's decisions: the state so far, and the decisions in order.

A decision is folded into the state at once, so the next decision sees it. Nothing is written here: once the event is
decided, `handlers.apply` writes the effects.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.clocks import timer_of
from services.escalation.domain.decisions.decision import Decision, Kept, KeptWithClock, Row
from services.escalation.domain.entities import Episode, Signal
from services.escalation.domain.own_facts import EpisodeDue
from services.escalation.domain.unit_of_work import UnitOfWork
from shared.contracts.envelope import Envelope, Fact

D = TypeVar("D", bound=Fact, covariant=True)
TracedBy: TypeAlias = Callable[[Envelope[Fact]], str | None]


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """A decision, and the event or signal that caused it."""

    cause: Envelope[Fact]
    decision: Decision


@dataclass(frozen=True, slots=True)
class TimerSet:
    """`fact` comes back as an event of the cause's account at `due_at`, or when `awaits` arrives."""

    cause: Envelope[Fact]
    fact: Fact
    due_at: datetime
    awaits: str | None = None
    made_of_silence: bool = False


@dataclass(frozen=True, slots=True)
class TimerTakenBack:
    """A cancelled timer of an account: nothing is left to wait for."""

    fact: Fact
    account_id: str


@dataclass(frozen=True, slots=True)
class TimersHurried:
    """Every timer that awaits this lock key is due at once."""

    awaited: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The event is refused: it changes nothing and ends as a dead letter, or as a response with this reason."""

    cause: Envelope[Fact]
    code: str
    reason: str


Effect: TypeAlias = DecisionMade | TimerSet | TimerTakenBack | TimersHurried | Rejected


@dataclass(frozen=True, slots=True)
class Draft(Generic[D]):
    """An event with the state for its decisions. `traced_by` returns the trace context for an event's effects."""

    work: UnitOfWork
    event: Envelope[D]
    now: datetime
    traced_by: TracedBy = lambda _: None
    effects: list[Effect] = field(default_factory=list)

    @property
    def fact(self) -> D:
        return self.event.data

    @property
    def account_id(self) -> str:
        return self.event.subject

    @property
    def state(self) -> AccountState:
        """Everything kept of the account that the event is about."""
        return self.work.state(self.account_id)

    @property
    def traceparent(self) -> str | None:
        """The trace context for this event's effects."""
        return self.traced_by(self.event)

    def decide(self, decision: Decision) -> None:
        """Fold a decision into the state, and record it."""
        for row in decision.rows():
            self.work.put(row)
        if decision.cancels is not None and decision.episode_id is not None:
            self.work.cancel_deliveries(decision.episode_id, decision.cancels, self.now)
        self.effects.append(DecisionMade(self.event, decision))
        if decision.sets_clock and decision.episode_id is not None:
            self._set_clock(self.work.state(self.account_id).episodes[decision.episode_id])

    def keep(self, *rows: Row) -> None:
        """Change rows without recording a decision."""
        self.decide(Kept(rows))

    def keep_with_clock(self, episode: Episode) -> None:
        """Change an episode and its clock; another decision records the reason."""
        self.decide(KeptWithClock(episode))

    def set_timer(
        self, fact: Fact, *, due_at: datetime, awaits: str | None = None, made_of_silence: bool = False
    ) -> None:
        """Have `fact` come back as an event of this account at `due_at`, or when `awaits` arrives."""
        self.effects.append(TimerSet(self.event, fact, due_at, awaits, made_of_silence))

    def set_timer_of(self, subject: str, fact: Fact, *, due_at: datetime) -> None:
        """Have `fact` come back as an event of another account or person."""
        self.effects.append(TimerSet(self.event.model_copy(update={"subject": subject}), fact, due_at))

    def take_timer_back(self, fact: Fact) -> None:
        self.effects.append(TimerTakenBack(fact, self.account_id))

    def hurry_timers(self, awaited: str) -> None:
        """Make every timer due that awaits this lock key."""
        self.effects.append(TimersHurried(awaited))

    def reject(self, code: str, reason: str) -> None:
        """Refuse the event. Raises AssertionError after a decision, because a refused event changes nothing."""
        assert not self.effects, f"{code}: refused after something was decided"
        self.effects.append(Rejected(self.event, code, reason))

    def of_signal(self, signal: Signal) -> "Draft[Fact]":
        """The same draft, with effects attributed to the signal although another event caused them."""
        own = {
            "id": str(signal.signal_id),
            "source": "handoff/escalation/signals",
            "type": "escalation.signal_matched",
            "traceparent": signal.traceparent,
        }
        return replace(self, event=self.event.model_copy(update=own))

    def _set_clock(self, episode: Episode) -> None:
        timer = timer_of(episode, self.work.policy_for(self.work.order_of(episode))[1], self.now)
        due = EpisodeDue(episode=episode.episode_id)
        if timer is None:
            self.take_timer_back(due)
        else:
            self.set_timer(due, due_at=timer.due_at, made_of_silence=timer.made_of_silence)
