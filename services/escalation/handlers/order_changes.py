"""What becomes of an order that changes, and of its parts that arrive."""

from dataclasses import replace

from services.escalation.domain.entities import Order
from services.escalation.domain.facts import lines_of_sale
from services.escalation.handlers.directory import bought, products, quantities
from services.escalation.handlers.episodes import weigh_again
from services.escalation.handlers.turn import Turn
from shared.contracts import orders


def remember_lines(turn: Turn[orders.OrderDelivered | orders.OrderChanged]) -> None:
    """The lines as they were sold: what arrives in parts, or changes, is held against them."""
    order = turn.state.orders.get(turn.fact.order)
    if order is not None and turn.fact.lines:
        turn.book.put_fact(lines_of_sale(order))


def change_order(turn: Turn[orders.OrderChanged]) -> None:
    """An order is of other lines or of another amount from now on; of each the latest counts. It may be graver so."""
    order = turn.state.orders.get(turn.fact.order)
    if order is None:
        return
    changed = _with_amount(turn, _with_lines(turn, order))
    if changed != order:
        turn.book.put_order(changed)
        weigh_again(turn, changed)


def _with_lines(turn: Turn[orders.OrderChanged], order: Order) -> Order:
    lines, at = turn.fact.lines, turn.event.time
    if lines is None or (order.lines_changed_at is not None and order.lines_changed_at > at):
        return order
    return replace(
        order, bought=bought(lines), products=products(lines), quantities=quantities(lines), lines_changed_at=at
    )


def _with_amount(turn: Turn[orders.OrderChanged], order: Order) -> Order:
    amount_minor, at = turn.fact.amount_minor, turn.event.time
    if amount_minor is None or (order.amount_changed_at is not None and order.amount_changed_at > at):
        return order
    return replace(order, amount_minor=amount_minor, amount_changed_at=at)
