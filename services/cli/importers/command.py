"""`handoff import deals` and `handoff import servicenow`: a file's rows as inbound events, over Kafka.

A file is read whole before anything is published, so a file with an unreadable row publishes nothing.
"""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import PydanticCustomError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.cli.databases import Unreadable, reading
from services.cli.importers import deals as olist
from services.cli.importers import servicenow as service_desk
from services.cli.importers.events import Import
from services.cli.importers.rows import Row, UnreadableFile, read_rows
from services.cli.installation import KAFKA, Data, EscalationDatabase, ServiceName, database_variable, enter, require
from services.cli.run import from_environment
from services.cli.terminal import AsJson, note, print_json, printable, stop_with
from services.escalation.store.desk import desk_notes
from shared.contracts.fields import read_instant
from shared.messaging.publisher import Publisher, PublishError
from shared.settings import KafkaSettings

app = typer.Typer(
    name="import", help="Publish files of known formats as inbound events, over Kafka.", no_args_is_help=True
)

_FILE = {"exists": True, "dir_okay": False, "readable": True, "metavar": "FILE"}


def _instant(text: str) -> datetime:
    try:
        return read_instant(text)
    except PydanticCustomError as error:
        raise typer.BadParameter(error.message()) from None


@app.command()
def deals(
    file: Annotated[Path, typer.Option(help="The CSV file of closed deals.", **_FILE)],
    desk: Annotated[
        str,
        typer.Option(envvar="DESK", metavar="PERSON", help="The salesperson to notify when there is no seller."),
    ] = "desk",
    data: Data = None,
    escalation: EscalationDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Closed deals ("Marketing Funnel by Olist", olist_closed_deals_dataset.csv) as sales and salespeople.

    Needs KAFKA_BOOTSTRAP_SERVERS. If the address of escalation's database is set, checks that the desk is in its
    directory.
    """
    enter(data)
    if escalation is not None:
        os.environ[database_variable(ServiceName.ESCALATION)] = escalation
    require(KAFKA)
    with _errors_in_words():
        found = [olist.read_deal(row) for row in _rows(file, olist.COLUMNS)]
        _publish(olist.events_of_deals(found), as_json=as_json)
    if not any(deal.sold_by == desk for deal in found) and not asyncio.run(_is_known(desk)):
        unsold = sum(deal.sold_by is None for deal in found)
        note(
            f"No sales desk: DESK names {printable(desk)}, who is in neither this file nor the directory. "
            f"{unsold:,} of {len(found):,} sales have no seller: no one is notified of trouble with these until you "
            f"publish orders.inbound.salesperson_changed for {printable(desk)}, or set DESK to someone else."
        )


@app.command()
def servicenow(
    file: Annotated[Path, typer.Option(help="The CSV file of the help desk's audit log.", **_FILE)],
    deals: Annotated[Path, typer.Option(help="The CSV file of closed deals, which names the callers.", **_FILE)],
    starts_at: Annotated[
        datetime,
        typer.Option(
            parser=_instant,
            metavar="INSTANT",
            help="When the first incident opens, in UTC. 2018-06-04T01:16:00Z keeps the weekdays of data set 498.",
        ),
    ],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The audit log of a help desk (UCI data set 498, incident_event_log.csv) as cases, moved in time.

    Needs KAFKA_BOOTSTRAP_SERVERS.
    """
    enter(data)
    require(KAFKA)
    with _errors_in_words():
        sellers = [olist.read_deal(row).account for row in _rows(deals, olist.COLUMNS)]
        changes = [service_desk.read_change(row) for row in _rows(file, service_desk.COLUMNS)]
        _publish(service_desk.events_of_changes(changes, sellers=sellers, starts_at=starts_at), as_json=as_json)


async def _is_known(desk: str) -> bool:
    """Whether the directory has this person, as far as its database is named and answers."""
    url = os.environ.get(database_variable(ServiceName.ESCALATION))
    if not url:
        return False
    try:
        async with reading("escalation", url) as connection:
            return not await desk_notes(connection, desk)
    except Unreadable as error:
        note(str(error))
        return False


@contextmanager
def _errors_in_words() -> Iterator[None]:
    try:
        yield
    except (UnreadableFile, PublishError) as error:
        raise stop_with(str(error)) from None


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from read_rows(file, file=str(path), columns=columns)


def _publish(found: Import, *, as_json: bool) -> None:
    cluster = from_environment(KafkaSettings).cluster()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # PublishError tells it in words
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("publishing", total=len(found.events))

        async def publish() -> None:
            async with Publisher(cluster) as publisher:
                await publisher.publish(found.events, progress=lambda done: bar.update(task, completed=done))

        asyncio.run(publish())
    if as_json:
        print_json(_figures(found))
    else:
        Console(highlight=False).print(_summary(found))


def _figures(found: Import) -> dict[str, object]:
    types = Counter(event.type for event in found.events)
    counts = {"rows": found.rows, "skipped": found.skipped, "merged": found.merged, "published": len(found.events)}
    return counts | {"events": dict(sorted(types.items()))}


def _summary(found: Import) -> Table:
    table = Table("", "count", min_width=48)
    table.columns[1].justify = "right"
    table.add_row("rows read", f"{found.rows:,}")
    if found.skipped is not None:
        table.add_row("rows skipped, caller unknown", f"{found.skipped:,}")
    if found.merged:
        table.add_row("facts listed twice, published once", f"{found.merged:,}")
    table.add_row("events published", f"{len(found.events):,}", end_section=True)
    for type, count in sorted(Counter(event.type for event in found.events).items()):
        table.add_row(type, f"{count:,}")
    return table
