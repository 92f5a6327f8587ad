"""What becomes of an order at risk: its episode from the first signal to the end, and who was alerted."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.escalation.kinds import (
    DeliveryChannel,
    EpisodeResult,
    PolicyVersion,
    RingCause,
    Severity,
    SignalKind,
    Step,
)
from shared.contracts.fact import Fact
from shared.contracts.fields import Code, Id, Instant

TOPIC = "escalation.episodes.v1"


class EpisodeRaised(Fact):
    """An order came to be at risk; `salesperson` is its original seller, `at` when the signal happened.

    `follows` is the closed episode before it, of the same order.
    """

    type: ClassVar[str] = "escalation.episode_raised"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    salesperson: Id | None = None
    signal: UUID
    kind: SignalKind
    at: Instant
    severity: Severity | None = None
    follows: UUID | None = None
    policy_version: PolicyVersion | None = None


class EpisodeSignalled(Fact):
    """A further signal joined an open episode; `at` is when it happened."""

    type: ClassVar[str] = "escalation.episode_signalled"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    signal: UUID
    kind: SignalKind
    case: Id | None = None
    at: Instant


class SignalCleared(Fact):
    """What put the order at risk was put right; `at` is when, `because` by what kind of fact."""

    type: ClassVar[str] = "escalation.signal_cleared"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    signal: UUID
    kind: SignalKind
    at: Instant
    because: Code


class SignalWithdrawn(Fact):
    """A signal turned out to be none: a fact told late shows it; `at` is when that fact happened."""

    type: ClassVar[str] = "escalation.signal_withdrawn"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    signal: UUID
    kind: SignalKind
    at: Instant
    because: Code


class SeverityRaised(Fact):
    """An open episode became worse than it was `before`; `signal` is what made it so."""

    type: ClassVar[str] = "escalation.severity_raised"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    severity: Severity
    before: Severity
    signal: UUID
    kind: SignalKind
    policy_version: PolicyVersion


class AlertRaised(Fact):
    """One ring to one person for one cause; `because` tells why it is this person, `cause` why it rings now."""

    type: ClassVar[str] = "escalation.alert_raised"
    topic: ClassVar[str] = TOPIC

    alert: UUID
    episode: UUID
    order: Id
    recipient: Id
    signal: UUID
    kind: SignalKind
    because: Code
    step: Step | None = None
    severity: Severity | None = None
    cause: RingCause | None = None
    policy_version: PolicyVersion | None = None


class AlertSent(Fact):
    """The first delivery of an alert was accepted by a channel other than the inbox."""

    type: ClassVar[str] = "escalation.alert_sent"
    topic: ClassVar[str] = TOPIC

    alert: UUID
    episode: UUID
    channel: DeliveryChannel
    sent_at: Instant


class EpisodeExhausted(Fact):
    """Nobody answered, all the way up the ladder and after every repeat; the episode stays open."""

    type: ClassVar[str] = "escalation.episode_exhausted"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    at: Instant


class EpisodeClosed(Fact):
    """An episode ended; without `by` it closed itself."""

    type: ClassVar[str] = "escalation.episode_closed"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    result: EpisodeResult
    reason: Code
    by: Id | None = None
    closed_at: Instant


class EpisodeReopened(Fact):
    """The person who closed an episode at `closed_at` took that back: it is open as it was before.

    A signal that ended while it was closed has ended, without an event of its own.
    """

    type: ClassVar[str] = "escalation.episode_reopened"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    closed_at: Instant
    reopened_at: Instant
