"""Offers to customers: made within the seller's limit, or approved by a person with the power to."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.escalation.episodes import TOPIC
from shared.contracts.fact import Fact
from shared.contracts.fields import AmountMinor, Currency, Id, Instant

_OFFER = Field(description="ID of the offer.")
_AMOUNT = Field(description="Amount of the offer in the currency's smallest unit: 12900 is €129.00.")
_ASKER = Field(description="ID of the salesperson who asked for the approval.")
_OF_ORDER = Field(default=None, description="The offer as a percentage of the order, if it was made as one.")


class OfferMade(Fact):
    """A salesperson made the customer an offer within their own limit. An amount of zero is an offer without money."""

    type: ClassVar[str] = "escalation.offer_made"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    offer: Annotated[UUID, _OFFER]
    by: Id
    amount_minor: Annotated[AmountMinor, _AMOUNT]
    currency: Currency
    percent: Annotated[int, Field(ge=1, le=100)] | None = _OF_ORDER


class OfferApprovalRequested(Fact):
    """A person is asked to approve an offer above the salesperson's limit, until `until`; then the next one is."""

    type: ClassVar[str] = "escalation.offer_approval_requested"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    offer: Annotated[UUID, _OFFER]
    by: Id = _ASKER
    to: Id = Field(description="ID of the salesperson who is asked to approve it.")
    amount_minor: Annotated[AmountMinor, _AMOUNT]
    currency: Currency
    percent: Annotated[int, Field(ge=1, le=100)] | None = _OF_ORDER
    until: Instant = Field(description="Time by which the answer is due.")


class OfferApproved(Fact):
    """A person approved an offer, perhaps with another amount than the one asked for."""

    type: ClassVar[str] = "escalation.offer_approved"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    offer: Annotated[UUID, _OFFER]
    by: Id = Field(description="ID of the salesperson who approved it.")
    asked_by: Id = _ASKER
    amount_minor: AmountMinor = Field(
        description="The approved amount in the currency's smallest unit: 12900 is €129.00."
    )
    asked_minor: AmountMinor = Field(description="The amount asked for, in the currency's smallest unit.")
    currency: Currency


class OfferDeclined(Fact):
    """An offer was declined, by a person or because nobody with the power to approve it answered in time."""

    type: ClassVar[str] = "escalation.offer_declined"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    offer: Annotated[UUID, _OFFER]
    by: Id | None = Field(
        default=None, description="ID of the salesperson who declined it. Absent if nobody answered in time."
    )
    asked_by: Id = _ASKER
    asked_minor: AmountMinor = Field(description="The amount asked for, in the currency's smallest unit.")
    currency: Currency
