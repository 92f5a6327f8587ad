"""The inputs of a service and their outcomes: records, HTTP calls, timers, buttons and delivery receipts."""

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
    """The outcome of an input. Every delivered offset ends in exactly one of the first three.

    An input that is set aside gets one of them later: its account's turn has not come yet.
    """

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"
    SET_ASIDE = "set_aside"


class Partition(NamedTuple):
    topic: str
    number: int


class Position(NamedTuple):
    """The position of a record: topic with its prefix, partition, offset."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as received, kept so that a dead letter can be replayed byte for byte."""

    topic: str
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An input that cannot be applied: `code` is of a bounded set, `reason` is words for the publisher.

    `field` names the faulty attribute or member, if there is one.
    """

    code: str
    reason: str
    raw: RawMessage
    position: Position | None = None
    place_is_taken: bool = False
    """Whether another dead letter is kept from the same position: of a deleted topic with the same name."""
    field: str | None = None
    answered: bool = False
    """Whether its publisher received the refusal as the response to a request."""

    @property
    def id(self) -> UUID:
        if self.position is None:
            return derived("dead_letter", self.raw.topic, self.raw.key, self.raw.headers, self.raw.body)
        by_body = (self.raw.body,) if self.place_is_taken else ()
        return derived("dead_letter", *self.position, *by_body)


def from_publisher(event: Envelope[Fact]) -> bool:
    """Whether another system made an event, with its own clock."""
    return ".inbound." in event.type


@dataclass(frozen=True, slots=True)
class Input:
    """One decoded incoming event.

    `digest` distinguishes a true duplicate from an id used twice; `ignored` are members of its data that no code reads.
    """

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
        """Whether another system made this event: only its id can be used again by mistake with another body."""
        return from_publisher(self.envelope)

    def rejection(self, code: str, reason: str, *, at_fault: str | None = None) -> Rejection:
        envelope = self.envelope
        raw = self.raw or RawMessage(envelope.type, envelope.subject.encode(), (), self.body)
        return Rejection(code, reason, raw, self.position, field=at_fault)


@dataclass(frozen=True, slots=True)
class Batch:
    """The inputs of one transaction. `next_offsets` is stored with it; `known_offsets` must already be stored.

    `topic_ids` are the ids of the offsets' topics; the batch is refused if the stored offsets belong to other topics.
    `replays` names the dead letter that is tried again with these inputs. Times ahead are judged by `received_at`: the
    first receipt of a dead letter, or the last receipt of facts that were set aside; None: now. With `any_time`
    all times ahead of that count as `received_at`, however far ahead.
    """

    inputs: Sequence[Input]
    rejections: Sequence[Rejection] = ()
    next_offsets: Mapping[Partition, int] = field(default_factory=dict)
    known_offsets: Mapping[Partition, int] = field(default_factory=dict)
    topic_ids: Mapping[Partition, UUID | None] = field(default_factory=dict)
    replays: UUID | None = None
    received_at: datetime | None = None
    any_time: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one transaction: the outcome of each input, in order, and the refusals with their reasons.

    `waiting` are applied inputs that wait for their subject's opening, by source and id.
    """

    outcomes: Sequence[Outcome]
    rejected: Sequence[Rejection]
    waiting: frozenset[tuple[str, str]] = frozenset()


_ID_REUSED = (
    "an event with this source and id was received before, with a different type, subject, time or content. "
    "The first one is kept; this one was not applied. Send a new fact with a new id."
)


@dataclass(slots=True)
class Decided:
    """The outcomes of a batch's inputs, as they are decided."""

    applied: list[Input] = field(default_factory=list)
    duplicates: list[Input] = field(default_factory=list)
    refused: list[tuple[Input, Rejection]] = field(default_factory=list)
    set_aside: list[Input] = field(default_factory=list)

    def repeat(self, one: Input, first_digest: bytes) -> None:
        """Note an input whose id was applied before.

        A publisher's id must keep its body; for our own ids the id decides.
        """
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
