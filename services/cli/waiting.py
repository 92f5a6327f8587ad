"""`handoff waiting`: the facts and signals that wait for their sale, case or order. Start at `waiting`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from services.cli.databases import Unreadable, reading
from services.cli.installation import (
    Data,
    EscalationDatabase,
    OrdersDatabase,
    ServiceName,
    SupportDatabase,
    enter_with_every_database,
)
from services.cli.terminal import AsJson, console, print_json, printable, stop_with

_PIPE_WIDTH = 160

# What a fact awaits is an order or a case by its id; of a case the account stands before a tab. Only a sale that renews
# another order waits for a limited time, which a timer has.
_FACTS = """
    select fact.subject as account, fact.type, replace(fact.awaits, fact.subject || e'\\t', '') as awaits,
           fact.kept_at as since, timer.due_at as until
    from shared.waiting_facts fact
    left join shared.timers timer
        on timer.subject = fact.subject and timer.type = 'orders.timer.renewal_wait_ended'
        and convert_from(timer.body, 'UTF8')::jsonb @> jsonb_build_object('source', fact.source, 'event', fact.event_id)
    order by fact.kept_at, fact.source, fact.event_id limit $1
"""
# One that names no order, or whose order did not come in time, waits for any sale of its account, without end.
_SIGNALS = """
    select account_id as account, kind as type, seen_at as since, named.until,
           case when named.until is null then 'a sale' else 'order:' || names_order end as awaits
    from escalation.signals left join lateral (
        select order_awaited_until as until where order_awaited_until > (select shared.app_now())) named on true
    where episode_id is null and ended is null order by seen_at, signal_id limit $1
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fact or a signal that waits: of which account and type, for what, since when, and until when; None: without
    end."""

    service: str
    account: str
    type: str
    awaits: str
    since: datetime
    until: datetime | None


def waiting(
    limit: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Maximum number for each service.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
    orders: OrdersDatabase = None,
    support: SupportDatabase = None,
    escalation: EscalationDatabase = None,
) -> None:
    """List facts and signals that wait for their sale, case or order."""
    urls = enter_with_every_database(data, orders=orders, support=support, escalation=escalation)
    try:
        found = asyncio.run(read_waiting(urls, limit))
    except Unreadable as error:
        raise stop_with(str(error)) from None
    if as_json:
        print_json({"waiting": found})
    elif found:
        console(_PIPE_WIDTH).print(_table(found))
    else:
        print("Nothing is waiting.")


async def read_waiting(urls: Mapping[str, str], limit: int) -> list[Waiting]:
    """The waiting facts and signals of each service, the longest waiting first. Raises Unreadable."""
    found: list[Waiting] = []
    for service, url in urls.items():
        async with reading(service, url) as connection:
            for query in (_FACTS, _SIGNALS) if service == ServiceName.ESCALATION else (_FACTS,):
                found += [Waiting(service, **row) for row in await connection.fetch(query, limit)]
    return found


def _table(found: Sequence[Waiting]) -> Table:
    table = Table("service", "account", "type", "waits for", "since", "until", box=None, padding=(0, 2, 0, 0))
    for one in found:
        cells = (one.service, one.account, one.type, one.awaits, _moment(one.since), _moment(one.until))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "no limit"
