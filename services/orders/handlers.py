"""What orders does with each fact it hears: load, decide, save. The table of who listens is at the end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from services.orders import store
from services.orders.domain import (
    OrderFact,
    SalespersonWanted,
    Standing,
    awaited_order,
    is_latest,
    judge_order_fact,
    published,
    sale_of,
)
from services.orders.store import Book
from shared.contracts import orders_inbound as inbound
from shared.contracts.envelope import Envelope, Fact
from shared.ids import AccountId, OrderId, SalespersonId
from shared.precedence import Opening, Version, judge_opening
from shared.transaction import Transaction

Effect: TypeAlias = Callable[[Transaction, Book, Envelope[Any]], None]

_CONTRADICTED = (
    "an order with this id was placed before, with other content or by another account; the first stands. "
    "Give another sale an order id of its own."
)
_OTHER_ACCOUNT = "the order belongs to another account. Send the fact with the account of the order as its subject."


async def handle(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
    """Apply facts in the order given. A type that nobody listens to has no effect."""
    book = await store.load(tx, events)
    for event in events:
        effect = SUBSCRIPTIONS.get(type(event.data))
        if effect is not None:
            effect(tx, book, event)
    await store.save(tx, book)


def keep_sale(tx: Transaction, book: Book, event: Envelope[inbound.OrderPlaced]) -> None:
    """Keep and publish the first sale of an order id, then everything that waited for it."""
    order, told = OrderId(event.data.order), sale_of(tx.told(event))
    known = book.sales.get(order)
    match judge_opening(known.content if known else None, told.content):
        case Opening.FIRST:
            book.place(event, told)
            tx.publish(published(event.data), cause=event)
            for waiting in book.waiting.release(awaited_order(order)):
                keep_order_fact(tx, book, waiting)
        case Opening.CONTRADICTING:
            tx.reject(event, "order_contradicted", _CONTRADICTED)
        case Opening.REPEATED:
            pass


def keep_order_fact(tx: Transaction, book: Book, event: Envelope[OrderFact]) -> None:
    """Keep and publish what became of an order; before its sale is known, let it wait."""
    order = OrderId(event.data.order)
    match judge_order_fact(book.sales.get(order), AccountId(event.subject)):
        case Standing.EFFECTIVE:
            book.facts.append(event)
            tx.publish(published(event.data), cause=event)
        case Standing.ORDER_UNKNOWN:
            book.waiting.wait(awaited_order(order), event)
        case Standing.ORDER_OF_ANOTHER_ACCOUNT:
            book.waiting.refuse(tx, event, code="order_of_another_account", reason=_OTHER_ACCOUNT)


def keep_salesperson(tx: Transaction, book: Book, event: Envelope[inbound.SalespersonChanged]) -> None:
    """Keep and publish what is told of a salesperson, unless something later is known."""
    if is_latest(book.people.get(SalespersonId(event.subject)), Version.of(event)):
        book.change(event)
        tx.publish(published(event.data), cause=event)


def publish_salesperson_again(tx: Transaction, book: Book, event: Envelope[SalespersonWanted]) -> None:
    """Publish what is known of a salesperson as the very event that it was: who has heard it knows it by its id."""
    known = book.last_told.get(SalespersonId(event.subject))
    if known is not None:
        tx.publish(published(known.data), cause=known)


def keep_reassignment(tx: Transaction, book: Book, event: Envelope[inbound.AccountReassigned]) -> None:
    """Keep and publish who looks after an account, unless something later is known."""
    if is_latest(book.accounts.get(AccountId(event.subject)), Version.of(event)):
        book.reassign(event)
        tx.publish(published(event.data), cause=event)


SUBSCRIPTIONS: Mapping[type[Fact], Effect] = {
    inbound.OrderPlaced: keep_sale,
    inbound.ConfirmationRequired: keep_order_fact,
    inbound.OrderConfirmed: keep_order_fact,
    inbound.OrderDelivered: keep_order_fact,
    inbound.DeliveryLate: keep_order_fact,
    inbound.OrderCancelled: keep_order_fact,
    inbound.RefundPaid: keep_order_fact,
    inbound.PromiseKept: keep_order_fact,
    inbound.OutcomeReported: keep_order_fact,
    inbound.SaleCorrected: keep_order_fact,
    inbound.AccountReassigned: keep_reassignment,
    inbound.SalespersonChanged: keep_salesperson,
    SalespersonWanted: publish_salesperson_again,
}
