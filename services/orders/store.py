"""Loads a batch's state of orders with one query per table, and saves it with one statement per table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from services.orders.domain import (
    CHANGING,
    OrderFact,
    RenewalWaitEnded,
    Sale,
    SalespersonWanted,
    awaited_order,
    order_awaited,
)
from services.orders.tables import Account, Order, Salesperson
from services.orders.tables import OrderFact as OrderFactRow
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.fact import Value
from shared.contracts.order_parts import Customer
from shared.contracts.orders_inbound import AccountReassigned, OrderChanged, OrderPlaced, SalespersonChanged
from shared.database import Connection, bulk_insert, bulk_upsert
from shared.ids import AccountId, OrderId, SalespersonId
from shared.precedence import Version
from shared.transaction import Transaction
from shared.waiting import MoreWaits, WaitingRoom

# The accounts are locked already, but two accounts can name one order id at once. Orders are therefore locked after
# them, in sorted order too.
_LOCK_ORDERS = """
    select pg_advisory_xact_lock(key) from (
        select distinct hashtextextended(order_id, 0) as key
        from unnest($1::text[]) as named (order_id) order by key
    ) sorted
"""
_SALES = "select order_id, account_id, content from orders.orders where order_id = any($1::text[])"
_CHANGES = """
    select order_id, at, event_id, lines is not null as lines, amount_minor is not null as amount_minor,
           delivery_due_at is not null as delivery_due_at
    from orders.order_facts where kind = 'order_changed' and order_id = any($1::text[]) order by at, event_id
"""
_VERSIONS = """
    select salesperson_id, changed_at, changed_by, to_jsonb(salespeople) as row from orders.salespeople
    where salesperson_id = any($1::text[])
"""
_REASSIGNMENTS = """
    select account_id, reassigned_at, reassigned_by from orders.accounts where account_id = any($1::text[])
"""
_PEOPLE = "select salesperson_id from orders.salespeople order by salesperson_id"
_LAST_REPORTED = """
    select salesperson_id, changed_at, changed_by, to_jsonb(salespeople) as row, (
        select source from shared.journal where subject = salesperson_id and event_id = changed_by and type = $2 limit 1
    ) as source
    from orders.salespeople where salesperson_id = any($1::text[])
