"""What orders decides about a fact before it is kept and published. Start with `judge_order_fact`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from shared.contracts import orders
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.fact import About
from shared.contracts.orders_inbound import (
    AccountReassigned,
    ConfirmationRequired,
    Day,
    DeliveryLate,
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OutcomeReported,
    PromiseKept,
    RefundPaid,
    SaleCorrected,
    SalespersonChanged,
    WorkingHours,
)
from shared.ids import AccountId, OrderId
from shared.precedence import Version, content_of

OrderFact: TypeAlias = (
    ConfirmationRequired
    | OrderConfirmed
    | OrderDelivered
    | DeliveryLate
    | OrderCancelled
    | RefundPaid
    | PromiseKept
    | OutcomeReported
    | SaleCorrected
)

_WEEK = tuple(Day)


class SalespersonWanted(Fact):
    """Orders tells itself to publish what it knows of a salesperson again, as it was published before."""

    type: ClassVar[str] = "orders.button.salesperson_wanted"
    topic: ClassVar[str] = ""
    about: ClassVar[About] = "salesperson"


_PUBLISHED: Mapping[type[Fact], type[Fact]] = MappingProxyType(
    {
        OrderPlaced: orders.OrderPlaced,
        ConfirmationRequired: orders.ConfirmationRequired,
        OrderConfirmed: orders.OrderConfirmed,
        OrderDelivered: orders.OrderDelivered,
        DeliveryLate: orders.DeliveryLate,
        OrderCancelled: orders.OrderCancelled,
        RefundPaid: orders.RefundPaid,
        PromiseKept: orders.PromiseKept,
        OutcomeReported: orders.OutcomeReported,
        SaleCorrected: orders.SaleCorrected,
        AccountReassigned: orders.AccountReassigned,
        SalespersonChanged: orders.SalespersonChanged,
    }
)


@dataclass(frozen=True, slots=True)
class Sale:
    """What is remembered of an order to judge what else is told of it: whose it is and what was sold."""

    account: AccountId
    content: bytes


def sale_of(event: Envelope[OrderPlaced]) -> Sale:
    return Sale(AccountId(event.subject), content_of(event))


class Standing(StrEnum):
    """How a fact about an order stands to the order."""

    EFFECTIVE = "effective"
    ORDER_UNKNOWN = "order_unknown"
    ORDER_OF_ANOTHER_ACCOUNT = "order_of_another_account"


def judge_order_fact(sale: Sale | None, account: AccountId) -> Standing:
    """Every fact about an order that this account is known to have counts, whatever its time."""
    if sale is None:
        return Standing.ORDER_UNKNOWN
    return Standing.EFFECTIVE if sale.account == account else Standing.ORDER_OF_ANOTHER_ACCOUNT


def is_latest(known: Version | None, told: Version) -> bool:
    """Whether what is told of a salesperson, or of who looks after an account, replaces what is known."""
    return known is None or told > known


def awaited_order(order: OrderId) -> str:
    """What a fact about an unknown order waits for."""
    return f"order:{order}"


def published(fact: Fact) -> Fact:
    """The same fact under the name by which orders tells it."""
    said = dict(fact)
    if isinstance(fact, SalespersonChanged):
        said["working_hours"] = tuple(part for hours in fact.working_hours for part in _within_days(hours))
    return _PUBLISHED[type(fact)].model_validate(said)


def _within_days(hours: WorkingHours) -> Iterator[orders.DayHours]:
    """Hours as they are published: each part within one day, of which `23:59` is the end."""
    ends_late = hours.over_midnight or hours.end == "24:00"
    yield orders.DayHours(days=hours.days, start=hours.start, end="23:59" if ends_late else hours.end)
    if hours.over_midnight and hours.end > "00:00":
        days = tuple(_WEEK[(_WEEK.index(day) + 1) % len(_WEEK)] for day in hours.days)
        yield orders.DayHours(days=days, start="00:00", end=hours.end)
