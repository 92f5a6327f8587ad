"""Reads the data for one salesperson's duties.

Every statement names the reader, so it finds no other person's sales.
"""

from collections.abc import Collection, Mapping
from typing import cast

from services.escalation.domain.detections.history import History
from services.escalation.domain.duties import Period, Sale
from services.escalation.domain.entities import Account, Directory, Order, Salesperson
from services.escalation.domain.facts import SAID
from services.escalation.store.facts import published_event
from services.escalation.store.histories import FACT_COLUMNS, histories_of
from shared.contracts.envelope import Envelope
from shared.contracts.orders import OrderPlaced
from shared.database import Pool
from shared.ids import AccountId, SalespersonId

_LIMIT = 500
# The successor of a seller who left keeps their sales. An account may be assigned to a person without a sale of theirs.
THEIRS = """
    with books as (
        select $1::text as owner union select salesperson_id from escalation.salespeople where successor = $1
    ), theirs as (
        select order_id, account_id, sold_at, outcome_expected_by from books join escalation.orders on sold_by = owner
        union
        select order_id, account_id, sold_at, outcome_expected_by
        from escalation.accounts join escalation.orders using (account_id) where assigned_to = $1
    )
"""
_SALES = f"""
    {THEIRS}, due as (
        select order_id, sold_at from theirs
        where sold_at between $2 and $3 or outcome_expected_by between $4 and $5
            or order_id in (select order_id from escalation.facts where kind = 'promise' and due_at between $4 and $5)
            or order_id in (
                select order_id from escalation.facts where kind = 'customer_duty' and due_at between $4 and $5)
        order by sold_at desc, order_id limit {_LIMIT}
    )
    select o.* from due join escalation.orders o using (order_id) order by o.sold_at desc, o.order_id
"""
ACCOUNTS_OF = "select * from escalation.accounts where account_id = any($1::text[])"
_ACCOUNT = f"{THEIRS} select account_id from theirs where order_id = $2"
# Facts that make a duty, prove it or report it done; from the account's first of these sales on, talks and complaints;
# and the order of each case.
_FACTS = f"""
    select {", ".join(f"f.{name}" for name in FACT_COLUMNS)}
    from unnest($1::text[], $2::timestamptz[]) as first (account_id, sold_at)
    join escalation.facts f on f.account_id = first.account_id
    where f.kind in ('promise', 'promise_kept', 'promise_said_kept', 'customer_duty', 'customer_duty_said_done',
            'outcome_reported', 'outcome_said', 'order_cancelled', 'case_opened')
        or (f.at >= first.sold_at - $3::interval and (
            f.kind in ('customer_reached', 'rated', 'refund_requested', 'cancellation_requested', 'answer_not_needed')
            or (f.kind = 'contact' and f.result in ('answered', 'resolved', 'dead_end'))))
    order by f.at
"""
PEOPLE_OF = """
    select * from escalation.salespeople where salesperson_id = any($1::text[]) or salesperson_id in (
        select successor from escalation.salespeople where salesperson_id = any($1::text[]))
"""
_PLACED = f"""
    {THEIRS}
    select j.subject, j.source, j.event_id, j.type, j.at, j.body
    from theirs join shared.journal j on j.subject = account_id
    where order_id = any($2::text[]) and j.type = '{OrderPlaced.type}' and j.body is not null
"""


async def sales_of(database: Pool, reader: SalespersonId, within: Period) -> tuple[list[Sale], Directory]:
    """The reader's latest sales that can have duties now, and all people who may have them or reported a customer's
    answer about them."""
    times = (within.sold_since, within.sold_until, within.due_since, within.due_until)
    orders = [Order(**row) for row in await database.fetch(_SALES, reader, *times)]
    first = {order.account_id: order.sold_at for order in orders}  # the latest come first
    ids = list(first)
    accounts = {row["account_id"]: Account(**row) for row in await database.fetch(ACCOUNTS_OF, ids)} if ids else {}
    facts = await database.fetch(_FACTS, ids, list(first.values()), within.before_sale) if ids else []
    histories = histories_of(ids, facts)
    owners = {reader, *(order.sold_by for order in orders), *(account.assigned_to for account in accounts.values())}
    speakers = {fact["agent"] for fact in facts if fact["kind"] in SAID}
    people = await database.fetch(PEOPLE_OF, list(filter(None, owners | speakers)))
    return _sales(orders, accounts, histories), {row["salesperson_id"]: Salesperson(**row) for row in people}


def _sales(orders: Collection[Order], accounts: Mapping[str, Account], histories: Mapping[str, History]) -> list[Sale]:
    return [
        Sale(order, accounts.get(order.account_id) or Account(order.account_id), histories[order.account_id])
        for order in orders
    ]


async def account_of_sale(database: Pool, reader: SalespersonId, order: str) -> AccountId | None:
    """The account of an order, if the order may be the reader's."""
    account: AccountId | None = await database.fetchval(_ACCOUNT, reader, order)
    return account


async def placed(database: Pool, reader: SalespersonId, orders: Collection[str]) -> Mapping[str, Envelope[OrderPlaced]]:
    """The events with which orders published these sales of the reader. Erased ones are left out."""
    rows = await database.fetch(_PLACED, reader, list(orders)) if orders else ()
    events = [cast("Envelope[OrderPlaced]", published_event(row)) for row in rows]
    return {event.data.order: event for event in events if event.data.order in orders}
