"""`Transaction`, the effects of a handler. They reach the database only when `shared.transaction` saves them."""

import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar, cast
from uuid import UUID

from shared import timers
from shared.breathing import in_breaths
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.database import Connection
from shared.ids import derived
from shared.inputs import Position, Rejection
from shared.outbox import Outgoing
from shared.telemetry import Attribute, Attributes, EffectSpan, start_effect_span
from shared.timers import TimerSetting

F = TypeVar("F", bound=Fact)


@dataclass(slots=True)
class Transaction:
    """A handler's transaction: the handler reads and writes its service's tables on `connection`, and adds effects.

    `now` comes from the database's clock, the only one that decides anything. Past `give_up_at` of the monotonic clock
    the transaction has taken too long. `timers_to_set` are by timer id; `hurried` are the lock keys whose timers become
    due. `observed` is for the service's `observe`; `after_commit` is called only after the commit. By event identity:
    `rejected` refusals with code and reason, `waiting` events, `positions` of records, and `late_dead_letters` of
    events of earlier batches. `set_aside` are accounts whose records go behind the waiting ones. A handler with
    versioned rules sets the version that it decided by.
    """

    connection: Connection
    now: datetime
    service: str
    give_up_at: float
    outgoing: list[Outgoing] = field(default_factory=list)
    timers_to_set: dict[UUID, TimerSetting] = field(default_factory=dict)
    cancelled: set[UUID] = field(default_factory=set)
    hurried: list[str] = field(default_factory=list)
    rejected: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    reported: dict[tuple[str, str], Envelope[Fact]] = field(default_factory=dict)
    waiting: set[tuple[str, str]] = field(default_factory=set)
    with_unknown_members: list[str] = field(default_factory=list)
    dead_letters: list[Rejection] = field(default_factory=list)
    late_dead_letters: dict[tuple[str, str], Rejection] = field(default_factory=dict)
    spans: dict[tuple[str, str], EffectSpan] = field(default_factory=dict)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)
    observed: list[object] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    rules_version: int | None = None
    set_aside: Collection[str] = ()
    started_ns: int = field(default_factory=time.time_ns)

    def each(self, events: Iterable[Envelope[Fact]]) -> AsyncIterator[Envelope[Fact]]:
        """The events one by one, with turns for other tasks in between. A transaction that takes too long gives up."""
        return in_breaths(events, give_up_at=self.give_up_at)

    def publish(
        self,
        fact: Fact,
        *,
        cause: Envelope[Fact],
        time: datetime | None = None,
        discriminator: object = "",
    ) -> None:
        """Publish a fact about the cause's subject, by default at the cause's time.

        Its id is derived from the cause, the type and the discriminator, which several facts of one cause need.
        """
        event: Envelope[Fact] = envelope(
            fact,
            id=str(derived("event", cause.source, cause.id, fact.type, discriminator)),
            source=f"handoff/{self.service}",
            subject=cause.subject,
            time=time or cause.time,
            traceparent=self.traceparent(cause),
        )
        self.outgoing.append(Outgoing(event, fact.topic))

    def set_timer(
        self,
        fact: Fact,
        *,
        cause: Envelope[Fact],
        due_at: datetime,
        awaits: str | None = None,
        made_of_silence: bool = False,
    ) -> None:
        """Have `fact` come back as an event of the cause's subject at `due_at`, or when `awaits` arrives."""
        traceparent = self.traceparent(cause)
        body = fact.model_dump_json()
        id = timers.timer_id(fact, cause.subject, body)
        self.cancelled.discard(id)
        self.timers_to_set[id] = TimerSetting(
            id, fact, body, cause.subject, due_at, traceparent, awaits, made_of_silence
        )

    def cancel_timer(self, fact: Fact, subject: str) -> None:
        """Cancel a timer, set before or in this transaction."""
        id = timers.timer_id(fact, subject)
        self.timers_to_set.pop(id, None)
        self.cancelled.add(id)

    def hurry_timers(self, awaited: str) -> None:
        """Make every timer that awaits this lock key due at once."""
        self.hurried.append(awaited)

    def reject(self, event: Envelope[Fact], code: str, reason: str) -> None:
        """Refuse an event: it ends as a dead letter with this reason. The caller changes nothing for it."""
        self.rejected[event.source, event.id] = (code, reason)

    def as_reported(self, event: Envelope[F]) -> Envelope[F]:
        """The event as its publisher sent it; elsewhere its times ahead of our clock count as now."""
        return cast(Envelope[F], self.reported.get((event.source, event.id), event))

    def dead_letter(self, event: Envelope[Fact], rejection: Rejection) -> None:
        """Keep a dead letter of an event of an earlier batch, such as a fact that had waited in vain.

        It counts as never applied: its publisher may send it again, and its dead letter can be replayed.
        """
        self.late_dead_letters[event.source, event.id] = rejection

    def traceparent(self, cause: Envelope[Fact]) -> str | None:
        """The trace context for this event's effects. The first effect of an event opens its span."""
        identity = (cause.source, cause.id)
        if identity not in self.spans:
            self.spans[identity] = start_effect_span(
                f"{self.service} {cause.type}",
                parent=cause.traceparent,
                attributes=_attributes(cause, self.positions.get(identity)),
                start_time_ns=self.started_ns,
            )
        return self.spans[identity].traceparent


def _attributes(cause: Envelope[Fact], place: Position | None) -> Attributes:
    """The attributes of an event's span; `place` is the position of an event that came as a record."""
    about: dict[Attribute, str | int | UUID] = {
        Attribute.EVENT_ID: cause.id,
        Attribute.EVENT_TYPE: cause.type,
        Attribute.EVENT_SOURCE: cause.source,
    }
    if place is not None:
        about |= {
            Attribute.MESSAGING_SYSTEM: "kafka",
            Attribute.OPERATION_NAME: "process",
            Attribute.OPERATION_TYPE: "process",
            Attribute.DESTINATION_NAME: place.topic,
            Attribute.DESTINATION_PARTITION: str(place.partition),
            Attribute.KAFKA_OFFSET: place.offset,
        }
    return about