"""
_PLACE = bulk_insert(Order)
_KEEP_FACTS = bulk_insert(OrderFactRow, tail="on conflict do nothing")  # may come again when the journal is trimmed
_CHANGE_PEOPLE = bulk_upsert(Salesperson)
_REASSIGN = bulk_upsert(Account)
# The columns for the members of facts about an order; each kind has some of them.
_SAID = ("due_at", "amount_minor", "currency", "reason", "promise", "proof", "reached", "words", "sold_by")
_SAID_LATER = ("complete", "delivery_due_at")


@dataclass(slots=True)
class UnitOfWork:
    """The known state of a batch's orders, people and accounts, and the batch's additions."""

    sales: dict[OrderId, Sale]
    people: dict[SalespersonId, Version]
    accounts: dict[AccountId, Version]
    waiting: WaitingRoom
    changes: dict[OrderId, dict[str, Version]]
    known_people: dict[SalespersonId, SalespersonChanged]
    last_reported: dict[SalespersonId, Envelope[SalespersonChanged]] = field(default_factory=dict)
    placed: list[Envelope[OrderPlaced]] = field(default_factory=list)
    facts: list[Envelope[OrderFact]] = field(default_factory=list)
    changed: dict[SalespersonId, Envelope[SalespersonChanged]] = field(default_factory=dict)
    reassigned: dict[AccountId, Envelope[AccountReassigned]] = field(default_factory=dict)

    def place(self, event: Envelope[OrderPlaced], sale: Sale) -> None:
        self.sales[OrderId(event.data.order)] = sale
        self.placed.append(event)

    def keep_fact(self, event: Envelope[OrderFact]) -> None:
        self.facts.append(event)
        if isinstance(event.data, OrderChanged):
            known, version = self.changes.setdefault(OrderId(event.data.order), {}), Version.of(event)
            for name in CHANGING:
                if getattr(event.data, name) is not None and version > known.get(name, version._replace(id="")):
                    known[name] = version

    def change(self, event: Envelope[SalespersonChanged]) -> None:
        person = SalespersonId(event.subject)
        self.people[person] = Version.of(event)
        self.known_people[person] = event.data
        self.changed[person] = event

    def reassign(self, event: Envelope[AccountReassigned]) -> None:
        account = AccountId(event.subject)
        self.accounts[account] = Version.of(event)
        self.reassigned[account] = event


async def load(tx: Transaction, events: Sequence[Envelope[Fact]]) -> UnitOfWork:
    people = {SalespersonId(event.subject) for event in events if isinstance(event.data, SalespersonChanged)}
    accounts = {AccountId(event.subject) for event in events if isinstance(event.data, AccountReassigned)}
    wanted = {SalespersonId(event.subject) for event in events if isinstance(event.data, SalespersonWanted)}
    facts = [event.data for event in events]
    opening = {OrderId(fact.order) for fact in facts if isinstance(fact, OrderPlaced | RenewalWaitEnded)}
    opening |= {order_awaited(fact.awaits) for fact in facts if isinstance(fact, MoreWaits)}
    named = opening | {OrderId(fact.order) for fact in facts if isinstance(fact, OrderFact)}
    named |= {OrderId(fact.renews) for fact in facts if isinstance(fact, OrderPlaced) and fact.renews}
    ended = [fact for fact in facts if isinstance(fact, RenewalWaitEnded)]
    named |= {OrderId(fact.renews) for fact in ended}
    known = await _load_people(tx.connection, people)
    sales, room = await _load_orders(tx.connection, named, opening, ended)
    facts += room.facts()
    return UnitOfWork(
        sales,
        {person: version for person, (version, _) in known.items()},
        await _load_accounts(tx.connection, accounts),
        room,
        await _load_changes(tx.connection, {OrderId(fact.order) for fact in facts if isinstance(fact, OrderChanged)}),
        {person: fact for person, (_, fact) in known.items()},
        await _load_last_reported(tx.connection, wanted),
    )


async def all_people(connection: Connection) -> list[SalespersonId]:
    return [row["salesperson_id"] for row in await connection.fetch(_PEOPLE)]


async def save(tx: Transaction, work: UnitOfWork) -> None:
    await _PLACE.run(tx.connection, [_order_row(event, work.sales) for event in work.placed])
    await _KEEP_FACTS.run(tx.connection, [_fact_row(event) for event in work.facts])
    await _CHANGE_PEOPLE.run(tx.connection, [_person_row(event) for event in work.changed.values()])
    await _REASSIGN.run(tx.connection, [_account_row(event) for event in work.reassigned.values()])
    await work.waiting.save(tx)


async def _load_orders(
    connection: Connection, named: set[OrderId], opening: set[OrderId], ended: Sequence[RenewalWaitEnded]
) -> tuple[dict[OrderId, Sale], WaitingRoom]:
    """Load the sales of these orders, the facts that wait for opened ones, and those that wait for waiting sales in
    turn.

    `ended` are waits of single sales, which are loaded. Facts that wait for an order are read after the order is
    locked.
    """
    sales: dict[OrderId, Sale] = {}
    room, known, sought = WaitingRoom(), set[OrderId](), set[OrderId]()
    while named or opening:
        sales |= await _load_sales(connection, named)
        if not known:
            await room.add_these(connection, {(one.source, one.event) for one in ended})
        await room.add(connection, [awaited_order(order) for order in opening])
        known, sought = known | named, sought | opening
        waiting = {OrderId(fact.order) for fact in room.facts() if isinstance(fact, OrderPlaced)}
        named, opening = waiting - known, waiting - sought
    await room.look_at(connection, {awaited_order(order) for order in sales.keys() - sought})
    return sales, room


async def _load_sales(connection: Connection, orders: Iterable[OrderId]) -> dict[OrderId, Sale]:
    named = list(orders)
    if not named:
        return {}
    await connection.execute(_LOCK_ORDERS, named)
    rows = await connection.fetch(_SALES, named)
    return {row["order_id"]: Sale(row["account_id"], row["content"]) for row in rows}


async def _load_changes(connection: Connection, orders: Iterable[OrderId]) -> dict[OrderId, dict[str, Version]]:
    """The latest change of each member, by order."""
    named, found = list(orders), dict[OrderId, dict[str, Version]]()
    for row in await connection.fetch(_CHANGES, named) if named else []:
        for name in CHANGING:
            if row[name]:
                found.setdefault(row["order_id"], {})[name] = Version(row["at"], row["event_id"])
    return found


async def _load_people(
    connection: Connection, people: Iterable[SalespersonId]
) -> dict[SalespersonId, tuple[Version, SalespersonChanged]]:
    named = list(people)
    rows = await connection.fetch(_VERSIONS, named) if named else []
    return {
        row["salesperson_id"]: (Version(row["changed_at"], row["changed_by"]), _person(orjson.loads(row["row"])))
        for row in rows
    }


async def _load_accounts(connection: Connection, accounts: Iterable[AccountId]) -> dict[AccountId, Version]:
    named = list(accounts)
    rows = await connection.fetch(_REASSIGNMENTS, named) if named else []
    return {row["account_id"]: Version(row["reassigned_at"], row["reassigned_by"]) for row in rows}


async def _load_last_reported(
    connection: Connection, people: Iterable[SalespersonId]
) -> dict[SalespersonId, Envelope[SalespersonChanged]]:
    """The events of the last facts about people. The journal may no longer have the source of one."""
    named = list(people)
    rows = await connection.fetch(_LAST_REPORTED, named, SalespersonChanged.type) if named else []
    return {
        row["salesperson_id"]: envelope(
            _person(orjson.loads(row["row"])),
            id=row["changed_by"],
            source=row["source"] or "handoff/orders",
            subject=row["salesperson_id"],
            time=row["changed_at"],
        )
        for row in rows
    }


def _person(row: dict[str, Any]) -> SalespersonChanged:
    """The fact that made a row: its columns are named as the fact's members, but for the successor's two."""
    successor = {"salesperson": row["successor"], "since": row["successor_since"]} if row["successor"] else None
    return SalespersonChanged.model_validate({**row, "successor": successor})


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
        customer.country,
        fact.segment,
        fact.delivery_due_at,
        fact.outcome_expected_by,
        fact.renews,
    )


def _fact_row(event: Envelope[OrderFact]) -> tuple[object, ...]:
    fact: Any = event.data
    kind = fact.type.rpartition(".")[2]
    said = (getattr(fact, name, None) for name in _SAID)
    said_later = (getattr(fact, name, None) for name in _SAID_LATER)
    lines = getattr(fact, "lines", None)
    stored = orjson.dumps(lines, default=_plain).decode() if lines else None
    return event.source, event.id, fact.order, kind, event.time, *said, getattr(fact, "by", None), *said_later, stored


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
        fact.backup,
        _json(fact.away),
        orjson.dumps(fact.days_off).decode(),
        fact.country,
        fact.region,
        fact.rings_off_hours,
        None if fact.approves_up_to is None else _json(fact.approves_up_to),
    )


def _account_row(event: Envelope[AccountReassigned]) -> tuple[object, ...]:
    return event.subject, event.time, event.id, event.data.salesperson, event.data.since


def _json(values: Sequence[Value]) -> str:
    return orjson.dumps(values, default=_plain).decode()


def _plain(value: Value) -> object:
    return value.model_dump(mode="json", exclude_none=True)
