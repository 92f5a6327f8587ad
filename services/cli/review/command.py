"""`handoff review`: a loss looked at again, and the change that would have caught it. Start at `review`."""

import asyncio
from typing import Annotated, Any

import typer

from services.cli.databases import Unreadable, reading
from services.cli.installation import Data, EscalationDatabase, ServiceName, database_of, enter
from services.cli.journal import progress_bar
from services.cli.moments import moment_of
from services.cli.review.as_json import as_json_of
from services.cli.review.printing import shown
from services.cli.review.reading import Asked, Review, UnknownOrder, read_review
from services.cli.run import read_settings
from services.cli.step_rows import FIRST, LAST, print_page
from services.cli.terminal import AsJson, print_json, stop_with
from services.escalation.domain.installation import Installation


def review(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The ID of an order.")],
    extra_notifications: Annotated[
        bool,
        typer.Option(
            "--extra-notifications",
            help="Also replay all customers under the best three, and count the extra notifications.",
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="With --extra-notifications: count from this time, such as 2026-05-04T09:30Z. Default: all of it.",
        ),
    ] = None,
    words: Annotated[bool, typer.Option("--words", help="Include the customer's own words, names and titles.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help=f"Print every step, not only the first {FIRST} and the last {LAST}.")
    ] = False,
    as_json: AsJson = False,
    data: Data = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Show what happened to an order and, if it was lost, which change of the policy would have caught it.

    Replays the inputs of the order's customer, with one value of the policy changed at a time. It changes nothing and
    notifies no one.
    """
    if since is not None and not extra_notifications:
        raise stop_with("--since needs --extra-notifications: everything else is about the whole past of the order.")
    start = None if since is None else moment_of(since)
    enter(data, escalation=escalation)
    try:
        with progress_bar() as progress:
            asked = Asked(order, words, extra_notifications, start, progress)
            reviewed = asyncio.run(_read(database_of(ServiceName.ESCALATION), asked))
    except (UnknownOrder, Unreadable) as error:
        raise stop_with(str(error)) from None
    if as_json:
        print_json(as_json_of(reviewed))
    else:
        print_page(shown(reviewed, everything=everything))


async def _read(url: str, asked: Asked) -> Review:
    settings: Any = read_settings(ServiceName.ESCALATION)
    installation = Installation(desk=settings.desk, max_alert_age=settings.max_alert_age)
    async with reading("escalation", url) as connection:
        return await read_review(connection, installation, asked)
