"""The facts escalation tells itself: a timer ran out, a button was pressed, an attempt to deliver ended."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from services.escalation.domain.policy.document import LONGEST
from shared.contracts.fact import About, Fact
from shared.contracts.fields import Id, Instant, Text


class _OwnFact(Fact):
    topic: ClassVar[str] = ""


class OrderWaitEnded(_OwnFact):
    """The order a signal names was waited for long enough."""

    type: ClassVar[str] = "escalation.timer.order_wait_ended"
    signal: UUID


class RecipientSought(_OwnFact):
    """Time to look again for the seller of an episode's order; after `until` the desk stands in."""

    type: ClassVar[str] = "escalation.timer.recipient_sought"
    episode: UUID
    signal: UUID
    rings: bool
    until: Instant


class AcknowledgePressed(_OwnFact):
    """A salesperson took an episode on the inbox page."""

    type: ClassVar[str] = "escalation.button.acknowledge_pressed"
    episode: UUID
    by: Id


class Attempt(StrEnum):
    """How an attempt to deliver ended. `unknown`: the channel may or may not have accepted it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    PUT_OFF = "put_off"
    UNKNOWN = "unknown"


class DeliveryAttempted(_OwnFact):
    """An attempt to deliver ended; `attempt` counts from 1."""

    type: ClassVar[str] = "escalation.delivery.attempted"
    delivery: UUID
    attempt: int
    result: Attempt
    reason: str | None = None


class PolicyPublishing(_OwnFact):
    """Somebody publishes a document as the next version of the policy. The subject is POLICY_SUBJECT."""

    type: ClassVar[str] = "escalation.button.policy_publishing"
    about: ClassVar[About] = "policy"
    document: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    by: Id
    summary: Text


OWN_FACTS: Mapping[str, type[Fact]] = {
    fact.type: fact
    for fact in (OrderWaitEnded, RecipientSought, AcknowledgePressed, DeliveryAttempted, PolicyPublishing)
}
