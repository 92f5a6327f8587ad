"""`handoff report`: counts from the three services' databases. Start at `report`, `read_report`."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.cli.databases import Unreadable, reading
from services.cli.figures_by import print_figures, read_figures
from services.cli.installation import (
    Data,
    EscalationDatabase,
    OrdersDatabase,
    ServiceName,
    SupportDatabase,
    database_of,
    enter,
    enter_with_every_database,
)
from services.cli.terminal import AsJson, console, print_json, stop_with
from services.escalation.domain.figures.cells import By
from shared.contracts.orders import OrderPlaced, SalespersonChanged
from shared.contracts.support import CaseOpened
from shared.database import Connection
from shared.inputs import Outcome
from shared.messaging.kept_letters import decode_headers

_PIPE_WIDTH = 120
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_READ_BY_ESCALATION = [OrderPlaced.topic, SalespersonChanged.topic, CaseOpened.topic]

_RECEIVED = "select type, count(*) from shared.journal where kind in ('record', 'http') group by type"
# An event that is published again may be another row of the outbox: it is the same event, by its source and id.
_EVENTS = """
    select distinct named.source, named.event_id, named.type from shared.outbox, lateral (
        select max(header ->> 1) filter (where header ->> 0 = 'ce_source') as source,
               max(header ->> 1) filter (where header ->> 0 = 'ce_id') as event_id,
               max(header ->> 1) filter (where header ->> 0 = 'ce_type') as type
        from jsonb_array_elements(headers) as header
    ) as named where published_at is not null
"""
_SENT = f"select type, count(*) from ({_EVENTS}) as events group by 1"
_SENT_ON_TOPICS = f"select source, event_id from ({_EVENTS} and topic = any($1::text[])) as events"
_NOT_APPLIED = """
    select source, event_id from unnest($1::text[], $2::text[]) as told (source, event_id)
    where not exists (
        select from shared.journal where (journal.source, journal.event_id) = (told.source, told.event_id))
"""
_AT_ONCE = 10_000
_WAITING = {f"facts_of_{name}": f"facts ({name})" for name in ServiceName}
_LETTERS = "select headers from shared.dead_letters where headers is not null"
_LEDGER = "select outcome, count(*) from shared.ledger group by outcome"
_UNSENT = "select count(*) from shared.outbox where published_at is null"
_TIMERS = "select count(*) from shared.timers"
_SALES = """
    select count(*) as placed,
           count(*) filter (where expected_outcome is null and outcome_expected_by is null) as without_expected_outcome
    from orders.orders
"""
_WAITING_FACTS = "select count(*) from shared.waiting_facts"
_SIGNALS_BY_KIND = "select kind, count(*) from escalation.signals group by kind"
_WAITING_SIGNALS = "select count(*) from escalation.signals where episode_id is null and ended is null"
_EPISODES = "select count(*) from escalation.episodes"
_ALERTS = "select recipient, count(*) from escalation.alerts group by recipient"
_DELIVERIES = "select channel || '_' || state, count(*) from escalation.deliveries group by 1"
_EACH_EPISODE = """
    select episode_id, order_id, salesperson,
        (select count(*) from escalation.alerts where alerts.episode_id = episodes.episode_id) as alerts
    from escalation.episodes
"""
_MATCHED_SIGNALS = "select episode_id, kind, case_id, at from escalation.signals where episode_id is not null"


@dataclass(frozen=True, slots=True)
class Tally:
    """The inputs and outputs in one service's database. `sent_to_escalation`: events by source and id."""

    received: Mapping[str, int]
    sent: Mapping[str, int]
    sent_to_escalation: frozenset[tuple[str, str]]
    ledger: Mapping[str, int]
    unsent: int
    timers: int
    waiting_facts: int


