"""`handoff topics`: topics that were deleted and created again, or lost records, and the records that a service
lacks."""

from typing import Annotated

import typer

from services.cli.databases import with_pool
from services.cli.installation import Data, ServiceName, enter
from services.cli.run import read_settings
from services.cli.terminal import AsJson, counted, print_json, stop_with
from shared.database import Pool
from shared.messaging import deleted_unread, recreated
from shared.messaging.deleted_unread import DeletedUnread
from shared.messaging.recreated import Recreated, published_again, settle

app = typer.Typer(
    help="List topics whose records were lost unread, and confirm that they are restored.", no_args_is_help=True
)

Service = Annotated[ServiceName, typer.Argument(metavar="SERVICE", help="orders, support or escalation.")]


@app.command("recreated")
def list_recreated(service: Service, data: Data = None, as_json: AsJson = False) -> None:
    """List topics whose records were lost before a service read them, with the command that restores the records.

    Reads ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL.
    """
    enter(data)
    cluster = read_settings(service).cluster()
    found = with_pool(service, _unsettled)
    if as_json:
        print_json(found)
        return
    if not found:
        print(f"{service.value} is not missing any records.")
    for one in found:
        lost = counted(one.records, "record") if isinstance(one, DeletedUnread) else ""
        what = f"{lost} deleted unread" if lost else "created again"
        print(f"{one.topic}  {what}, noticed {one.found_at:%Y-%m-%d %H:%M:%S} UTC")
        print(f"    {published_again(cluster.logical(one.topic), one.unread_since)}")


@app.command()
def acknowledge(
    service: Service,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic, as `handoff topics recreated` lists it.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Name of the person who decided it.")],
    data: Data = None,
) -> None:
    """Confirm that no more records of a topic have to be restored. /readyz and the metric then stop naming it.

    Uses ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL.
    """
    enter(data)
    if not by.strip():
        raise stop_with("--by is empty: give the name of the person who decided this.")
    cluster = read_settings(service).cluster()
    names = {topic, cluster.topic(topic)}
    settled = with_pool(service, lambda pool: settle(pool, names, by=by.strip()))
    if not settled:
        raise stop_with(
            f"{service.value} is not missing records of topic {topic}; `handoff topics recreated {service.value}` "
            "lists those that lost records."
        )
    print(f"{settled[0]}: acknowledged")


async def _unsettled(pool: Pool) -> list[Recreated | DeletedUnread]:
    async with pool.acquire() as connection:
        return [*await recreated.unsettled(connection), *await deleted_unread.unsettled(connection)]
