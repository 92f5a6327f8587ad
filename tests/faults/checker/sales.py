"""An account's orders with their sellers and amounts, and the account's owner. Start at `Sales.take_over`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.faults.checker.evidence import Reported, instant

_REMEMBERED = timedelta(days=730)


@dataclass(slots=True)
class Sales:
    """By order. `corrected`, `changed` and `owner` say when a seller, an amount or an owner was last reported."""

    orders: dict[str, Reported] = field(default_factory=dict)
    sellers: dict[str, str | None] = field(default_factory=dict)
    corrected: dict[str, datetime] = field(default_factory=dict)
    inherits: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)
    owner: tuple[datetime, str] | None = None

    def take_over(self, event: Reported) -> bool:
        """Take over a sale, a correction or a reassignment. Returns whether the order is new."""
        order = str(event.data.get("order"))
        if event.kind == "order_placed" and order not in self.orders:
            self.orders[order] = event
            self.sellers[order] = event.data.get("sold_by")
            self.amounts[order] = event.data["amount_minor"]
            if "sold_by" not in event.data and "renews" in event.data:
                self.inherits[order] = event.data["renews"]
            return True
        if event.kind == "sale_corrected" and order in self.orders:
            if event.at >= self.corrected.get(order, event.at):
                self.sellers[order], self.corrected[order] = event.data.get("sold_by"), event.at
                self.inherits.pop(order, None)
        elif event.kind == "account_reassigned" and (self.owner is None or event.at >= self.owner[0]):
            self.owner = event.at, event.data["salesperson"]
        return False

    def change_amount(self, order: str, event: Reported) -> bool:
        """Returns whether the change counts: an earlier one than the last known does not."""
        if event.at < self.changed.get(order, event.at):
            return False
        self.amounts[order], self.changed[order] = event.data["amount_minor"], event.at
        return True

    def seller(self, order: str) -> str | None:
        """The seller of the order, or of the sale that it renews."""
        while order in self.inherits:
            order = self.inherits[order]
        return self.sellers.get(order)

    def currency(self, order: str) -> str:
        return str(self.orders[order].data["currency"])

    def last_before(self, at: datetime) -> str | None:
        """The latest order sold by then, first among those that a person sold within the last two years."""
        sold = [(sold_at(order), id) for id, order in self.orders.items() if sold_at(order) <= at]
        made = [(at_sale, id) for at_sale, id in sold if self.seller(id) and at_sale >= at - _REMEMBERED]
        return max(made or sold)[1] if sold else None


def sold_at(order: Reported) -> datetime:
    return instant(order.data["sold_at"])
