"""What the facts on the page of a case are about: the customer, the order, and the order or case of a request."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from services.support.api.advice import Matter
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.orders_inbound import OrderChanged, OrderPlaced
from shared.contracts.support_inbound import (
    CancellationRequested,
    CancellationWithdrawn,
    CustomerInsists,
    RefundRequested,
    RefundWithdrawn,
    ResponsePromised,
)
from shared.formatting import counted, money

_REQUESTS = (RefundRequested, RefundWithdrawn, CancellationRequested, CancellationWithdrawn, CustomerInsists)


def about_words(fact: Fact, now: datetime) -> str:
    """What a line adds to its title: the order or the case of a request, or that a promised time has passed."""
    if isinstance(fact, ResponsePromised) and fact.due_at < now:
        return ": that time has passed"
    if not isinstance(fact, _REQUESTS):
        return ""
    if fact.order is not None:
        return f" (order {fact.order})"
    return f" (case {fact.case})" if fact.case is not None else ""


def sold(matter: Matter, history: Sequence[Envelope[Fact]]) -> Iterator[tuple[str, str]]:
    """The customer and the orders of a matter as sold and changed since, by a history that is newest first."""
    facts = [event.data for event in history]
    sales = [fact for fact in facts if isinstance(fact, OrderPlaced) and fact.order in matter.orders]
    name = next((fact.customer.name for fact in sales if fact.customer is not None and fact.customer.name), None)
    if name is not None:
        yield "Customer", name
    for sale in sales:
        yield f"Order {sale.order}", _content(sale, facts)


def _content(sale: OrderPlaced, facts: Iterable[Fact]) -> str:
    changes = [fact for fact in facts if isinstance(fact, OrderChanged) and fact.order == sale.order]
    lines = next((fact.lines for fact in changes if fact.lines is not None), sale.lines)
    amount = next((fact.amount_minor for fact in changes if fact.amount_minor is not None), sale.amount_minor)
    more = f" and {counted(len(lines) - 1, 'other line')}" if len(lines) > 1 else ""
    return f"{lines[0].product}{more}, {money(amount, sale.currency)}"
