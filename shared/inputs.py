"""What enters a service, and what becomes of it: records, HTTP calls, timers, buttons and delivery receipts alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from shared.contracts.envelope import Envelope, Fact
from shared.contracts.nearest import Unknown
from shared.ids import derived


class InputKind(StrEnum):
    RECORD = "record"
    HTTP = "http"
    TIMER = "timer"
    BUTTON = "button"
    DELIVERY = "delivery"


class Outcome(StrEnum):
    """What became of an input. Every delivered offset ends in exactly one of the first three.

    What is set aside waits for one of them: its account's turn has not come yet.
    """

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"
    SET_ASIDE = "set_aside"


class Partition(NamedTuple):
    topic: str
    number: int


class Position(NamedTuple):
    """Where a record stands: topic with its prefix, partition, offset."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as it came, kept so that a dead letter can be replayed byte for byte."""

    topic: str
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An input that cannot be applied: `code` is of a bounded set, `reason` is words for the publisher.

    `field` names the attribute or member at fault, where there is one.
    """

    code: str
    reason: str
    raw: RawMessage
    position: Position | None = None
    place_is_taken: bool = False
    """Whether another dead letter is kept from this very position: of a topic of the same name that is gone."""
    field: str | None = None
    answered: bool = False
    """Whether its publisher has the refusal as the answer to a request."""

    @property
    def id(self) -> UUID:
        if self.position is None:
            return derived("dead_letter", self.raw.topic, self.raw.key, self.raw.headers, self.raw.body)
        told_apart = (self.raw.body,) if self.place_is_taken else ()
        return derived("dead_letter", *self.position, *told_apart)


def from_publisher(event: Envelope[Fact]) -> bool:
    """Whether another system made an event, by its own clock."""
    return ".inbound." in event.type


@dataclass(frozen=True, slots=True)
class Input:
    """One decoded event on its way in. `digest` tells a true duplicate from an id used twice; `ignored` are members
    of its data that nobody reads."""

    envelope: Envelope[Fact]
    body: bytes
    digest: bytes
    kind: InputKind
    raw: RawMessage | None = None
    position: Position | None = None
    key_matches: bool = True
    ignored: tuple[Unknown, ...] = ()

    @property
    def identity(self) -> tuple[str, str]:
        return self.envelope.source, self.envelope.id

    @property
    def from_publisher(self) -> bool:
        """Whether another system made this event: only such an id can come again with another body by mistake."""
        return from_publisher(self.envelope)

    def rejection(self, code: str, reason: str, *, at_fault: str | None = None) -> Rejection:
        envelope = self.envelope
        raw = self.raw or RawMessage(envelope.type, envelope.subject.encode(), (), self.body)
        return Rejection(code, reason, raw, self.position, field=at_fault)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction takes. `next_offsets` is stored with it; `known_offsets` must already be stored.

    `topic_ids` says of which topics the offsets are; it is refused where those stored are of others.
    `replays` names the dead letter that is tried again with these inputs, `heard_at` is when it was first received.
    With `whatever_time` what is dated ahead of that counts as heard then, however far ahead it is.
    """

    inputs: Sequence[Input]
    rejections: Sequence[Rejection] = ()
    next_offsets: Mapping[Partition, int] = field(default_factory=dict)
    known_offsets: Mapping[Partition, int] = field(default_factory=dict)
    topic_ids: Mapping[Partition, UUID | None] = field(default_factory=dict)
    replays: UUID | None = None
    heard_at: datetime | None = None
    whatever_time: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What one transaction did: the outcome of each input, in order, and what it refused and why.

    `waiting` are applied inputs that wait for what they are about, by source and id.
    """

    outcomes: Sequence[Outcome]
    rejected: Sequence[Rejection]
    waiting: frozenset[tuple[str, str]] = frozenset()


_ID_REUSED = (
    "an event with this source and id was received before with another type, subject, time or content; "
    "the first one stands. Send a new fact under a new id."
)


@dataclass(slots=True)
class Decided:
    """What became of a batch's inputs, as they are decided."""

    applied: list[Input] = field(default_factory=list)
    duplicates: list[Input] = field(default_factory=list)
    refused: list[tuple[Input, Rejection]] = field(default_factory=list)
    set_aside: list[Input] = field(default_factory=list)

    def repeat(self, one: Input, first_digest: bytes) -> None:
        """An input whose id was applied before. Publishers' ids must keep their body; our own ids alone decide."""
        if one.digest == first_digest or not one.from_publisher:
            self.duplicates.append(one)
        else:
            self.refuse(one, "id_reused", _ID_REUSED)

    def refuse(self, one: Input, code: str, reason: str, *, at_fault: str | None = None) -> None:
        self.refused.append((one, one.rejection(code, reason, at_fault=at_fault)))

    @property
    def rejections(self) -> list[Rejection]:
        return [rejection for _, rejection in self.refused]

    def outcomes(self, inputs: Sequence[Input]) -> list[Outcome]:
        """The outcome of each input, in the order of the batch."""
        outcomes = {id(one): Outcome.APPLIED for one in self.applied}
        outcomes |= {id(one): Outcome.DUPLICATE for one in self.duplicates}
        outcomes |= {id(one): Outcome.DEAD_LETTERED for one, _ in self.refused}
        outcomes |= {id(one): Outcome.SET_ASIDE for one in self.set_aside}
        return [outcomes[id(one)] for one in inputs]
