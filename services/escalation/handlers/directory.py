"""Escalation's own copy of sales and people, kept from what orders publishes."""

from typing import Any

import orjson

from services.escalation.domain.book import Book
from services.escalation.domain.entities import Order, Salesperson
from services.escalation.handlers.signals import match_waiting_signals
from shared.contracts import orders
from shared.contracts.envelope import Envelope
from shared.transaction import Transaction


def record_order(tx: Transaction, book: Book, event: Envelope[orders.OrderPlaced]) -> None:
    """Keep a sale, and match the signals that waited for it."""
    fact = event.data
    if fact.order in book.orders[event.subject]:
        return
    customer: Any = fact.customer
    book.put_order(
        Order(
            order_id=fact.order,
            account_id=event.subject,
            sold_by=fact.sold_by,
            sold_at=fact.sold_at,
            amount_minor=fact.amount_minor,
            currency=fact.currency,
            bought=_bought(fact),
            customer_name=customer.name if customer else None,
            customer_phone=customer.phone if customer else None,
            customer_email=customer.email if customer else None,
            customer_zone=customer.zone if customer else None,
        )
    )
    match_waiting_signals(tx, book, event.subject, event)


def record_salesperson(tx: Transaction, book: Book, event: Envelope[orders.SalespersonChanged]) -> None:
    """Keep the latest fact about a person, and have whatever waited for this person look again.

    Orders publishes a person's facts in the order they count, so of equal times the later arrival wins.
    """
    known = book.people.get(event.subject)
    if known is not None and known.changed_at > event.time:
        return
    fact = event.data
    hours = [period.model_dump(mode="json") for period in fact.working_hours]
    book.put_person(
        Salesperson(
            salesperson_id=event.subject,
            changed_at=event.time,
            name=fact.name,
            manager=fact.manager,
            email=fact.email,
            phone=fact.phone,
            chat=fact.chat,
            zone=fact.zone,
            working_hours=orjson.dumps(hours).decode(),
            active=fact.active,
            successor=fact.successor.salesperson if fact.successor else None,
            successor_since=fact.successor.since if fact.successor else None,
        )
    )
    tx.hurry_timers(event.lock_key)


def _bought(fact: orders.OrderPlaced) -> str:
    """What was sold, in one line."""
    parts = [line.product if line.quantity == 1 else f"{line.quantity} × {line.product}" for line in fact.lines]
    return ", ".join(parts)
