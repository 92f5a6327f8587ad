"""`handoff status`: prints the status as a screen or as JSON; the exit status tells whether action is needed."""

import asyncio
import os
from collections.abc import Iterator

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.installation import (
    Data,
    EscalationDatabase,
    OrdersDatabase,
    ServiceName,
    SupportDatabase,
    enter_with_every_database,
)
from services.cli.status.figures import Episodes, Queue, ServiceStatus, Status
from services.cli.status.judging import span
from services.cli.status.reading import Address, read_status
from services.cli.terminal import AsJson, console, print_json, printable

_PIPE_WIDTH = 160


def status(
    data: Data = None,
    orders: OrdersDatabase = None,
    support: SupportDatabase = None,
    escalation: EscalationDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Show on one screen whether everything works.

    The exit status is 0 if all is well, and 1 if something needs attention. The processes are queried at HOST and
    ORDERS_PORT, SUPPORT_PORT and ESCALATION_PORT, where these are set; lag is as that process sees it.
    """
    urls = enter_with_every_database(data, orders=orders, support=support, escalation=escalation)
    found = asyncio.run(read_status(urls, dict(_addresses())))
    if as_json:
        print_json(found)
    else:
        console(_PIPE_WIDTH).print(shown(found))
    raise typer.Exit(1 if found.needs else 0)


def _addresses() -> Iterator[tuple[str, Address]]:
    host = os.environ.get("HOST", "127.0.0.1")
    for name in ServiceName:
        port = os.environ.get(f"{name.upper()}_PORT", "")
        if port.isdecimal():
            yield name.value, ("127.0.0.1" if host == "0.0.0.0" else host, int(port))


def shown(found: Status) -> RenderableType:
    """The screen: a column for each service, then the episodes, then the required actions."""
    parts: list[RenderableType] = [_table(found)]
    if found.episodes is not None:
        parts += [Text(), *_of_episodes(found.episodes)]
    parts.append(Text())
    if not found.needs:
        parts.append(Text("All is well.", style="green"))
    parts += [Text(printable(f"! {need}"), style="red") for need in found.needs]
    return Group(*parts)


def _table(found: Status) -> Table:
    table = Table(f"handoff {found.version}", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for one in found.services:
        table.add_column(one.service, overflow="fold")
    rows = [dict(_rows(one)) for one in found.services]
    for label in rows[0]:
        table.add_row(label, *(Text(printable(cells.get(label, "?"), kept="\n")) for cells in rows))
    return table


def _rows(one: ServiceStatus) -> Iterator[tuple[str, str]]:
    answer, stored = one.answer, one.stored
    ready = {True: "yes", False: "NO", None: "; ".join(answer.reasons)}[answer.ready]
    yield "ready", ready
    yield "process version", answer.version or "?"
    lag = (f"{topic}: {'gone' if lag is None else f'{lag:,}'}" for topic, lag in answer.lag.items())
    yield "records not yet read", "\n".join(lag) or "?"
    yield "processes connected", f"{len(stored.processes)}" if stored else "?"
    yield "tables", ", ".join(f"{schema} {at or 'none'}" for schema, at in stored.tables.items()) if stored else "?"
    if stored is not None:
        yield "events not published", _queue(stored.outbox)
        yield "facts waiting", _queue(stored.waiting_facts)
        yield "dead letters", _queue(stored.dead_letters)
        yield "refused over HTTP, kept", _queue(stored.refused_over_http)
        yield "accounts set aside", _queue(stored.set_aside)
        yield "timers overdue", _queue(stored.timers_overdue)


def _of_episodes(episodes: Episodes) -> Iterator[Text]:
    yield Text(
        f"Episodes    {episodes.open:,} open, {episodes.unanswered:,} not acknowledged, {episodes.exhausted:,} with "
        f"no one left to notify again, {episodes.nobody_to_ask:,} with no one to notify"
    )
    yield Text(f"Signals     {_queue(episodes.waiting_signals)} wait for their sale")
    yield Text(
        f"Deliveries  {_queue(episodes.deliveries_pending)} pending, {episodes.deliveries_held:,} held, "
        f"{episodes.deliveries_unknown:,} being sent or in doubt"
    )


def _queue(queue: Queue) -> str:
    return f"{queue.count:,}" + (f" (oldest {span(queue.oldest_seconds)})" if queue.count else "")
