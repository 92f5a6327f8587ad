"""What the escalation service publishes: episodes, their signals, and who was alerted."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.fact import Fact
from shared.contracts.fields import Code, Id, Instant

TOPIC = "escalation.episodes.v1"


class SignalKind(StrEnum):
    """A fact that puts a sale at risk."""

    CONTACT_DEAD_ENDED = "contact_dead_ended"
    CASE_BOUNCED = "case_bounced"
    CASE_REOPENED = "case_reopened"
    RESPONSE_OVERDUE = "response_overdue"
    REFUND_REQUESTED = "refund_requested"
    CANCELLATION_REQUESTED = "cancellation_requested"


class DeliveryChannel(StrEnum):
    """A way by which an alert leaves us."""

    EMAIL = "email"


class EpisodeRaised(Fact):
    """An order came to be at risk; `salesperson` is its original seller, `at` when the signal happened."""

    type: ClassVar[str] = "escalation.episode_raised"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    salesperson: Id | None = None
    signal: UUID
    kind: SignalKind
    at: Instant


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


class AlertRaised(Fact):
    """One ring to one person for one cause; `because` tells why it is this person."""

    type: ClassVar[str] = "escalation.alert_raised"
    topic: ClassVar[str] = TOPIC

    alert: UUID
    episode: UUID
    order: Id
    recipient: Id
    signal: UUID
    kind: SignalKind
    because: Code


class AlertSent(Fact):
    """The first delivery of an alert was accepted by a channel other than the inbox."""

    type: ClassVar[str] = "escalation.alert_sent"
    topic: ClassVar[str] = TOPIC

    alert: UUID
    episode: UUID
    channel: DeliveryChannel
    sent_at: Instant


class EpisodeAcknowledged(Fact):
    """A salesperson took an episode; everything pending for it stopped."""

    type: ClassVar[str] = "escalation.episode_acknowledged"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    acknowledged_at: Instant
