"""What becomes of an order that changes, and of its parts that arrive."""

from dataclasses import replace

from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Order
from services.escalation.domain.facts import lines_of_sale
from services.escalation.handlers.directory import bought, products, quantities
from services.escalation.handlers.episodes import weigh_again
from shared.contracts import orders


def remember_lines(draft: Draft[orders.OrderDelivered | orders.OrderChanged]) -> None:
    """The lines as they were sold: what arrives in parts, or changes, is held against them."""
    order = draft.state.orders.get(draft.fact.order)
    if order is not None and draft.fact.lines:
        draft.book.put_fact(lines_of_sale(order))


def change_order(draft: Draft[orders.OrderChanged]) -> None:
    """An order is of other lines or of another amount from now on; of each the latest counts. It may be graver so."""
    order = draft.state.orders.get(draft.fact.order)
    if order is None:
        return
    changed = _with_amount(draft, _with_lines(draft, order))
    if changed != order:
        draft.keep(changed)
        weigh_again(draft, changed)


def _with_lines(draft: Draft[orders.OrderChanged], order: Order) -> Order:
    lines, at = draft.fact.lines, draft.event.time
    if lines is None or (order.lines_changed_at is not None and order.lines_changed_at > at):
        return order
    return replace(
        order, bought=bought(lines), products=products(lines), quantities=quantities(lines), lines_changed_at=at
    )


def _with_amount(draft: Draft[orders.OrderChanged], order: Order) -> Order:
    amount_minor, at = draft.fact.amount_minor, draft.event.time
    if amount_minor is None or (order.amount_changed_at is not None and order.amount_changed_at > at):
        return order
    return replace(order, amount_minor=amount_minor, amount_changed_at=at)
