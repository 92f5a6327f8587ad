"""Actions of salespeople: about an order at risk, and follow-ups before there is trouble."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.escalation.episodes import TOPIC
from shared.contracts.escalation.kinds import CustomersAnswer
from shared.contracts.fact import Fact
from shared.contracts.fields import MAX_SAFE_INTEGER, Id, Instant, Text
from shared.contracts.support_inbound import ContactChannel


class EpisodeAcknowledged(Fact):
    """A salesperson acknowledged an episode; pending alerts are cancelled."""

    type: ClassVar[str] = "escalation.episode_acknowledged"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    acknowledged_at: Instant


class AcknowledgementExpired(Fact):
    """The acknowledger did not reach the customer in time. `attempts` is the number of attempts."""

    type: ClassVar[str] = "escalation.acknowledgement_expired"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    acknowledged_at: Instant
    attempts: Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]


class CustomerReached(Fact):
    """A salesperson spoke to the customer. `at` is the time of the conversation."""

    type: ClassVar[str] = "escalation.customer_reached"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    at: Instant
    channel: ContactChannel


class AppointmentMade(Fact):
    """A call-back time was agreed with the customer: `at`."""

    type: ClassVar[str] = "escalation.appointment_made"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    at: Instant


class EpisodeSnoozed(Fact):
    """A salesperson snoozed an episode. They stay responsible, and are notified again at `until`."""

    type: ClassVar[str] = "escalation.episode_snoozed"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    until: Instant


class HandOverOffered(Fact):
    """A salesperson asked a colleague to take over an episode, and stays responsible until the colleague accepts."""

    type: ClassVar[str] = "escalation.hand_over_offered"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    to: Id
    until: Instant


class HandOverAccepted(Fact):
    """A salesperson accepted an episode that a colleague offered."""

    type: ClassVar[str] = "escalation.hand_over_accepted"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    giver: Id


class EpisodeReassigned(Fact):
    """A manager gave an episode to another salesperson, who is notified. `giver` is the person who had it, or had been
    notified."""

    type: ClassVar[str] = "escalation.episode_reassigned"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    to: Id
    giver: Id


class EpisodeTakenOver(Fact):
    """A manager acknowledged an episode in place of `giver`, the person who had it, or had been notified."""

    type: ClassVar[str] = "escalation.episode_taken_over"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    giver: Id
    acknowledged_at: Instant


class RescuePassedOn(Fact):
    """A salesperson passed an episode on; the next person is notified."""

    type: ClassVar[str] = "escalation.rescue_passed_on"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id


class CheckInDone(Fact):
    """A salesperson asked the customer how they are getting on with an order. `at` is the time of the conversation."""

    type: ClassVar[str] = "escalation.check_in_done"
    topic: ClassVar[str] = TOPIC

    order: Id
    by: Id
    at: Instant
    channel: ContactChannel


class FollowUpAnswered(Fact):
    """A salesperson reported a customer's answer about an order, given in a conversation at `at`.

    It is no proof: `promise_kept` and `outcome_reported` are.
    """

    type: ClassVar[str] = "escalation.follow_up_answered"
    topic: ClassVar[str] = TOPIC

    order: Id
    by: Id
    at: Instant
    channel: ContactChannel
    answer: CustomersAnswer
    promise: Text | None = Field(
        default=None, description="For an answer about a promise: the promise's ID, or its words if it has no ID."
    )
