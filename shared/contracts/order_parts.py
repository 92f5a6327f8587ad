"""The parts of an order: its lines, its buyer and its promises."""

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


class Promise(Value):
    """A promise made with the sale, with its due time; `id` distinguishes it from the order's other promises."""

    id: Text | None = Field(
        default=None, description="ID of the promise, unique within its order; promise_kept names it."
    )
    what: Text = Field(description="What was promised, in words.")
    due_at: Instant = Field(description="Time by which the promise is due.")
