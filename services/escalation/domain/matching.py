"""Which order a signal belongs to, by the signal's own time. A match is final."""

from collections.abc import Mapping
from datetime import datetime

from services.escalation.domain.entities import Order, Signal


def matching_order(signal: Signal, orders: Mapping[str, Order]) -> Order | None:
    """The order it names, whatever its date; else the account's latest at or before it; None while there is none.

    `orders` are the account's. A named order that is not among them is waited for before the latest counts.
    """
    if signal.names_order is not None and signal.names_order in orders:
        return orders[signal.names_order]
    if signal.order_awaited_until is not None:
        return None
    return latest_order(orders, signal.at)


def latest_order(orders: Mapping[str, Order], at: datetime) -> Order | None:
    """The latest order sold at or before an instant; sold at the same instant, the highest id is the latest."""
    sold = [order for order in orders.values() if order.sold_at <= at]
    return max(sold, key=lambda order: (order.sold_at, order.order_id), default=None)
