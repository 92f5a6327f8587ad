"""The parts of an order: its lines, its buyer, and what both sides promised."""

from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field

from shared.contracts.fact import Value
from shared.contracts.fields import AmountMinor, Country, Instant, OptionalText, Text, Zone


class Line(Value):
    """One line of an order; `amount_minor` is the amount of the whole line, in the order's currency."""

    product: Text = Field(description="The product, in words.")
    quantity: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(default=1, description="Quantity.")
    amount_minor: AmountMinor | None = Field(
        default=None, description="Amount of the whole line, in the currency's smallest unit (cents)."
    )


LineNumber: TypeAlias = Annotated[int, Field(ge=1, le=500)]
"""The position of a line in its order, counted from 1."""


class Customer(Value):
    """The buyer, as far as the shop knows."""

    name: OptionalText = Field(default=None, description="Name of the person or company.")
    phone: OptionalText = Field(default=None, description="Telephone number, preferably with its country code (+49 …).")
    email: OptionalText = Field(default=None, description="E-mail address.")
    zone: Zone | None = Field(default=None, description="Time zone that decides when the customer may be called.")
    country: Country | None = Field(
        default=None, description="Country used to read a telephone number without a country code."
    )


class Side(StrEnum):
    """A side of a sale: the company that sold, or the customer who bought."""

    US = "us"
    CUSTOMER = "customer"


class Promise(Value):
    """A promise made with the sale, with its due time; `id` distinguishes it from the order's other promises.

    A promise owed by the customer is their part in the success of the sale, such as a training to attend, a room, or a
    person to name. It is never missed by us: close to its due time the seller is asked to remind them.
    """

    id: Text | None = Field(
        default=None, description="ID of the promise, unique within its order; promise_kept names it."
    )
    what: Text = Field(description="What was promised, in words.")
    due_at: Instant = Field(description="Time by which the promise is due.")
    owed_by: Side = Field(
        default=Side.US,
        description="The side that has to keep it: `us`, or the `customer`. A customer's own promise never raises a "
        "signal; when it is due the seller is asked to remind them.",
    )
    who: OptionalText = Field(
        default=None, description="The person or department that has to do it, as agreed, such as the customer's IT."
    )
