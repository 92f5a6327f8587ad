"""Facts that escalation reports to itself about deliveries and addresses: an attempt ended, a message came back."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.fact import About, Fact


class _DeliveryFact(Fact):
    topic: ClassVar[str] = ""


class Attempt(StrEnum):
    """How an attempt to deliver ended. `unknown`: the channel may or may not have accepted it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    PUT_OFF = "put_off"
    UNKNOWN = "unknown"


class DeliveryAttempted(_DeliveryFact):
    """An attempt to deliver ended; `attempt` counts from 1, `retry_after_seconds` is the pause that a server wanted.
    `refused_address` is set if the server refuses the address, or no mail can be addressed to it."""

    type: ClassVar[str] = "escalation.delivery.attempted"
    delivery: UUID
    attempt: int
    result: Attempt
    reason: str | None = None
    refused_address: str | None = None
    retry_after_seconds: int | None = Field(default=None, exclude_if=lambda seconds: seconds is None)


class DeliveryReturned(_DeliveryFact):
    """A message that the mail server had accepted was returned."""

    type: ClassVar[str] = "escalation.delivery.returned"
    delivery: UUID
    reason: str


class DeliveryResent(_DeliveryFact):
    """An operator sends a delivery again."""

    type: ClassVar[str] = "escalation.delivery.resent"
    delivery: UUID


class AddressFailed(_DeliveryFact):
    """Mail to this address of a person does not arrive."""

    type: ClassVar[str] = "escalation.delivery.address_failed"
    about: ClassVar[About] = "salesperson"
    address: str
    reason: str


class AddressWorks(_DeliveryFact):
    """An operator reports that mail to a person's address arrives again."""

    type: ClassVar[str] = "escalation.delivery.address_works"
    about: ClassVar[About] = "salesperson"


DELIVERY_FACTS: tuple[type[Fact], ...] = (
    DeliveryAttempted,
    DeliveryReturned,
    DeliveryResent,
    AddressFailed,
    AddressWorks,
)
