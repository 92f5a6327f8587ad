"""Events that internal systems send to the orders service: sales, later facts about them, and salespeople."""

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
from shared.contracts.order_parts import Customer, Line, LineNumber, Promise, Side
from shared.contracts.people_parts import Away, MoneyLimit, Successor, WorkingHours

TOPIC = "orders.inbound.v1"
_MOST_HOURS = 50


_ORDER = "ID of the order, as in order_placed."
_BY = "ID of the person who decided it."
_DELIVERY_DUE = "Time by which the order is due at the customer."


class OrderPlaced(Fact):
    """An order was sold. `sold_by` is absent for a sale without a seller, such as an online purchase.

    `segment` is the seller's own word for this kind of customer; the expected outcome is due by
    `outcome_expected_by`. An order that `renews` an earlier order of the account is credited to the seller of that
    order.
    """

    type: ClassVar[str] = "orders.inbound.order_placed"
    topic: ClassVar[str] = TOPIC
    happened: ClassVar[tuple[str, ...]] = ("sold_at",)

    order: Id = Field(description="ID of the order, unique over all accounts.")
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=500)] = Field(
        description="The lines of the order."
    )
    amount_minor: AmountMinor = Field(description="Amount of the whole order, in the currency's smallest unit (cents).")
    currency: Currency = Field(description="Currency code of ISO 4217: three letters.")
    sold_by: Id | None = Field(
        default=None, description="ID of the salesperson who made the sale. Absent for a sale without a seller."
    )
    renews: Id | None = Field(
        default=None,
        description="ID of the earlier order of this account that this one continues. Without a sold_by of its own, "
        "the order is credited to the earlier order's seller, later corrections included. If the earlier order is not "
        "known yet, this one waits 15 minutes for it.",
    )
    sold_at: Instant = Field(description="Time of the sale; not ahead of the service's clock.")
    customer: Customer | None = Field(default=None, description="The buyer.")
    segment: OptionalText = Field(default=None, description="The seller's own word for this kind of customer.")
    delivery_due_at: Instant | None = Field(default=None, description=_DELIVERY_DUE)
    expected_outcome: Words = Field(default=None, description="The result that the customer expects from the purchase.")
    outcome_expected_by: Instant | None = Field(default=None, description="Time by which the expected outcome is due.")
    promises: Annotated[tuple[Promise, ...], Field(max_length=500)] = Field(
        default=(), description="Promises made with the sale: ours, and what the customer has to do themselves."
    )

    @model_validator(mode="after")
    def _renews_another(self) -> Self:
        if self.renews == self.order:
            raise PydanticCustomError("renews", "renews must name a different order")
        return self

    @model_validator(mode="after")
    def _promises_have_one_side(self) -> Self:
        """A later promise_kept has only the name: it must not settle the promises of both sides."""
        names = [{one.id or one.what for one in self.promises if one.owed_by is side} for side in Side]
        if set.intersection(*names):
            raise PydanticCustomError(
                "promises",
                "promises of ours and of the customer must not share a name: give each of them an id of its own",
            )
        return self


class ConfirmationRequired(Fact):
    """An order waits for the customer's confirmation."""

    type: ClassVar[str] = "orders.inbound.confirmation_required"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    due_at: Instant | None = Field(default=None, description="Time by which the customer has to confirm.")


class OrderConfirmed(Fact):
    """The customer confirmed an order."""

    type: ClassVar[str] = "orders.inbound.order_confirmed"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)


class OrderDelivered(Fact):
    """An order, or part of it, reached the customer.

    Without `lines`, or with an empty list, the whole order arrived. With `lines`, those lines arrived; the order is
    delivered once all its lines have been named.
    """

    type: ClassVar[str] = "orders.inbound.order_delivered"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    lines: Annotated[tuple[LineNumber, ...], Field(max_length=500)] = Field(
        default=(),
        description="The lines that arrived, by their position in the order at that time, counted from 1. If absent or "
        "empty, the whole order arrived, unless complete is false.",
    )
    complete: bool | None = Field(
        default=None,
        description="Whether the whole order is delivered now. If absent: yes without lines; with lines, once all "
        "of them were named.",
    )


class OrderChanged(Fact):
    """The content of an order changed. The latest value of each member counts; an absent member does not change.

    The seller, time, currency, customer and promises of the order stay as they are.
    """

    type: ClassVar[str] = "orders.inbound.order_changed"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=500)] | None = Field(
        default=None,
        description="All lines of the order from now on. A new line makes a delivered order undelivered.",
    )
    amount_minor: AmountMinor | None = Field(
        default=None, description="New amount of the whole order, in the smallest unit of the order's currency."
    )
    delivery_due_at: Instant | None = Field(default=None, description=_DELIVERY_DUE)


class DeliveryLate(Fact):
    """An order will reach the customer later than agreed, or has not reached them in time."""

    type: ClassVar[str] = "orders.inbound.delivery_late"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    due_at: Instant | None = Field(default=None, description="Time at which the delivery is expected now.")
    words: Words = Field(default=None, description="Reason, in words.")


