"""Loads what a batch of events needs, one query a table, and saves what it changed, one statement a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeVar
from uuid import UUID

from services.escalation import tables
from services.escalation.domain.book import Book
from services.escalation.domain.entities import Alert, Case, Delivery, Episode, Order, Salesperson, Signal
from services.escalation.domain.own_facts import DeliveryAttempted
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.rules import Rules
from services.escalation.store import policies as versions
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SignalKind
from shared.database import BulkStatement, Connection, bulk_insert, bulk_upsert

_ORDERS = "select * from escalation.orders where account_id = any($1::text[])"
_CASES = "select * from escalation.cases where account_id = any($1::text[]) and case_id = any($2::text[])"
# In these words no partial index of open episodes fits: planned while the table is small, one would be read from end to
# end for every batch, until the table is analysed (20,000 episodes: 180 ms against 2).
_OPEN_EPISODES = """
    select * from escalation.episodes
    where account_id = any($1::text[]) and coalesce(closed_at, 'infinity') = 'infinity'
"""
# Without the words: nothing is decided by them, and saving a signal again keeps them.
_SIGNAL_COLUMNS = ", ".join(column.name for column in fields(Signal) if column.name != "words")
_SIGNALS = f"""
    select {_SIGNAL_COLUMNS} from escalation.signals where account_id = any($1::text[]) and episode_id is null
    union
    select {_SIGNAL_COLUMNS} from escalation.signals where signal_id = any($2::uuid[])
"""
# Whoever can be reached from these people by manager or successor, circles included.
_PEOPLE = """
    with recursive needed (id) as (
        select unnest($1::text[])
        union
        select above.id from needed
        join escalation.salespeople p on p.salesperson_id = needed.id
        cross join lateral (values (p.manager), (p.successor)) as above (id)
        where above.id is not null
    )
    select p.* from escalation.salespeople p join needed on needed.id = p.salesperson_id
"""
_DELIVERIES = "select * from escalation.deliveries where delivery_id = any($1::uuid[]) for update"
_ALERTS = "select * from escalation.alerts where alert_id = any($1::uuid[])"
_SILENCE = """
    update escalation.deliveries set state = 'cancelled', reason = 'acknowledged', changed_at = shared.app_now()
    from escalation.alerts
    where alerts.alert_id = deliveries.alert_id and alerts.episode_id = any($1::uuid[])
      and deliveries.state in ('pending', 'held', 'unknown')
"""

_SAVE_ORDERS = bulk_insert(tables.Order, tail="on conflict do nothing")
_SAVE_PEOPLE = bulk_upsert(tables.Salesperson)
_SAVE_CASES = bulk_upsert(tables.Case)
_SAVE_EPISODES = bulk_upsert(tables.Episode)
_SAVE_SIGNALS = bulk_upsert(tables.Signal, keep=frozenset({"words"}))
_SAVE_ALERTS = bulk_upsert(tables.Alert)
_SAVE_DELIVERIES = bulk_upsert(tables.Delivery)

_MAY_END_WAITING = (orders.OrderPlaced, support.CaseOpened)  # an OrderWaitEnded names its signal

Row = TypeVar("Row")


async def load(connection: Connection, events: Sequence[Envelope[Fact]], rules: Rules, policies: Policies) -> Book:
    """The book of a batch whose accounts are locked."""
    book = Book(rules, policies)
    accounts = list({event.subject for event in events if event.data.about == "account"})
    if accounts:
        await _load_accounts(connection, book, accounts, events)
    await _load_people(connection, book, events)
    await _load_deliveries(connection, book, events)
    return book


async def save(connection: Connection, book: Book) -> None:
    """Save what changed; tables that others refer to come first."""
    changes = book.changes
    if changes.silenced:
        await connection.execute(_SILENCE, list(changes.silenced))
    await _save(connection, _SAVE_ORDERS, changes.orders.values())
    await _save(connection, _SAVE_PEOPLE, changes.people.values())
    await _save(connection, _SAVE_CASES, changes.cases.values())
    await _save(connection, _SAVE_EPISODES, changes.episodes.values())
    await _save(connection, _SAVE_SIGNALS, changes.signals.values())
    await _save(connection, _SAVE_ALERTS, changes.alerts.values())
    await _save(connection, _SAVE_DELIVERIES, changes.deliveries.values())
    await versions.save(connection, changes.policies)


async def _load_accounts(
    connection: Connection, book: Book, accounts: list[str], events: Sequence[Envelope[Fact]]
) -> None:
    for row in await connection.fetch(_ORDERS, accounts):
        book.orders[row["account_id"]][row["order_id"]] = Order(**row)
    cases = list({case for event in events if (case := getattr(event.data, "case", None))})
    for row in await connection.fetch(_CASES, accounts, cases) if cases else ():
        book.cases[row["account_id"], row["case_id"]] = Case(**row)
    for row in await connection.fetch(_OPEN_EPISODES, accounts):
        episode = Episode(**row)
        book.open_episodes[episode.order_id] = book.episodes[episode.episode_id] = episode
    awaited_by = list({event.subject for event in events if isinstance(event.data, _MAY_END_WAITING)})
    named = _named(events, "signal")
    for row in await connection.fetch(_SIGNALS, awaited_by, named) if awaited_by or named else ():
        book.signals[row["signal_id"]] = Signal(**{**row, "kind": SignalKind(row["kind"])})


async def _load_people(connection: Connection, book: Book, events: Sequence[Envelope[Fact]]) -> None:
    needed = {order.sold_by for sales in book.orders.values() for order in sales.values()}
    needed |= {event.data.sold_by for event in events if isinstance(event.data, orders.OrderPlaced)}
    needed |= {event.subject for event in events if event.data.about == "salesperson"}
    needed |= {above for event in events for above in _line_above(event.data)}
    needed.add(book.rules.desk)
    for row in await connection.fetch(_PEOPLE, sorted(filter(None, needed))):
        book.people[row["salesperson_id"]] = Salesperson(**row)


async def _load_deliveries(connection: Connection, book: Book, events: Sequence[Envelope[Fact]]) -> None:
    attempted = [event.data.delivery for event in events if isinstance(event.data, DeliveryAttempted)]
    if not attempted:
        return
    for row in await connection.fetch(_DELIVERIES, attempted):
        book.deliveries[row["delivery_id"]] = Delivery(**row)
    alerts = [delivery.alert_id for delivery in book.deliveries.values()]
    for row in await connection.fetch(_ALERTS, alerts):
        book.alerts[row["alert_id"]] = Alert(**row)


def _line_above(fact: Fact) -> Iterator[str | None]:
    """Who may hear of a person's episodes instead, as this very batch tells it."""
    if isinstance(fact, orders.SalespersonChanged):
        yield fact.manager
        yield fact.successor.salesperson if fact.successor else None


def _named(events: Sequence[Envelope[Fact]], field: str) -> list[UUID]:
    return [value for event in events if isinstance(value := getattr(event.data, field, None), UUID)]


async def _save(connection: Connection, statement: BulkStatement, values: Iterable[Any]) -> None:
    await statement.run(connection, [tuple(getattr(value, name) for name in statement.columns) for value in values])
