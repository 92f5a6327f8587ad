"""`handoff people`: who changed what of a salesperson, from the journal of orders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import asyncpg
import orjson
import typer

from services.cli.databases import with_pool
from services.cli.installation import Data, OrdersDatabase, ServiceName, enter
from services.cli.terminal import AsJson, print_json, printable, stop_with
from services.orders.domain import changed_members, is_latest
from shared.contracts.orders_inbound import SalespersonChanged
from shared.database import Pool
from shared.precedence import Version

app = typer.Typer(help="Show who changed what about a salesperson.", no_args_is_help=True)

_PUBLISHED = """
    select source, event_id, kind, at, decided_at, body from shared.journal
    where subject = $1 and type = $2 order by position
"""
_WAYS = {"http": "HTTP", "record": "Kafka"}
_NO_EFFECT = "no effect: a later change was already known"
_ERASED = "erased: its content is no longer kept"


@dataclass(frozen=True, slots=True)
class Change:
    """One fact about a salesperson: its sender and channel, and each changed member, before and after.

    `counts`: whether no later fact was known. `erased`: its content is no longer kept.
    """

    received_at: datetime
    source: str
    way: str
    event_id: str
    dated: datetime
    counts: bool
    erased: bool
    is_first: bool
    changed: dict[str, tuple[Any, Any]]


@app.callback()
def people() -> None:
    """Show who changed what about a salesperson."""


@app.command()
def history(
    person: Annotated[str, typer.Argument(metavar="ID", help="ID of the salesperson.")],
    data: Data = None,
    orders: OrdersDatabase = None,
    as_json: AsJson = False,
) -> None:
    """List every change to a salesperson, oldest first: when, from which source, and what. Shows personal data."""
    enter(data, orders=orders)
    changes = list(changes_in(with_pool(ServiceName.ORDERS, lambda pool: _published(pool, person))))
    if not changes:
        raise stop_with(f"No changes to salesperson {person} were received. Check the ID; IDs are case-sensitive.")
    if as_json:
        print_json(changes)
        return
    for one in changes:
        for line in _lines(one):
            print(printable(line))


async def _published(pool: Pool, person: str) -> Sequence[asyncpg.Record]:
    return await pool.fetch(_PUBLISHED, person, SalespersonChanged.type)


def changes_in(rows: Sequence[Any]) -> Iterator[Change]:
    """The changes by each row of the journal to the state before it, as orders judged them."""
    latest: Version | None = None
    known: SalespersonChanged | None = None
    for row in rows:
        version = Version(row["at"], row["event_id"])
        fact = None if row["body"] is None else SalespersonChanged.model_validate_json(row["body"])
        counts = is_latest(latest, version)
        yield Change(
            received_at=row["decided_at"],
            source=row["source"],
            way=_WAYS.get(row["kind"], row["kind"]),
            event_id=row["event_id"],
            dated=row["at"],
            counts=counts,
            erased=fact is None,
            is_first=latest is None,
            changed=_changed(known, fact) if counts and fact is not None else {},
        )
        if counts:
            latest, known = version, fact


def _changed(before: SalespersonChanged | None, after: SalespersonChanged) -> dict[str, tuple[Any, Any]]:
    old = before.model_dump(mode="json") if before else {}
    new = after.model_dump(mode="json")
    return {name: (old.get(name), new[name]) for name in changed_members(before, after)}


def _lines(change: Change) -> Iterator[str]:
    dated = "" if change.dated == change.received_at else f", dated {change.dated:%Y-%m-%d %H:%M:%S} UTC"
    yield (
        f"{change.received_at:%Y-%m-%d %H:%M:%S} UTC  source {change.source} over {change.way}, "
        f"event {change.event_id}{dated}"
    )
    if change.erased:
        yield f"    {_ERASED}"
    elif not change.counts:
        yield f"    {_NO_EFFECT}"
    elif not change.changed:
        yield "    nothing changed"
    for name, (before, after) in change.changed.items():
        yield f"    {name}: {_said(after)}" if before is None else f"    {name}: {_said(before)} → {_said(after)}"


def _said(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else orjson.dumps(value).decode()