@dataclass(frozen=True, slots=True)
class Report:
    """Counts by name.

    `published`: by type, accepted events of other systems, and events sent by our services. `sales`: all, and those
    that name no expected outcome, so that nobody notices if the customer does not get it. `in_flight`: sent by orders
    and support, not yet read by escalation. `waiting`: standing signals without an order, and by service the facts that
    wait for their subject's opening. `ledger`, `unsent` and `timers`: by service.
    """

    published: Mapping[str, int]
    sales: Mapping[str, int]
    signals: Mapping[str, int]
    episodes: int
    alerts: Mapping[str, int]
    deliveries: Mapping[str, int]
    waiting: Mapping[str, int]
    ledger: Mapping[str, Mapping[str, int]]
    unsent: Mapping[str, int]
    in_flight: int
    timers: Mapping[str, int]


def report(
    as_json: AsJson = False,
    episodes: Annotated[
        bool,
        typer.Option("--episodes", help="Print each episode and its signals instead, as JSON."),
    ] = False,
    by: Annotated[
        By | None,
        typer.Option(
            metavar="GROUP",
            help="Print times, outcomes and money of sales at risk instead, by team, cause, product, segment or month.",
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="With --by: only what was raised since this day, in UTC."
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="With --by: print as CSV, one line for each group.")] = False,
    data: Data = None,
    orders: OrdersDatabase = None,
    support: SupportDatabase = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Count events, signals, episodes and alerts, and the outcome of every input.

    With --by, show how sales at risk fared: alerts, times to acknowledge and to talk, outcomes, and money.
    Groups of too few sellers (figures.smallest_group in the policy) are joined with others.
    """
    if as_csv and (as_json or by is None):
        raise stop_with("--csv needs --by, and no --json.")
    if since is not None and by is None:
        raise stop_with("--since needs --by.")
    if by is not None:
        if episodes:
            raise stop_with("Choose --by or --episodes, not both.")
        enter(data, orders=orders, support=support, escalation=escalation)
        _show_figures(by, since, as_json=as_json, as_csv=as_csv)
        return
    urls = enter_with_every_database(data, orders=orders, support=support, escalation=escalation)
    try:
        if episodes:
            print_json({"episodes": asyncio.run(read_episodes(urls["escalation"]))})
            return
        found = asyncio.run(read_report(urls))
    except Unreadable as error:
        raise stop_with(str(error)) from None
    if as_json:
        print_json(found)
    else:
        _print(console(_PIPE_WIDTH), found)


def _show_figures(by: By, since: datetime | None, *, as_json: bool, as_csv: bool) -> None:
    start = since.replace(tzinfo=UTC) if since else _BEGINNING
    try:
        found = asyncio.run(read_figures(database_of(ServiceName.ESCALATION), start, by))
    except Unreadable as error:
        raise stop_with(str(error)) from None
    print_figures(found, as_json=as_json, as_csv=as_csv)


async def read_report(urls: Mapping[str, str]) -> Report:
    """The figures of three databases, by service: "orders", "support", "escalation"; raises Unreadable.

    Each database is read at one moment, but not all three at the same.
    """
    tallies = {service: await _read_tally(service, url) for service, url in urls.items()}
    async with reading("orders", urls["orders"]) as connection:
        sales = dict(await connection.fetchrow(_SALES) or {})
    sent = tallies["orders"].sent_to_escalation | tallies["support"].sent_to_escalation
    async with reading("escalation", urls["escalation"]) as connection:
        return Report(
            published=_published(tallies),
            sales=sales,
            signals=await _counts(connection, _SIGNALS_BY_KIND),
            episodes=await connection.fetchval(_EPISODES),
            alerts=await _counts(connection, _ALERTS),
            deliveries=await _counts(connection, _DELIVERIES),
            waiting={
                "signals": await connection.fetchval(_WAITING_SIGNALS),
                **{f"facts_of_{service}": tally.waiting_facts for service, tally in tallies.items()},
            },
            ledger={service: tally.ledger for service, tally in tallies.items()},
            unsent={service: tally.unsent for service, tally in tallies.items()},
            in_flight=len(await _unread(connection, sorted(sent))),
            timers={service: tally.timers for service, tally in tallies.items()},
        )


async def read_episodes(url: str) -> list[dict[str, Any]]:
    """Every episode by order, its signals by time, kind and case: equal histories are listed equally."""
    async with reading("escalation", url) as connection:
        episodes = await connection.fetch(_EACH_EPISODE)
        matched = await connection.fetch(_MATCHED_SIGNALS)
    signals: dict[object, list[dict[str, Any]]] = {row["episode_id"]: [] for row in episodes}
    for row in sorted(matched, key=lambda row: (row["at"], row["kind"], row["case_id"] or "")):
        signals[row["episode_id"]].append({"kind": row["kind"], "case": row["case_id"], "at": _instant(row["at"])})
    listed = [
        {
            "order": row["order_id"],
            "salesperson": row["salesperson"],
            "alerts": row["alerts"],
            "signals": signals[row["episode_id"]],
        }
        for row in episodes
    ]
    return sorted(listed, key=lambda episode: (episode["order"], str(episode["signals"])))


async def _read_tally(service: str, url: str) -> Tally:
    async with reading(service, url) as connection:
        ledger = await _counts(connection, _LEDGER)
        return Tally(
            received=await _counts(connection, _RECEIVED),
            sent=await _counts(connection, _SENT),
            sent_to_escalation=frozenset(
                (row["source"], row["event_id"]) for row in await connection.fetch(_SENT_ON_TOPICS, _READ_BY_ESCALATION)
            ),
            ledger={outcome.value: ledger.get(outcome.value, 0) for outcome in Outcome},
            unsent=await connection.fetchval(_UNSENT),
            timers=await connection.fetchval(_TIMERS),
            waiting_facts=await connection.fetchval(_WAITING_FACTS),
        )


async def _unread(connection: Connection, sent: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of these events, those that escalation has neither applied nor put aside as dead letters."""
    unread: set[tuple[str, str]] = set()
    for first in range(0, len(sent), _AT_ONCE):
        some = sent[first : first + _AT_ONCE]
        rows = await connection.fetch(_NOT_APPLIED, [source for source, _ in some], [id for _, id in some])
        unread |= {(row["source"], row["event_id"]) for row in rows}
    for row in await connection.fetch(_LETTERS) if unread else ():
        named = {name: (value or b"").decode(errors="replace") for name, value in decode_headers(row["headers"])}
        unread.discard((named.get("ce_source", ""), named.get("ce_id", "")))
    return unread


async def _counts(connection: Connection, query: str) -> dict[str, int]:
    rows = await connection.fetch(query)
    return dict(sorted((name, count) for name, count in rows))


def _published(tallies: Mapping[str, Tally]) -> dict[str, int]:
    """Counts of events: our services' events are counted when sent, other systems' events when received."""
    published: Counter[str] = Counter()
    for tally in tallies.values():
        published.update({type: count for type, count in tally.received.items() if ".inbound." in type})
        published.update(tally.sent)
    return dict(sorted(published.items()))


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _print(terminal: Console, found: Report) -> None:
    terminal.print(_table("published", found.published.items()))
    terminal.print(_table("sales", ((name.replace("_", " "), count) for name, count in found.sales.items())))
    terminal.print(_table("signals", found.signals.items()))
    terminal.print(_table("episodes", [("raised", found.episodes)]))
    terminal.print(_table("alerts", found.alerts.items()))
    terminal.print(_table("deliveries", ((name.replace("_", " "), count) for name, count in found.deliveries.items())))
    terminal.print(_table("waiting", ((_WAITING.get(name, name), count) for name, count in found.waiting.items())))
    ledger = Table("ledger", *(outcome.value.replace("_", " ") for outcome in Outcome), "unsent", "timers")
    ledger.columns[0].overflow = "fold"
    for column in ledger.columns[1:]:
        column.justify, column.overflow = "right", "fold"
    for service, outcomes in found.ledger.items():
        figures = (*outcomes.values(), found.unsent[service], found.timers[service])
        ledger.add_row(service, *(f"{figure:,}" for figure in figures))
    terminal.print(ledger)
    terminal.print(f"on their way to escalation: {found.in_flight:,}")


def _table(title: str, counts: Iterable[tuple[str, int]]) -> Table:
    table = Table(title, "count", min_width=48)
    table.columns[1].justify = "right"
    for name, count in counts:
        table.add_row(name, f"{count:,}")
    return table
