"""The money at stake: the amount requested back, or the whole order. Pure functions."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.contracts.escalation import SignalKind


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in the minor unit of its currency."""

    minor: int
    currency: str


class MoneySignal(Protocol):
    """A signal with the amount that its fact names; without a currency it is in the order's."""

    @property
    def kind(self) -> SignalKind: ...
    @property
    def amount_minor(self) -> int | None: ...
    @property
    def currency(self) -> str | None: ...


def named_amount(amount_minor: int | None, currency: str | None, order_currency: str | None) -> Amount | None:
    """The amount that a fact names. Zero counts as not reported; without a currency it is in the order's."""
    known = currency or order_currency
    return Amount(amount_minor, known) if amount_minor and known else None


def stakes(signals: Iterable[MoneySignal], order: Amount) -> Mapping[str, int]:
    """The highest stake by currency, in minor units. Refund requests of one order add up to at most its amount; the
    stake of any other signal, and of a request without an amount, is the whole order."""
    highest: dict[str, int] = {}
    for signal in signals:
        stake = _requested(signal, order) or order
        highest[stake.currency] = highest.get(stake.currency, 0) + stake.minor
    if order.currency in highest:
        highest[order.currency] = min(highest[order.currency], order.minor)
    return highest


def refund_total(signals: Collection[MoneySignal], order: Amount) -> int | None:
    """The sum of these refund requests, at most the whole order; None if it cannot be compared with the order's amount
    because of another currency."""
    refunds = [signal for signal in signals if signal.kind is SignalKind.REFUND_REQUESTED]
    wanted = stakes(refunds, order)
    return wanted.get(order.currency) if wanted.keys() == {order.currency} else None


def is_executed(requested: Amount | None, order: Amount, paid_minor: int) -> bool:
    """Whether the requested money has been paid since; `paid_minor` is in the currency of the request."""
    wanted = (requested or order).minor
    return wanted > 0 and paid_minor >= wanted


def _requested(signal: MoneySignal, order: Amount) -> Amount | None:
    if signal.kind is not SignalKind.REFUND_REQUESTED:
        return None
    return named_amount(signal.amount_minor, signal.currency, order.currency)
