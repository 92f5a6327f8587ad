"""Events that the orders service publishes: sales, later facts about them, and salespeople."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts import orders_inbound as inbound
from shared.contracts.fields import TimeOfDay
from shared.contracts.people_parts import WorkingHours

SALES = "orders.sales.v1"
SALESPEOPLE = "salespeople.v1"
"""Compacted: the last fact about each salesperson stays."""


class OrderPlaced(inbound.OrderPlaced):
    """The sale of an order, as first reported. A later, contradicting report is not published."""

    type: ClassVar[str] = "orders.order_placed"
    topic: ClassVar[str] = SALES


class ConfirmationRequired(inbound.ConfirmationRequired):
    """An order is waiting for the customer's confirmation."""

    type: ClassVar[str] = "orders.confirmation_required"
    topic: ClassVar[str] = SALES


class OrderConfirmed(inbound.OrderConfirmed):
    """The customer confirmed an order."""

    type: ClassVar[str] = "orders.order_confirmed"
    topic: ClassVar[str] = SALES


class OrderDelivered(inbound.OrderDelivered):
    """An order, or part of it, reached the customer."""

    type: ClassVar[str] = "orders.order_delivered"
    topic: ClassVar[str] = SALES


class OrderChanged(inbound.OrderChanged):
    """The content of an order changed. The latest value of each member counts."""

    type: ClassVar[str] = "orders.order_changed"
    topic: ClassVar[str] = SALES


class DeliveryLate(inbound.DeliveryLate):
    """An order will reach the customer later than agreed, or has not reached them in time."""

    type: ClassVar[str] = "orders.delivery_late"
    topic: ClassVar[str] = SALES


class OrderCancelled(inbound.OrderCancelled):
    """An order was cancelled."""

    type: ClassVar[str] = "orders.order_cancelled"
    topic: ClassVar[str] = SALES


class RefundPaid(inbound.RefundPaid):
    """A refund was paid for an order."""

    type: ClassVar[str] = "orders.refund_paid"
    topic: ClassVar[str] = SALES


class PromiseKept(inbound.PromiseKept):
    """A promise of an order was kept, by us or by the customer."""

    type: ClassVar[str] = "orders.promise_kept"
    topic: ClassVar[str] = SALES


class OutcomeReported(inbound.OutcomeReported):
    """The buyer reported whether the expected outcome of an order was reached."""

    type: ClassVar[str] = "orders.outcome_reported"
    topic: ClassVar[str] = SALES


class SaleCorrected(inbound.SaleCorrected):
    """The seller of an order was corrected. The rest of the sale stays as it is."""

    type: ClassVar[str] = "orders.sale_corrected"
    topic: ClassVar[str] = SALES


class AccountReassigned(inbound.AccountReassigned):
    """Another salesperson looks after an account."""

    type: ClassVar[str] = "orders.account_reassigned"
    topic: ClassVar[str] = SALES


class DayHours(WorkingHours):
    """Working hours that start and end on the same day; `23:59` means 24:00. A night shift is published as two."""

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
