"""`handoff dead-letters`: what could not be applied, why, and a second try after the fault is mended."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table

from services.cli.run import SERVICES, ServiceName, read_settings, stop_with
from shared.database import Pool, open_pool
from shared.inputs import Outcome
from shared.messaging.codec import Poison
from shared.messaging.dead_letters import KeptLetter, kept_letter, kept_letters, replay_of
from shared.transaction import Spine

app = typer.Typer(help="Inputs that could not be applied: list, show, replay.", no_args_is_help=True)
T = TypeVar("T")

Service = Annotated[ServiceName, typer.Argument(metavar="SERVICE", help="orders, support or escalation.")]
Ids = Annotated[list[UUID] | None, typer.Argument(help="Dead letters by id.")]


@app.command("list")
def list_letters(
    service: Service,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    replayed: Annotated[bool, typer.Option("--replayed", help="Also those already replayed.")] = False,
) -> None:
    """The newest dead letters of a service, with their reasons."""
    letters = _with_pool(service, lambda pool: kept_letters(pool, limit=limit, with_replayed=replayed))
    if not letters:
        print(f"{service.value} has no dead letters.")
        return
    table = Table(Column("id", no_wrap=True), "received", "where", "code", "reason", box=None)
    for letter in letters:
        table.add_row(
            str(letter.id), f"{letter.received_at:%Y-%m-%d %H:%M:%S}", _place(letter), letter.code, letter.reason
        )
    Console().print(table)


@app.command()
def show(service: Service, id: Annotated[UUID, typer.Argument(help="The dead letter's id.")]) -> None:
    """One dead letter with its headers and body. They may hold a customer's data: mind who looks on."""
    found = _with_pool(service, lambda pool: kept_letter(pool, id))
    if found is None:
        raise stop_with(
            f"{service.value} has no dead letter {id}; `handoff dead-letters list {service.value}` lists them."
        )
    letter, raw = found
    print(f"{letter.id}\nreceived  {letter.received_at:%Y-%m-%d %H:%M:%S} UTC\nwhere     {_place(letter)}")
    print(f"code      {letter.code}\nreason    {letter.reason}")
    if letter.replayed_at is not None:
        print(f"replayed  {letter.replayed_at:%Y-%m-%d %H:%M:%S} UTC")
    print(f"key       {_text(raw.key)}")
    for name, value in raw.headers:
        print(f"header    {name}: {_text(value)}")
    print(f"body      {_text(raw.body)}")


@app.command()
def replay(
    service: Service,
    ids: Ids = None,
    every: Annotated[bool, typer.Option("--all", help="All that were not replayed yet.")] = False,
) -> None:
    """Try dead letters again, in the order they came. Those that fail again stay."""
    if not ids and not every:
        raise stop_with("name the dead letters to replay by their ids, or say --all.")
    failed = _with_pool(service, lambda pool: _replay(pool, service, ids or []))
    if failed:
        raise typer.Exit(1)


async def _replay(pool: Pool, name: ServiceName, ids: list[UUID]) -> int:
    settings = read_settings(name)
    service = SERVICES[name].service(settings)
    spine = Spine(pool, service.name, service.handle, service.own_facts)
    wanted = ids or [letter.id for letter in reversed(await kept_letters(pool, limit=1_000_000, with_replayed=False))]
    failed = 0
    for id in wanted:
        found = await kept_letter(pool, id)
        if found is None:
            print(f"{id}  there is no such dead letter")
            failed += 1
            continue
        batch = replay_of(*found, prefix=settings.topic_prefix)
        if isinstance(batch, Poison):
            print(f"{id}  still {batch.code}: {batch.reason}")
            failed += 1
            continue
        report = await spine.apply(batch)
        for rejection in report.rejected:
            print(f"{id}  still {rejection.code}: {rejection.reason}")
            failed += 1
        if Outcome.DEAD_LETTERED not in report.outcomes:
            print(f"{id}  {report.outcomes[0].value}")
    return failed


def _with_pool(name: ServiceName, action: Callable[[Pool], Awaitable[T]]) -> T:
    async def connected() -> T:
        pool = await open_pool(read_settings(name).database_url.get_secret_value(), name=f"{name.value}-cli")
        try:
            return await action(pool)
        finally:
            pool.terminate()

    try:
        return asyncio.run(connected())
    except OSError as error:
        raise stop_with(f"Postgres of {name.value} does not answer ({type(error).__name__}).") from None


def _place(letter: KeptLetter) -> str:
    if letter.partition is None:
        return f"{letter.topic} (HTTP)"
    return f"{letter.topic}-{letter.partition}@{letter.record_offset}"


def _text(value: bytes | None) -> str:
    return "(none)" if value is None else value.decode(errors="backslashreplace")
