"""The decisions of orders about a fact before it is kept and published. Start with `judge_order_fact`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from shared.contracts import orders
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.fact import About
from shared.contracts.fields import Id
from shared.contracts.orders_inbound import (
    AccountReassigned,
    ConfirmationRequired,
    DeliveryLate,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderDelivered,
    OrderPlaced,
    OutcomeReported,
    PromiseKept,
    RefundPaid,
    SaleCorrected,
    SalespersonChanged,
)
from shared.contracts.people_parts import Day, WorkingHours
from shared.ids import AccountId, OrderId
from shared.precedence import Version, content_of

OrderFact: TypeAlias = (
    ConfirmationRequired
    | OrderConfirmed
    | OrderDelivered
    | OrderChanged
    | DeliveryLate
    | OrderCancelled
    | RefundPaid
    | PromiseKept
    | OutcomeReported
    | SaleCorrected
)

_WEEK = tuple(Day)


class SalespersonWanted(Fact):
    """Orders' own fact: publish the known state of a salesperson again, as the same event as before."""

    type: ClassVar[str] = "orders.button.salesperson_wanted"
    topic: ClassVar[str] = ""
    about: ClassVar[About] = "salesperson"


_PUBLISHED: Mapping[type[Fact], type[Fact]] = MappingProxyType(
    {
        OrderPlaced: orders.OrderPlaced,
        ConfirmationRequired: orders.ConfirmationRequired,
        OrderConfirmed: orders.OrderConfirmed,
        OrderDelivered: orders.OrderDelivered,
        OrderChanged: orders.OrderChanged,
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
    """The data kept of an order to judge later facts about it: its account and the lines sold."""

    account: AccountId
    content: bytes


def sale_of(event: Envelope[OrderPlaced]) -> Sale:
    return Sale(AccountId(event.subject), content_of(event))


class Standing(StrEnum):
    """The relation of a fact to its order."""

    EFFECTIVE = "effective"
    ORDER_UNKNOWN = "order_unknown"
    ORDER_OF_ANOTHER_ACCOUNT = "order_of_another_account"


def judge_order_fact(sale: Sale | None, account: AccountId) -> Standing:
    """Decide whether a fact about an order counts: it does, at any time, if the account is known to have the order."""
    if sale is None:
        return Standing.ORDER_UNKNOWN
    return Standing.EFFECTIVE if sale.account == account else Standing.ORDER_OF_ANOTHER_ACCOUNT


RENEWAL_WAIT = timedelta(minutes=15)
"""The time that a sale waits after receipt for the order it renews; then it counts as a sale without a seller."""


class RenewalWaitEnded(Fact):
    """The time to wait for the order that a sale renews is over. The sale is identified by its event."""

    type: ClassVar[str] = "orders.timer.renewal_wait_ended"
    topic: ClassVar[str] = ""
    order: Id
    renews: Id
    source: Id
    event: Id


OWN_FACTS: Mapping[str, type[Fact]] = MappingProxyType({RenewalWaitEnded.type: RenewalWaitEnded})


def wait_ended(event: Envelope[OrderPlaced]) -> RenewalWaitEnded | None:
    """The fact that ends the wait of a sale that renews another order."""
    fact = event.data
    if fact.renews is None:
        return None
    return RenewalWaitEnded(order=fact.order, renews=fact.renews, source=event.source, event=event.id)


def judge_renewal(sale: OrderPlaced, earlier: Sale | None, account: AccountId) -> Standing:
    """Whether a sale may be placed with regard to the order it renews.

    A sale with its own seller needs no other order.
    """
    if sale.renews is None:
        return Standing.EFFECTIVE
    standing = judge_order_fact(earlier, account)
    own_seller = standing is Standing.ORDER_UNKNOWN and sale.sold_by is not None
    return Standing.EFFECTIVE if own_seller else standing


def is_latest(known: Version | None, version: Version) -> bool:
    """Whether a fact about a salesperson or an account's assignment replaces the known one."""
    return known is None or version > known


def changed_members(before: SalespersonChanged | None, after: SalespersonChanged) -> tuple[str, ...]:
    """The members of a salesperson that a fact changes; for a new person, the members that it states."""
    if before is None:
        return tuple(name for name in SalespersonChanged.model_fields if getattr(after, name) not in (None, ()))
    return tuple(name for name in SalespersonChanged.model_fields if getattr(before, name) != getattr(after, name))


def counting(change: OrderChanged, version: Version, latest: Mapping[str, Version]) -> OrderChanged:
    """A change without members for which another change of the same instant with a higher id counts.

    Earlier changes are published unchanged: readers compare times, and do not know publishers' ids.
    """
    lost = [name for name, known in latest.items() if known.at == version.at and known > version]
    return change.model_copy(update=dict.fromkeys(lost))


CHANGING = ("lines", "amount_minor", "delivery_due_at")
"""The members of an order_changed that change independently."""


def awaited_order(order: OrderId) -> str:
    """The lock key that a fact about an unknown order waits for."""
    return f"order:{order}"


def order_awaited(awaits: str) -> OrderId:
    """The order that facts wait for."""
    return OrderId(awaits.removeprefix(awaited_order(OrderId(""))))


def published(fact: Fact) -> Fact:
    """The same fact as the type that orders publishes."""
    said = dict(fact)
    if isinstance(fact, SalespersonChanged):
        said["working_hours"] = tuple(part for hours in fact.working_hours for part in _within_days(hours))
    return _PUBLISHED[type(fact)].model_validate(said)


def _within_days(hours: WorkingHours) -> Iterator[orders.DayHours]:
    """Hours in their published form: each part within one day, with `23:59` as the end of the day."""
    ends_late = hours.over_midnight or hours.end == "24:00"
    yield orders.DayHours(days=hours.days, start=hours.start, end="23:59" if ends_late else hours.end)
    if hours.over_midnight and hours.end > "00:00":
        days = tuple(_WEEK[(_WEEK.index(day) + 1) % len(_WEEK)] for day in hours.days)
        yield orders.DayHours(days=days, start="00:00", end=hours.end)
