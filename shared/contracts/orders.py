"""What the orders service publishes: sales, what became of them, and the people who sell."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts import orders_inbound as inbound
from shared.contracts.fields import TimeOfDay
from shared.contracts.people_parts import WorkingHours

SALES = "orders.sales.v1"
SALESPEOPLE = "salespeople.v1"
"""Compacted: the last fact of each salesperson stays."""


class OrderPlaced(inbound.OrderPlaced):
    """The sale of an order, as first told; a later contradicting one is not published."""

    type: ClassVar[str] = "orders.order_placed"
    topic: ClassVar[str] = SALES


class ConfirmationRequired(inbound.ConfirmationRequired):
    """A known order waits for the customer's confirmation."""

    type: ClassVar[str] = "orders.confirmation_required"
    topic: ClassVar[str] = SALES


class OrderConfirmed(inbound.OrderConfirmed):
    """The customer confirmed a known order."""

    type: ClassVar[str] = "orders.order_confirmed"
    topic: ClassVar[str] = SALES


class OrderDelivered(inbound.OrderDelivered):
    """A known order, or part of it, reached the customer."""

    type: ClassVar[str] = "orders.order_delivered"
    topic: ClassVar[str] = SALES


class OrderChanged(inbound.OrderChanged):
    """What a known order is about changed: of each member the latest by time counts."""

    type: ClassVar[str] = "orders.order_changed"
    topic: ClassVar[str] = SALES


class DeliveryLate(inbound.DeliveryLate):
    """A known order reaches the customer later than agreed."""

    type: ClassVar[str] = "orders.delivery_late"
    topic: ClassVar[str] = SALES


class OrderCancelled(inbound.OrderCancelled):
    """A known order was cancelled."""

    type: ClassVar[str] = "orders.order_cancelled"
    topic: ClassVar[str] = SALES


class RefundPaid(inbound.RefundPaid):
    """Money of a known order was paid back."""

    type: ClassVar[str] = "orders.refund_paid"
    topic: ClassVar[str] = SALES


class PromiseKept(inbound.PromiseKept):
    """A promise of a known order was kept."""

    type: ClassVar[str] = "orders.promise_kept"
    topic: ClassVar[str] = SALES


class OutcomeReported(inbound.OutcomeReported):
    """The buyer says whether the outcome expected of a known order was reached."""

    type: ClassVar[str] = "orders.outcome_reported"
    topic: ClassVar[str] = SALES


class SaleCorrected(inbound.SaleCorrected):
    """A known order counts as sold by another person than was told; what was sold stays as it is."""

    type: ClassVar[str] = "orders.sale_corrected"
    topic: ClassVar[str] = SALES


class AccountReassigned(inbound.AccountReassigned):
    """An account is looked after by another salesperson."""

    type: ClassVar[str] = "orders.account_reassigned"
    topic: ClassVar[str] = SALES


class DayHours(WorkingHours):
    """Hours of work that start and end on these days; `23:59` means 24:00. A night is told as its two parts."""

    end: TimeOfDay

    @model_validator(mode="after")
    def _end_on_their_day(self) -> Self:
        if self.over_midnight:
            raise PydanticCustomError("working_hours", "must end after they start, on the same day")
        return self


class SalespersonChanged(inbound.SalespersonChanged):
    """The directory's entry of one salesperson."""

    type: ClassVar[str] = "orders.salesperson_changed"
    topic: ClassVar[str] = SALESPEOPLE

    working_hours: Annotated[tuple[DayHours, ...], Field(max_length=50)] = ()
