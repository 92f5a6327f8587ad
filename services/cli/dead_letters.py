"""`handoff dead-letters`: what could not be applied, why, and a second try after the fault is mended."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import asyncpg
import typer

from services.cli.run import ServiceName, read_settings, service_of, stop_with
from services.cli.terminal import LINES, printable
from shared.database import DATABASE_ERRORS, Pool, is_transient, open_pool
from shared.inputs import Outcome
from shared.messaging.codec import Poison
from shared.messaging.dead_letters import KeptLetter, kept_letter, kept_letters, replay_of
from shared.telemetry import configure_tracing
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
    for letter in letters:
        print(f"{letter.id}  {letter.received_at:%Y-%m-%d %H:%M:%S}  {_place(letter)}  {letter.code}")
        print(f"    {letter.reason}")


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
        print(f"header    {printable(name)}: {_text(value)}")
    print(f"body      {_text(raw.body, kept=LINES)}")


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
    """Replays letters in the order they came; returns how many were not accepted."""
    settings = read_settings(name)
    service = service_of(name, settings)
    spine = Spine(pool, service.name, service.handle, service.own_facts)
    kept = await kept_letters(pool, limit=1_000_000, with_replayed=bool(ids))
    wanted = [letter.id for letter in sorted(kept, key=_came) if not ids or letter.id in ids]
    missing = [id for id in ids if id not in wanted]
    for id in missing:
        print(f"{id}  there is no such dead letter")
    tracing = configure_tracing(
        name.value, otlp_endpoint=settings.otel_exporter_otlp_endpoint, directory=settings.trace_directory
    )
    try:
        accepted = [await _replay_one(spine, id, prefix=settings.topic_prefix) for id in wanted]
    finally:
        if tracing is not None:
            await asyncio.to_thread(tracing.shutdown)
    return len(missing) + accepted.count(False)


async def _replay_one(spine: Spine, id: UUID, *, prefix: str) -> bool:
    """Whether the letter is accepted now. Raises what the database raises while it is away."""
    found = await kept_letter(spine.pool, id)
    if found is None:
        print(f"{id}  is no longer there")
        return False
    batch = replay_of(*found, prefix=prefix)
    if isinstance(batch, Poison):
        print(f"{id}  still {batch.code}: {batch.reason}")
        return False
    try:
        report = await spine.apply(batch)
    except Exception as error:
        if is_transient(error):
            raise
        print(f"{id}  still fails ({type(error).__name__})")
        return False
    for rejection in report.rejected:
        print(f"{id}  still {rejection.code}: {rejection.reason}")
    if Outcome.DEAD_LETTERED not in report.outcomes:
        print(f"{id}  {report.outcomes[0].value}")
    return not report.rejected


def _came(letter: KeptLetter) -> tuple[datetime, str, int, int]:
    """What letters are ordered by: those of one moment as they stood in their partition."""
    partition, offset = (-1 if number is None else number for number in (letter.partition, letter.record_offset))
    return letter.received_at, letter.topic, partition, offset


def _with_pool(name: ServiceName, action: Callable[[Pool], Awaitable[T]]) -> T:
    url = read_settings(name).database_url.get_secret_value()

    async def connected() -> T:
        pool = await open_pool(url, name=f"{name.value}-cli")
        try:
            return await action(pool)
        finally:
            pool.terminate()

    where = f"Postgres of {name.value}"
    try:
        return asyncio.run(connected())
    except OSError as error:
        raise stop_with(f"{where} does not answer ({type(error).__name__}).") from None
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        raise stop_with(f"{where} has no tables, or old ones: run `handoff migrate --only {name.value}`.") from None
    except DATABASE_ERRORS as error:
        variable = f"{name.value.upper()}_DATABASE_URL"
        raise stop_with(f"{where} cannot be used ({type(error).__name__}): check {variable} and its log.") from None


def _place(letter: KeptLetter) -> str:
    if letter.partition is None:
        return f"{letter.topic} (HTTP)"
    return f"{letter.topic}-{letter.partition}@{letter.record_offset}"


def _text(value: bytes | None, *, kept: str = "") -> str:
    return "(none)" if value is None else printable(value.decode(errors="backslashreplace"), kept=kept)
