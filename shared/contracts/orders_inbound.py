"""What internal systems tell the orders service: sales, what became of them, and the people who sell."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fact import About, Fact, Right
from shared.contracts.fields import (
    AmountMinor,
    CalendarDate,
    Country,
    Currency,
    Email,
    Id,
    Instant,
    OptionalText,
    Region,
    Text,
    Words,
    Zone,
)
from shared.contracts.order_parts import Customer, Line, LineNumber, Promise
from shared.contracts.people_parts import Away, Successor, WorkingHours

TOPIC = "orders.inbound.v1"
_MOST_HOURS = 50


_ORDER = "Id of the order, as order_placed gave it."
_BY = "Id of the person who decided it."
_DELIVERY_DUE = "By when the order is to reach the customer."


class OrderPlaced(Fact):
    """An order was sold. `sold_by` is missing when nobody sold it (bought online).

    `segment` is the seller's own word for this kind of customer; by `outcome_expected_by` the expected outcome
    was to be reached. An order that `renews` an earlier one of the account counts as sold by whoever sold that one.
    """

    type: ClassVar[str] = "orders.inbound.order_placed"
    topic: ClassVar[str] = TOPIC
    happened: ClassVar[tuple[str, ...]] = ("sold_at",)

    order: Id = Field(description="Id of the order, unique over all accounts.")
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=500)] = Field(description="What was sold.")
    amount_minor: AmountMinor = Field(description="Of the whole order, in the currency's minor unit (cents).")
    currency: Currency = Field(description="Three letters of ISO 4217.")
    sold_by: Id | None = Field(default=None, description="Id of the salesperson; missing: nobody sold it.")
    renews: Id | None = Field(
        default=None,
        description="The earlier order of this account that this one continues. Without a sold_by of its own it counts "
        "as sold by the earlier order's seller, later corrections included. Where the earlier order is not known, this "
        "one waits 15 minutes for it.",
    )
    sold_at: Instant = Field(description="When it was sold; not ahead of the clock.")
    customer: Customer | None = Field(default=None, description="Who bought.")
    segment: OptionalText = Field(default=None, description="The seller's own word for this kind of customer.")
    delivery_due_at: Instant | None = Field(default=None, description=_DELIVERY_DUE)
    expected_outcome: Words = Field(default=None, description="What the customer buys it for.")
    outcome_expected_by: Instant | None = Field(default=None, description="By when that is to be reached.")
    promises: Annotated[tuple[Promise, ...], Field(max_length=500)] = Field(
        default=(), description="What the sale committed us to."
    )

    @model_validator(mode="after")
    def _renews_another(self) -> Self:
        if self.renews == self.order:
            raise PydanticCustomError("renews", "renews must name a different order")
        return self


class ConfirmationRequired(Fact):
    """An order waits for the customer's confirmation."""

    type: ClassVar[str] = "orders.inbound.confirmation_required"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    due_at: Instant | None = Field(default=None, description="By when the customer is to confirm.")


class OrderConfirmed(Fact):
    """The customer confirmed an order."""

    type: ClassVar[str] = "orders.inbound.order_confirmed"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)


class OrderDelivered(Fact):
    """An order, or part of it, reached the customer.

    Without `lines`, or with an empty list, the whole order did. With `lines` these did, and it is delivered once all
    its lines were named.
    """

    type: ClassVar[str] = "orders.inbound.order_delivered"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    lines: Annotated[tuple[LineNumber, ...], Field(max_length=500)] = Field(
        default=(),
        description="The lines that arrived, by their place in the order as it is then, counted from 1. "
        "Missing or empty: no line is named, and the whole order arrived unless complete is false.",
    )
    complete: bool | None = Field(
        default=None,
        description="Whether the whole order is delivered now. Missing: yes; with lines named, once all were.",
    )


class OrderChanged(Fact):
    """What an order is about changed: of each member the latest by time counts, what is missing stays as it was.

    Who sold it, when, in which currency, to whom and with which promises is never changed by this.
    """

    type: ClassVar[str] = "orders.inbound.order_changed"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=500)] | None = Field(
        default=None,
        description="All lines of the order from now on. A new one makes a delivered order open again.",
    )
    amount_minor: AmountMinor | None = Field(
        default=None, description="Of the whole order from now on, in the minor unit of the order's currency."
    )
    delivery_due_at: Instant | None = Field(default=None, description=_DELIVERY_DUE)


