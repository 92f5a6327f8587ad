"""Handles each fact that orders receives: load, decide, save. The table of handlers is at the end."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from services.orders import store
from services.orders.domain import (
    RENEWAL_WAIT,
    OrderFact,
    RenewalWaitEnded,
    SalespersonWanted,
    Standing,
    awaited_order,
    changed_members,
    counting,
    is_latest,
    judge_order_fact,
    judge_renewal,
    published,
    sale_of,
    wait_ended,
)
from services.orders.store import UnitOfWork
from shared.contracts import orders_inbound as inbound
from shared.contracts.envelope import Envelope, Fact
from shared.ids import AccountId, OrderId, SalespersonId
from shared.logs import get_logger
from shared.messaging.naming import plain
from shared.precedence import Opening, Version, judge_opening
from shared.rescues import keep_rescues
from shared.transaction import Transaction
from shared.waiting import MoreWaits

log = get_logger(__name__)

Effect: TypeAlias = Callable[[Transaction, UnitOfWork, Envelope[Any]], None]

_CONTRADICTED = (
    "an order with this ID was placed before, with different content or by another account. The first one is kept. "
    "Give the other sale an order ID of its own."
)
_OTHER_ACCOUNT = "the order belongs to another account. Send the fact with the account of the order as its subject."

_RENEWS_ANOTHERS = (
    "the order named in renews belongs to another account. Name an order of this account, or leave renews out and say "
    "who sold it in sold_by."
)


async def handle(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
    """Apply facts in the order given. A type without a handler has no effect."""
    work = await store.load(tx, events)
    async for event in tx.each(work.waiting.in_turn(events)):
        effect = SUBSCRIPTIONS.get(type(event.data))
        if effect is not None:
            effect(tx, work, event)
    await store.save(tx, work)
    await keep_rescues(tx.connection, events)


def keep_sale(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.OrderPlaced]) -> None:
    """Keep and publish the first sale of an order id, then everything that waited for it, other sales included."""
    order, reported = OrderId(event.data.order), sale_of(tx.as_reported(event))
    known = work.sales.get(order)
    match judge_opening(known.content if known else None, reported.content):
        case Opening.FIRST:
            _keep_first(tx, work, event)
        case Opening.CONTRADICTING:
            work.waiting.refuse(tx, event, code="order_contradicted", reason=_CONTRADICTED)
        case Opening.REPEATED:
            pass


def _keep_first(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.OrderPlaced]) -> None:
    """Place a sale, unless the order that it renews has to come first."""
    fact, account = event.data, AccountId(event.subject)
    earlier = work.sales.get(OrderId(fact.renews)) if fact.renews else None
    match judge_renewal(fact, earlier, account):
        case Standing.EFFECTIVE:
            _place(tx, work, event)
        case Standing.ORDER_UNKNOWN:
            _await_renewed(tx, work, event)
        case Standing.ORDER_OF_ANOTHER_ACCOUNT:
            work.waiting.refuse(tx, event, code="order_of_another_account", reason=_RENEWS_ANOTHERS)


def _place(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.OrderPlaced]) -> None:
    work.place(event, sale_of(tx.as_reported(event)))
    tx.publish(published(event.data), cause=event)
    _let_go(tx, work, awaited_order(OrderId(event.data.order)), cause=event)


def let_more_go(tx: Transaction, work: UnitOfWork, event: Envelope[MoreWaits]) -> None:
    """Keep and publish the next of very many facts that waited for an order."""
    _let_go(tx, work, event.data.awaits, cause=event)


def _let_go(tx: Transaction, work: UnitOfWork, awaits: str, *, cause: Envelope[Fact]) -> None:
    """Release the facts of an order at once after its sale, and then the sales that renew it."""
    released = work.waiting.release(tx, awaits, cause=cause)
    renewals = [waiting for waiting in released if isinstance(waiting.data, inbound.OrderPlaced)]
    for renewal in renewals:
        _stop_awaiting(tx, renewal)
    facts = [waiting for waiting in released if not isinstance(waiting.data, inbound.OrderPlaced)]
    work.waiting.go_on(facts, then=renewals)


def _await_renewed(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.OrderPlaced]) -> None:
    ended = wait_ended(event)
    assert ended is not None, "only a sale that renews another waits"
    work.waiting.wait(awaited_order(OrderId(ended.renews)), event)
    tx.set_timer(ended, cause=event, due_at=tx.now + RENEWAL_WAIT, made_of_silence=True)


def _stop_awaiting(tx: Transaction, event: Envelope[inbound.OrderPlaced]) -> None:
    ended = wait_ended(event)
    if ended is not None:
        tx.cancel_timer(ended, event.subject)


def stop_waiting_for_the_renewed_order(tx: Transaction, work: UnitOfWork, event: Envelope[RenewalWaitEnded]) -> None:
    """Place a sale without a seller, because the order that it renews did not arrive."""
    ended = event.data
    sale = work.waiting.release_one(awaited_order(OrderId(ended.renews)), ended.source, ended.event)
    if sale is not None and OrderId(ended.order) not in work.sales:
        _place(tx, work, sale)
    elif sale is not None:
        keep_sale(tx, work, sale)


def keep_order_fact(tx: Transaction, work: UnitOfWork, event: Envelope[OrderFact]) -> None:
    """Keep and publish a fact about an order; before the sale is known, let the fact wait."""
    order = OrderId(event.data.order)
    match judge_order_fact(work.sales.get(order), AccountId(event.subject)):
        case Standing.EFFECTIVE if work.waiting.must_wait(awaited_order(order), event):
            work.waiting.wait_behind(tx, awaited_order(order), event)
        case Standing.EFFECTIVE:
            fact: Fact = event.data
            if isinstance(fact, inbound.OrderChanged):
                fact = counting(fact, Version.of(event), work.changes.get(order, {}))
            work.keep_fact(event)
            tx.publish(published(fact), cause=event)
        case Standing.ORDER_UNKNOWN:
            work.waiting.wait(awaited_order(order), event)
        case Standing.ORDER_OF_ANOTHER_ACCOUNT:
            work.waiting.refuse(tx, event, code="order_of_another_account", reason=_OTHER_ACCOUNT)


def keep_salesperson(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.SalespersonChanged]) -> None:
    """Keep and publish a fact about a salesperson, unless a later one is known."""
    person = SalespersonId(event.subject)
    if is_latest(work.people.get(person), Version.of(event)):
        changed = changed_members(work.known_people.get(person), event.data)
        tx.after_commit.append(partial(_log_change, event, changed, is_new=person not in work.people))
        work.change(event)
        tx.publish(published(event.data), cause=event)


def _log_change(event: Envelope[Fact], changed: Sequence[str], *, is_new: bool) -> None:
    """Log who changed which members of which person, never the values: `handoff people history` shows those."""
    log.info(
        "a salesperson was added" if is_new else "a salesperson was changed",
        person=plain(event.subject),
        members=", ".join(changed) or "none",
        source=plain(event.source),
        event_id=plain(event.id),
    )


def publish_salesperson_again(tx: Transaction, work: UnitOfWork, event: Envelope[SalespersonWanted]) -> None:
    """Publish the known state of a salesperson as the original event: readers that have it recognise its id."""
    known = work.last_reported.get(SalespersonId(event.subject))
    if known is not None:
        tx.publish(published(known.data), cause=known)


def keep_reassignment(tx: Transaction, work: UnitOfWork, event: Envelope[inbound.AccountReassigned]) -> None:
    """Keep and publish an account's assignment, unless a later one is known."""
    if is_latest(work.accounts.get(AccountId(event.subject)), Version.of(event)):
        work.reassign(event)
        tx.publish(published(event.data), cause=event)


SUBSCRIPTIONS: Mapping[type[Fact], Effect] = {
    inbound.OrderPlaced: keep_sale,
    inbound.ConfirmationRequired: keep_order_fact,
    inbound.OrderConfirmed: keep_order_fact,
    inbound.OrderDelivered: keep_order_fact,
    inbound.OrderChanged: keep_order_fact,
    inbound.DeliveryLate: keep_order_fact,
    inbound.OrderCancelled: keep_order_fact,
    inbound.RefundPaid: keep_order_fact,
    inbound.PromiseKept: keep_order_fact,
    inbound.OutcomeReported: keep_order_fact,
    inbound.SaleCorrected: keep_order_fact,
    inbound.AccountReassigned: keep_reassignment,
    inbound.SalespersonChanged: keep_salesperson,
    SalespersonWanted: publish_salesperson_again,
    MoreWaits: let_more_go,
    RenewalWaitEnded: stop_waiting_for_the_renewed_order,
}
