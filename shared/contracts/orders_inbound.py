"""What internal systems tell the orders service: sales, what became of them, and the people who sell."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fact import About, Fact, Value
from shared.contracts.fields import (
    AmountMinor,
    CalendarDate,
    Country,
    Currency,
    Email,
    EndOfHours,
    Id,
    Instant,
    OptionalText,
    Region,
    Text,
    TimeOfDay,
    Words,
    Zone,
)

TOPIC = "orders.inbound.v1"
_MOST_HOURS = 50


class Line(Value):
    """One line of an order; `amount_minor` is the whole line's, in the order's currency."""

    product: Text
    quantity: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    amount_minor: AmountMinor | None = None


class Customer(Value):
    """Who bought, as far as the shop knows."""

    name: OptionalText = None
    phone: OptionalText = None
    email: OptionalText = None
    zone: Zone | None = None


class Promise(Value):
    """Something the sale committed us to, with the moment it is due; `id` tells it from others of its order."""

    id: Text | None = None
    what: Text
    due_at: Instant


class OrderPlaced(Fact):
    """An order was sold. `sold_by` is missing when nobody sold it (bought online).

    `segment` is the seller's own word for this kind of customer; by `outcome_expected_by` the expected outcome
    was to be reached.
    """

    type: ClassVar[str] = "orders.inbound.order_placed"
    topic: ClassVar[str] = TOPIC

    order: Id
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=500)]
    amount_minor: AmountMinor
    currency: Currency
    sold_by: Id | None = None
    sold_at: Instant
    customer: Customer | None = None
    segment: OptionalText = None
    delivery_due_at: Instant | None = None
    expected_outcome: Words = None
    outcome_expected_by: Instant | None = None
    promises: Annotated[tuple[Promise, ...], Field(max_length=500)] = ()


class ConfirmationRequired(Fact):
    """An order waits for the customer's confirmation."""

    type: ClassVar[str] = "orders.inbound.confirmation_required"
    topic: ClassVar[str] = TOPIC

    order: Id
    due_at: Instant | None = None


class OrderConfirmed(Fact):
    """The customer confirmed an order."""

    type: ClassVar[str] = "orders.inbound.order_confirmed"
    topic: ClassVar[str] = TOPIC

    order: Id


class OrderDelivered(Fact):
    """An order reached the customer."""

    type: ClassVar[str] = "orders.inbound.order_delivered"
    topic: ClassVar[str] = TOPIC

    order: Id


class DeliveryLate(Fact):
    """An order will reach the customer later than agreed, or has not reached them in time."""

    type: ClassVar[str] = "orders.inbound.delivery_late"
    topic: ClassVar[str] = TOPIC

    order: Id
    due_at: Instant | None = None
    words: Words = None


class OrderCancelled(Fact):
    """An order was cancelled, by whomever."""

    type: ClassVar[str] = "orders.inbound.order_cancelled"
    topic: ClassVar[str] = TOPIC

    order: Id
    reason: Words = None


class RefundPaid(Fact):
    """Money of an order was paid back."""

    type: ClassVar[str] = "orders.inbound.refund_paid"
    topic: ClassVar[str] = TOPIC

    order: Id
    amount_minor: AmountMinor
    currency: Currency


class PromiseKept(Fact):
    """A promise of an order was kept. `promise` is its id; of a promise without one, what was promised."""

    type: ClassVar[str] = "orders.inbound.promise_kept"
    topic: ClassVar[str] = TOPIC

    order: Id
    promise: Text
    proof: OptionalText = None


class OutcomeReported(Fact):
    """The buyer says whether the outcome expected of an order was reached."""

    type: ClassVar[str] = "orders.inbound.outcome_reported"
    topic: ClassVar[str] = TOPIC

    order: Id
    reached: bool
    words: Words = None


class SaleCorrected(Fact):
    """An order counts as sold by another person than was told; without `sold_by`, by nobody. `by` decided that."""

    type: ClassVar[str] = "orders.inbound.sale_corrected"
    topic: ClassVar[str] = TOPIC

    order: Id
    sold_by: Id | None = None
    reason: Text
    by: Id


class AccountReassigned(Fact):
    """An account is looked after by this salesperson, from a day (in the salesperson's zone) on."""

    type: ClassVar[str] = "orders.inbound.account_reassigned"
    topic: ClassVar[str] = TOPIC

    salesperson: Id
    since: CalendarDate


class Day(StrEnum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class WorkingHours(Value):
    """Hours of work that start on these days, on the wall clock of the person's zone.

    They end at 24:00 at the latest (`23:59` means 24:00), or the next day: from 22:00 to 06:00 is a night.
    """

    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)]
    start: TimeOfDay
    end: EndOfHours

    @model_validator(mode="after")
    def _last_a_while(self) -> Self:
        if self.end == self.start:
            raise PydanticCustomError("working_hours", "must not end when they start: the whole day is 00:00 to 24:00")
        if self.start == "23:59":
            raise PydanticCustomError("working_hours", "must start before the last minute of the day, or at 00:00")
        return self

    @property
    def over_midnight(self) -> bool:
        """Whether they end on the day after they start."""
        return self.end < self.start


class Successor(Value):
    """Who takes over a salesperson's book, from which day (in the salesperson's zone) on."""

    salesperson: Id
    since: CalendarDate


class Away(Value):
    """Days on which a salesperson is away, the first and the last included, in the salesperson's zone."""

    since: CalendarDate
    until: CalendarDate

    @model_validator(mode="after")
    def _until_after_since(self) -> Self:
        if self.until < self.since:
            raise PydanticCustomError("away", "must not end before it starts")
        return self


class SalespersonChanged(Fact):
    """All that is known of a salesperson, replacing what was known before; the subject is the salesperson.

    Public holidays are those of `country` and, within it, of `region`. Who `rings_off_hours` accepts to be rung
    outside of their working hours where it is critical.
    """

    type: ClassVar[str] = "orders.inbound.salesperson_changed"
    topic: ClassVar[str] = TOPIC
    about: ClassVar[About] = "salesperson"

    name: Text
    manager: Id | None = None
    email: Email | None = None
    phone: OptionalText = None
    chat: OptionalText = None
    zone: Zone = "UTC"
    working_hours: Annotated[tuple[WorkingHours, ...], Field(max_length=_MOST_HOURS)] = ()
    active: bool = True
    successor: Successor | None = None
    backup: Id | None = None
    away: Annotated[tuple[Away, ...], Field(max_length=500)] = ()
    days_off: Annotated[tuple[CalendarDate, ...], Field(max_length=500)] = ()
    country: Country | None = None
    region: Region | None = None
    rings_off_hours: bool = False

    @model_validator(mode="after")
    def _few_hours(self) -> Self:
        if len(self.working_hours) + sum(one.over_midnight for one in self.working_hours) > _MOST_HOURS:
            words = "working_hours must have at most 50 entries, those over midnight counted twice"
            raise PydanticCustomError("working_hours", words)
        return self
