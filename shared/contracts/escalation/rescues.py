"""What salespeople do about an order at risk, and before it is."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.escalation.episodes import TOPIC
from shared.contracts.escalation.kinds import CustomersAnswer
from shared.contracts.fact import Fact
from shared.contracts.fields import MAX_SAFE_INTEGER, Id, Instant, Text
from shared.contracts.support_inbound import ContactChannel


class EpisodeAcknowledged(Fact):
    """A salesperson took an episode; everything pending for it stopped."""

    type: ClassVar[str] = "escalation.episode_acknowledged"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    acknowledged_at: Instant


class AcknowledgementExpired(Fact):
    """Who acknowledged did not reach the customer in time; `attempts` counts how often they tried."""

    type: ClassVar[str] = "escalation.acknowledgement_expired"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    acknowledged_at: Instant
    attempts: Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]


class CustomerReached(Fact):
    """A salesperson spoke with the customer, at `at`."""

    type: ClassVar[str] = "escalation.customer_reached"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    at: Instant
    channel: ContactChannel


class AppointmentMade(Fact):
    """The customer named a time to be called: `at`."""

    type: ClassVar[str] = "escalation.appointment_made"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    at: Instant


class EpisodeSnoozed(Fact):
    """A salesperson put an episode off; they stay responsible, and are rung again at `until`."""

    type: ClassVar[str] = "escalation.episode_snoozed"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    until: Instant


class HandOverOffered(Fact):
    """A salesperson asked another to take an episode over; the giver stays responsible meanwhile."""

    type: ClassVar[str] = "escalation.hand_over_offered"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    to: Id
    until: Instant


class HandOverAccepted(Fact):
    """A salesperson took an episode over that was offered."""

    type: ClassVar[str] = "escalation.hand_over_accepted"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    giver: Id


class RescuePassedOn(Fact):
    """A salesperson said that an episode is not theirs; the next on the ladder is rung."""

    type: ClassVar[str] = "escalation.rescue_passed_on"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id


class CheckInDone(Fact):
    """A salesperson asked the customer how it goes with an order, before there was trouble; they talked, at `at`."""

    type: ClassVar[str] = "escalation.check_in_done"
    topic: ClassVar[str] = TOPIC

    order: Id
    by: Id
    at: Instant
    channel: ContactChannel


class FollowUpAnswered(Fact):
    """A salesperson talked with the customer about an order at `at`, and says what the customer answered.

    It is the salesperson's word and proves nothing: `promise_kept` and `outcome_reported` do.
    """

    type: ClassVar[str] = "escalation.follow_up_answered"
    topic: ClassVar[str] = TOPIC

    order: Id
    by: Id
    at: Instant
    channel: ContactChannel
    answer: CustomersAnswer
    promise: Text | None = Field(
        default=None, description="Of a promise: its id; of one without an id, what was promised."
    )
