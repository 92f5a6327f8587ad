"""`handoff repair-times`: sets facts dated ahead, from before such times were refused, to their time of receipt."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import asyncpg
import typer

from services.cli import failures
from services.cli.databases import processor_of
from services.cli.installation import Data, ServiceName, database_of, database_variable, enter, require
from services.cli.run import outline_of, read_settings
from services.cli.terminal import counted, stop_with
from shared.database import DATABASE_ERRORS, open_pool
from shared.dated import last_reported, put_right

if TYPE_CHECKING:
    from shared.inputs import Input

_IN_TURN = (ServiceName.ESCALATION, ServiceName.SUPPORT, ServiceName.ORDERS)
"""Escalation first: facts that orders publishes again must not lose once more."""


def repair_times(
    only: Annotated[
        list[ServiceName] | None, typer.Option(metavar="SERVICE", help="Only this service. Repeat for several.")
    ] = None,
    data: Data = None,
) -> None:
    """Set the time of facts dated in the future to the time they were received.

    `handoff migrate` lists them. Uses ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL and ESCALATION_DATABASE_URL.
    """
    enter(data)
    wanted = [name for name in _IN_TURN if not only or name in only]
    require(*map(database_variable, wanted))
    for name in wanted:
        url = database_of(name)
        try:
            repaired = asyncio.run(_repair(name, url))
        except DATABASE_ERRORS as error:
            raise stop_with(failures.of_database(name, url, error)) from None
        print(
            f"{name.value}: {counted(repaired, 'time')} corrected"
            if repaired
            else f"{name.value}: no times are in the future"
        )


async def _repair(name: ServiceName, url: str) -> int:
    """Correct a database's rows. Return their number."""
    skew, repaired = read_settings(name).max_clock_skew, 0
    connection = await asyncpg.connect(url, timeout=5)
    try:
        for one in outline_of(name).dated:
            subjects = await put_right(connection, one, skew)
            repaired += len(subjects)
            if one.reported_by is not None and subjects:
                await _report_again(name, url, await last_reported(connection, one.reported_by, subjects))
    finally:
        await connection.close()
    return repaired


async def _report_again(name: ServiceName, url: str, inputs: "Sequence[Input]") -> None:
    """Apply and publish the facts that had lost against a time ahead."""
    from shared.inputs import Batch

    pool = await open_pool(url, name=f"{name.value}-cli")
    try:
        async with processor_of(pool, name) as processor:
            for one in inputs:
                await processor.apply(Batch([one]))
    finally:
        pool.terminate()
