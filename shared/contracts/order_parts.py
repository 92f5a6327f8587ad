"""What an order is made of: its lines, who bought, what was promised."""

from typing import Annotated, TypeAlias

from pydantic import Field

from shared.contracts.fact import Value
from shared.contracts.fields import AmountMinor, Country, Instant, OptionalText, Text, Zone


class Line(Value):
    """One line of an order; `amount_minor` is the whole line's, in the order's currency."""

    product: Text = Field(description="What is sold, in words.")
    quantity: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(default=1, description="How many of it.")
    amount_minor: AmountMinor | None = Field(default=None, description="Of the whole line, in the minor unit (cents).")


LineNumber: TypeAlias = Annotated[int, Field(ge=1, le=500)]
"""The place of a line in its order, counted from 1."""


class Customer(Value):
    """Who bought, as far as the shop knows."""

    name: OptionalText = Field(default=None, description="Name of the person or company.")
    phone: OptionalText = Field(default=None, description="Telephone number, best with its country code (+49 …).")
    email: OptionalText = Field(default=None, description="E-mail address.")
    zone: Zone | None = Field(default=None, description="Time zone: when they may be called goes by it.")
    country: Country | None = Field(default=None, description="Country: a local telephone number is read with it.")


class Promise(Value):
    """Something the sale committed us to, with the moment it is due; `id` tells it from others of its order."""

    id: Text | None = Field(default=None, description="Tells promises of one order apart; promise_kept names it.")
    what: Text = Field(description="What was promised, in words.")
    due_at: Instant = Field(description="By when.")
