"""`handoff outbox`: publish a service's events again, after its topic lost them."""

import os
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from services.cli.databases import processor_of, try_pool, with_pool
from services.cli.installation import Data, ServiceName, database_variable, enter, require
from services.cli.moments import moment_of
from services.cli.run import outline_of, read_settings
from services.cli.terminal import counted, printable, stop_with
from shared.database import DATABASE_ERRORS, Pool

app = typer.Typer(help="Publish events of the services again.", no_args_is_help=True)

_ANYBODY = "select exists (select from orders.salespeople)"


@app.callback()
def outbox() -> None:
    """Publish events of the services again."""


@app.command()
def replay(
    since: Annotated[str, typer.Option(metavar="WHEN", help="Start time, with its zone: 2026-05-04T09:30Z.")],
    service: Annotated[
        ServiceName | None, typer.Argument(metavar="SERVICE", help="orders, support or escalation. Default: all.")
    ] = None,
    data: Data = None,
) -> None:
    """Republish all events since a given time; for orders, the current salespeople too. No event is applied twice.

    Uses ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL.
    """
    from shared.publishing_again import publish_again

    moment = _moment(since)
    enter(data)
    wanted = [service] if service else list(ServiceName)
    require(*map(database_variable, wanted))
    for name in wanted:
        events = with_pool(name, lambda pool: publish_again(pool, moment))
        print(f"{name.value}: {counted(events, 'event')} will be published again")
        if name is ServiceName.ORDERS:
            people = with_pool(name, _people)
            print(f"{name.value}: {counted(people, 'salesperson', 'salespeople')} will be published again")
        _settle(name, moment)


def _settle(publisher: ServiceName, since: datetime) -> None:
    """Mark topics that were deleted and created again as restored for their readers, if `since` is early."""
    from shared.messaging.cluster import owner
    from shared.messaging.recreated import settle

    for reader in ServiceName:
        if not os.environ.get(database_variable(reader)):
            print(_by_hand(reader, f"{database_variable(reader)} is not set"))
            continue
        read = [topic for topic in outline_of(reader).listens_to if owner(topic) == publisher.value]
        topics = [read_settings(reader).cluster().topic(topic) for topic in read]
        if not topics:
            continue
        by = f"handoff outbox replay {publisher.value}"
        try:
            settled = try_pool(reader, partial(settle, topics=topics, by=by, since=since))
        except DATABASE_ERRORS as error:
            print(_by_hand(reader, f"its database does not respond ({type(error).__name__})"))
            continue
        for topic in settled:
            print(f"{reader.value}: topic {topic} is marked as restored")


def _by_hand(reader: ServiceName, why: str) -> str:
    """What to do if the note of a reader about a topic could not be removed."""
    return (
        f"{reader.value}: {why}, so its note about a lost topic was not removed, if there is one. Once {reader.value} "
        f"has read the events, run `handoff topics acknowledge {reader.value} TOPIC --by NAME`."
    )


async def _people(pool: Pool) -> int:
    if not await pool.fetchval(_ANYBODY):
        return 0
    from services.orders.app import publish_people_again

    async with processor_of(pool, ServiceName.ORDERS) as processor:
        return await publish_people_again(processor)


def _moment(text: str) -> datetime:
    from shared.publishing_again import RETENTION_DAYS

    moment = moment_of(text)
    if moment > datetime.now(UTC):
        raise stop_with(f"--since: {printable(text)!r} is in the future. An outbox keeps {RETENTION_DAYS} days.")
    return moment
