"""What orders reads and writes: one query a table loads a batch's state, one statement a table saves it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from services.orders.domain import OrderFact, Sale, awaited_order
from services.orders.tables import Order, Salesperson
from services.orders.tables import OrderFact as OrderFactRow
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.fact import Value
from shared.contracts.orders_inbound import Customer, OrderPlaced, SalespersonChanged
from shared.database import Connection, bulk_insert, bulk_upsert
from shared.ids import OrderId, SalespersonId
from shared.precedence import Version
from shared.transaction import Transaction
from shared.waiting import WaitingRoom

# The accounts are locked already, but two accounts can name one order id at once: so orders are locked
# after them, in sorted order too.
_LOCK_ORDERS = """
    select pg_advisory_xact_lock(key) from (
        select distinct hashtextextended(order_id, 0) as key
        from unnest($1::text[]) as named (order_id) order by key
    ) sorted
"""
_SALES = "select order_id, account_id, content from orders.orders where order_id = any($1::text[])"
_VERSIONS = """
    select salesperson_id, changed_at, changed_by from orders.salespeople
    where salesperson_id = any($1::text[])
"""
_PLACE = bulk_insert(Order)
_KEEP_FACTS = bulk_insert(OrderFactRow, tail="on conflict do nothing")  # may come again when the journal is trimmed
_CHANGE_PEOPLE = bulk_upsert(Salesperson)


@dataclass(slots=True)
class Book:
    """What is known of a batch's orders and people, and what the batch adds to it."""

    sales: dict[OrderId, Sale]
    people: dict[SalespersonId, Version]
    waiting: WaitingRoom
    placed: list[Envelope[OrderPlaced]] = field(default_factory=list)
    facts: list[Envelope[OrderFact]] = field(default_factory=list)
    changed: dict[SalespersonId, Envelope[SalespersonChanged]] = field(default_factory=dict)

    def place(self, event: Envelope[OrderPlaced], sale: Sale) -> None:
        self.sales[OrderId(event.data.order)] = sale
        self.placed.append(event)

    def change(self, event: Envelope[SalespersonChanged]) -> None:
        person = SalespersonId(event.subject)
        self.people[person] = Version.of(event)
        self.changed[person] = event


async def load(tx: Transaction, events: Sequence[Envelope[Fact]]) -> Book:
    facts = [event.data for event in events]
    placed = {OrderId(fact.order) for fact in facts if isinstance(fact, OrderPlaced)}
    named = placed | {OrderId(fact.order) for fact in facts if isinstance(fact, OrderFact)}
    people = {SalespersonId(event.subject) for event in events if isinstance(event.data, SalespersonChanged)}
    return Book(
        await _load_sales(tx.connection, named),
        await _load_people(tx.connection, people),
        await WaitingRoom.load(tx.connection, [awaited_order(order) for order in placed]),
    )


async def save(tx: Transaction, book: Book) -> None:
    await _PLACE.run(tx.connection, [_order_row(event, book.sales) for event in book.placed])
    await _KEEP_FACTS.run(tx.connection, [_fact_row(event) for event in book.facts])
    await _CHANGE_PEOPLE.run(tx.connection, [_person_row(event) for event in book.changed.values()])
    await book.waiting.save(tx)


async def _load_sales(connection: Connection, orders: Iterable[OrderId]) -> dict[OrderId, Sale]:
    named = list(orders)
    if not named:
        return {}
    await connection.execute(_LOCK_ORDERS, named)
    rows = await connection.fetch(_SALES, named)
    return {row["order_id"]: Sale(row["account_id"], row["content"]) for row in rows}


async def _load_people(connection: Connection, people: Iterable[SalespersonId]) -> dict[SalespersonId, Version]:
    named = list(people)
    rows = await connection.fetch(_VERSIONS, named) if named else []
    return {row["salesperson_id"]: Version(row["changed_at"], row["changed_by"]) for row in rows}


def _order_row(event: Envelope[OrderPlaced], sales: dict[OrderId, Sale]) -> tuple[object, ...]:
    fact = event.data
    customer = fact.customer or Customer()
    return (
        fact.order,
        event.subject,
        sales[OrderId(fact.order)].content,
        event.time,
        fact.sold_by,
        fact.sold_at,
        fact.amount_minor,
        fact.currency,
        _json(fact.lines),
        _json(fact.promises),
        fact.expected_outcome,
        customer.name,
        customer.phone,
        customer.email,
        customer.zone,
    )


def _fact_row(event: Envelope[OrderFact]) -> tuple[object, ...]:
    fact: Any = event.data
    kind = fact.type.rpartition(".")[2]
    own = (getattr(fact, name, None) for name in ("due_at", "amount_minor", "currency", "reason"))
    return event.source, event.id, fact.order, kind, event.time, *own


def _person_row(event: Envelope[SalespersonChanged]) -> tuple[object, ...]:
    fact = event.data
    successor = fact.successor
    return (
        event.subject,
        event.time,
        event.id,
        fact.name,
        fact.manager,
        fact.email,
        fact.phone,
        fact.chat,
        fact.zone,
        _json(fact.working_hours),
        fact.active,
        successor.salesperson if successor else None,
        successor.since if successor else None,
    )


def _json(values: Sequence[Value]) -> str:
    return orjson.dumps([value.model_dump(mode="json", exclude_none=True) for value in values]).decode()