class DeliveryLate(Fact):
    """An order will reach the customer later than agreed, or has not reached them in time."""

    type: ClassVar[str] = "orders.inbound.delivery_late"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    due_at: Instant | None = Field(default=None, description="When it is expected now.")
    words: Words = Field(default=None, description="Why, in words.")


class OrderCancelled(Fact):
    """An order was cancelled, by whomever."""

    type: ClassVar[str] = "orders.inbound.order_cancelled"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    reason: Words = Field(default=None, description="Why, in words.")


class RefundPaid(Fact):
    """Money of an order was paid back."""

    type: ClassVar[str] = "orders.inbound.refund_paid"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    amount_minor: AmountMinor = Field(description="What was paid back, in the minor unit (cents).")
    currency: Currency = Field(description="Three letters of ISO 4217.")


class PromiseKept(Fact):
    """A promise of an order was kept. `promise` is its id; of a promise without one, what was promised."""

    type: ClassVar[str] = "orders.inbound.promise_kept"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    promise: Text = Field(description="The promise's id; of one without an id, its words.")
    proof: OptionalText = Field(default=None, description="What proves it, such as a signature.")


class OutcomeReported(Fact):
    """The buyer says whether the outcome expected of an order was reached."""

    type: ClassVar[str] = "orders.inbound.outcome_reported"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    reached: bool = Field(description="Whether the expected outcome was reached.")
    words: Words = Field(default=None, description="What the customer says, in their own words.")


class SaleCorrected(Fact):
    """An order counts as sold by another person than was told; without `sold_by`, by nobody. `by` decided that."""

    type: ClassVar[str] = "orders.inbound.sale_corrected"
    topic: ClassVar[str] = TOPIC
    right: ClassVar[Right | None] = "directory"

    order: Id = Field(description=_ORDER)
    sold_by: Id | None = Field(default=None, description="Id of whoever sold it; missing: nobody did.")
    reason: Text = Field(description="Why it is corrected.")
    by: Id = Field(description=_BY)


class AccountReassigned(Fact):
    """An account is looked after by this salesperson, from a day (in the salesperson's zone) on."""

    type: ClassVar[str] = "orders.inbound.account_reassigned"
    topic: ClassVar[str] = TOPIC
    right: ClassVar[Right | None] = "directory"

    salesperson: Id = Field(description="Id of the salesperson who looks after the account.")
    since: CalendarDate = Field(description="From this day on.")


class SalespersonChanged(Fact):
    """All that is known of a salesperson, replacing what was known before; the subject is the salesperson.

    Public holidays are those of `country` and, within it, of `region`. Who `rings_off_hours` accepts to be rung
    outside of their working hours where it is critical.
    """

    type: ClassVar[str] = "orders.inbound.salesperson_changed"
    topic: ClassVar[str] = TOPIC
    right: ClassVar[Right | None] = "directory"
    about: ClassVar[About] = "salesperson"

    name: Text = Field(description="As colleagues know them.")
    manager: Id | None = Field(default=None, description="Id of their manager.")
    email: Email | None = Field(
        default=None, description="Where alerts are sent, and who may sign in: name@domain, without quotes or comments."
    )
    phone: OptionalText = Field(default=None, description="Telephone number.")
    chat: OptionalText = Field(default=None, description="Name in the company's chat.")
    zone: Zone = Field(default="UTC", description="Time zone: hours and days are on its clock.")
    working_hours: Annotated[tuple[WorkingHours, ...], Field(max_length=_MOST_HOURS)] = Field(
        default=(), description="When they work; missing: the company's hours."
    )
    active: bool = Field(default=True, description="Whether they still work here.")
    successor: Successor | None = Field(default=None, description="Who takes over their customers.")
    backup: Id | None = Field(default=None, description="Id of whoever stands in while they cannot act.")
    away: Annotated[tuple[Away, ...], Field(max_length=500)] = Field(default=(), description="When they are away.")
    days_off: Annotated[tuple[CalendarDate, ...], Field(max_length=500)] = Field(
        default=(), description="Single days on which they do not work."
    )
    country: Country | None = Field(default=None, description="Country whose public holidays are theirs.")
    region: Region | None = Field(default=None, description="Part of that country, for its own holidays.")
    rings_off_hours: bool = Field(
        default=False, description="Whether they accept to be alerted outside of their hours where it is critical."
    )

    @model_validator(mode="after")
    def _few_hours(self) -> Self:
        if len(self.working_hours) + sum(one.over_midnight for one in self.working_hours) > _MOST_HOURS:
            message = "working_hours must have at most 50 entries, those over midnight counted twice"
            raise PydanticCustomError("working_hours", message)
        return self