class OrderCancelled(Fact):
    """An order was cancelled, by the customer or by the company."""

    type: ClassVar[str] = "orders.inbound.order_cancelled"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    reason: Words = Field(default=None, description="Reason, in words.")


class RefundPaid(Fact):
    """A refund was paid for an order."""

    type: ClassVar[str] = "orders.inbound.refund_paid"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    amount_minor: AmountMinor = Field(description="Amount of the refund, in the currency's smallest unit (cents).")
    currency: Currency = Field(description="Currency code of ISO 4217: three letters.")


class PromiseKept(Fact):
    """A promise of an order was kept, by us or by the customer.

    `promise` is the promise's ID, or its words if it has no ID.
    """

    type: ClassVar[str] = "orders.inbound.promise_kept"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    promise: Text = Field(description="ID of the promise, or its words if it has no ID.")
    proof: OptionalText = Field(default=None, description="Proof that it was kept, such as a signature.")


class OutcomeReported(Fact):
    """The buyer reports whether the expected outcome of an order was reached."""

    type: ClassVar[str] = "orders.inbound.outcome_reported"
    topic: ClassVar[str] = TOPIC

    order: Id = Field(description=_ORDER)
    reached: bool = Field(description="Whether the expected outcome was reached.")
    words: Words = Field(default=None, description="What the customer said, in their own words.")


class SaleCorrected(Fact):
    """Corrects the seller of an order. Without `sold_by` the order has no seller. `by` is the person who decided it."""

    type: ClassVar[str] = "orders.inbound.sale_corrected"
    topic: ClassVar[str] = TOPIC
    right: ClassVar[Right | None] = "directory"

    order: Id = Field(description=_ORDER)
    sold_by: Id | None = Field(
        default=None, description="ID of the salesperson who made the sale. Absent for a sale without a seller."
    )
    reason: Text = Field(description="Reason for the correction.")
    by: Id = Field(description=_BY)


class AccountReassigned(Fact):
    """A salesperson looks after an account, from a certain day in their time zone."""

    type: ClassVar[str] = "orders.inbound.account_reassigned"
    topic: ClassVar[str] = TOPIC
    right: ClassVar[Right | None] = "directory"

    salesperson: Id = Field(description="ID of the salesperson who looks after the account.")
    since: CalendarDate = Field(description="First day.")


class SalespersonChanged(Fact):
    """The complete directory entry of a salesperson; it replaces the previous one. The subject is the salesperson's ID.

    Public holidays are those of `country` and, within it, of `region`. With `rings_off_hours`, critical alerts are
    sent outside working hours as well.
    """

    type: ClassVar[str] = "orders.inbound.salesperson_changed"
    topic: ClassVar[str] = TOPIC
    right: ClassVar[Right | None] = "directory"
    about: ClassVar[About] = "salesperson"

    name: Text = Field(description="Name, as colleagues know them.")
    manager: Id | None = Field(default=None, description="ID of their manager.")
    email: Email | None = Field(
        default=None, description="Address for alerts and for signing in: name@domain, without quotes or comments."
    )
    phone: OptionalText = Field(default=None, description="Telephone number.")
    chat: OptionalText = Field(default=None, description="Name in the company's chat.")
    zone: Zone = Field(default="UTC", description="Time zone of the salesperson's working hours and days off.")
    working_hours: Annotated[tuple[WorkingHours, ...], Field(max_length=_MOST_HOURS)] = Field(
        default=(), description="Working hours. If absent, the company's."
    )
    active: bool = Field(default=True, description="Whether they still work here.")
    successor: Successor | None = Field(default=None, description="The salesperson who takes over their customers.")
    backup: Id | None = Field(default=None, description="ID of the salesperson who stands in during absences.")
    away: Annotated[tuple[Away, ...], Field(max_length=500)] = Field(default=(), description="Absences.")
    days_off: Annotated[tuple[CalendarDate, ...], Field(max_length=500)] = Field(
        default=(), description="Single days on which they do not work."
    )
    country: Country | None = Field(default=None, description="Country of their public holidays.")
    region: Region | None = Field(default=None, description="Part of that country, for regional holidays.")
    rings_off_hours: bool = Field(
        default=False, description="Whether critical alerts may reach them outside working hours."
    )
    approves_up_to: Annotated[tuple[MoneyLimit, ...], Field(max_length=50)] | None = Field(
        default=None,
        description="Up to which total of the offers on one episode they may approve an offer to the customer. "
        "In a currency that is not listed they may approve nothing. If absent, the policy decides.",
    )

    @model_validator(mode="after")
    def _few_hours(self) -> Self:
        if len(self.working_hours) + sum(one.over_midnight for one in self.working_hours) > _MOST_HOURS:
            message = "working_hours must have at most 50 entries, those over midnight counted twice"
            raise PydanticCustomError("working_hours", message)
        return self
