"""Events of an order at risk: its episode from the first signal to the end, and its alerts."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.escalation.kinds import (
    DeliveryChannel,
    EpisodeResult,
    PolicyVersion,
    RingCause,
    SaleContribution,
    Severity,
    SignalKind,
    Step,
)
from shared.contracts.fact import Fact
from shared.contracts.fields import Code, Id, Instant

TOPIC = "escalation.episodes.v1"


class EpisodeRaised(Fact):
    """An order is at risk: a new episode. `salesperson` is the original seller, `at` the time of the signal.

    `follows` is the previous, closed episode of the same order.
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
    """Another signal joined an open episode. `at` is the time of the signal."""

    type: ClassVar[str] = "escalation.episode_signalled"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    signal: UUID
    kind: SignalKind
    case: Id | None = None
    at: Instant


class SignalCleared(Fact):
    """A later fact settled a signal. `at` is the time of that fact, `because` its kind."""

    type: ClassVar[str] = "escalation.signal_cleared"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    signal: UUID
    kind: SignalKind
    at: Instant
    because: Code


class SignalWithdrawn(Fact):
    """A fact reported late disproved a signal. `at` is the time of that fact, `because` its kind."""

    type: ClassVar[str] = "escalation.signal_withdrawn"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    signal: UUID
    kind: SignalKind
    at: Instant
    because: Code


class SeverityRaised(Fact):
    """The severity of an open episode went up from `before`. `signal` is the cause."""

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
    """One notification of one person for one cause. `because` says why this person, `cause` why now."""

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
    """A channel other than the inbox accepted the first delivery of an alert."""

    type: ClassVar[str] = "escalation.alert_sent"
    topic: ClassVar[str] = TOPIC

    alert: UUID
    episode: UUID
    channel: DeliveryChannel
    sent_at: Instant


class EpisodeExhausted(Fact):
    """No one on the escalation path has responded, even after every repeat. The episode stays open."""

    type: ClassVar[str] = "escalation.episode_exhausted"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    at: Instant


class EpisodeClosed(Fact):
    """An episode was closed. Without `by` it closed by itself.

    `contributed` and `may_call_again` belong to a loss, and are absent if the salesperson did not answer.
    """

    type: ClassVar[str] = "escalation.episode_closed"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    result: EpisodeResult
    reason: Code
    by: Id | None = None
    closed_at: Instant
    contributed: SaleContribution | None = None
    may_call_again: bool | None = None


class EpisodeReopened(Fact):
    """The person who closed an episode at `closed_at` undid that: the episode is open, as it was before.

    A signal that was settled or withdrawn while the episode was closed stays so, without an event of its own.
    """

    type: ClassVar[str] = "escalation.episode_reopened"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    closed_at: Instant
    reopened_at: Instant
