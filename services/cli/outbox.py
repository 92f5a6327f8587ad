"""`handoff outbox`: publish again what a service published, after its topic lost it."""

import os
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from services.cli.databases import processor_of, try_pool, with_pool
from services.cli.installation import Data, ServiceName, database_variable, enter, require
from services.cli.run import outline_of, read_settings
from services.cli.terminal import printable, stop_with
from shared.database import DATABASE_ERRORS, Pool

app = typer.Typer(help="Publish again what the services published.", no_args_is_help=True)

_ANYBODY = "select exists (select from orders.salespeople)"
_BY_HAND = "once nothing is missing, confirm it with `handoff topics acknowledge`."
_HINT = "Give a time with its zone, like 2026-05-04T09:30Z or 2026-05-04T11:30+02:00."


@app.callback()
def outbox() -> None:
    """Publish again what the services published."""


@app.command()
def replay(
    since: Annotated[str, typer.Option(metavar="WHEN", help="Start time, with its zone: 2026-05-04T09:30Z.")],
    service: Annotated[
        ServiceName | None, typer.Argument(metavar="SERVICE", help="orders, support or escalation. Default: all.")
    ] = None,
    data: Data = None,
) -> None:
    """Publish again what was published since a given time, and all salespeople. Nothing is applied twice.

    Uses ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL.
    """
    from shared.publishing_again import publish_again

    moment = _moment(since)
    enter(data)
    wanted = [service] if service else list(ServiceName)
    require(*map(database_variable, wanted))
    for name in wanted:
        events = with_pool(name, lambda pool: publish_again(pool, moment))
        print(f"{name.value}: {events} events will be published again")
        if name is ServiceName.ORDERS:
            people = with_pool(name, _people)
            print(f"{name.value}: {people} salespeople will be published again, as they are known now")
        _settle(name, moment)


def _settle(publisher: ServiceName, since: datetime) -> None:
    """Its readers miss nothing any more of topics that were deleted and created again, if this reached back enough."""
    from shared.messaging.cluster import owner
    from shared.messaging.recreated import settle

    for reader in ServiceName:
        if not os.environ.get(database_variable(reader)):
            print(f"{reader.value}: {database_variable(reader)} is not set; {_BY_HAND}")
            continue
        read = [topic for topic in outline_of(reader).listens_to if owner(topic) == publisher.value]
        topics = [read_settings(reader).cluster().topic(topic) for topic in read]
        if not topics:
            continue
        by = f"handoff outbox replay {publisher.value}"
        try:
            settled = try_pool(reader, partial(settle, topics=topics, by=by, since=since))
        except DATABASE_ERRORS as error:
            print(f"{reader.value}: its database does not answer ({type(error).__name__}); {_BY_HAND}")
            continue
        for topic in settled:
            print(f"{reader.value}: topic {topic} counts as restored")


async def _people(pool: Pool) -> int:
    if not await pool.fetchval(_ANYBODY):
        return 0
    from services.orders.app import publish_people_again

    async with processor_of(pool, ServiceName.ORDERS) as processor:
        return await publish_people_again(processor)


def _moment(text: str) -> datetime:
    from shared.publishing_again import RETENTION_DAYS

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise stop_with(f"--since: {printable(text)!r} is not a valid time. {_HINT}") from None
    if moment.tzinfo is None:
        raise stop_with(f"--since: {printable(text)!r} has no zone. {_HINT}")
    if moment > datetime.now(UTC):
        raise stop_with(f"--since: {printable(text)!r} is in the future. An outbox keeps {RETENTION_DAYS} days.")
    return moment
