"""Access of commands to a service's database, and to the service's own way of applying inputs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import asyncpg

from services.cli import failures
from services.cli.installation import ServiceName, database_of
from services.cli.run import read_settings, service_of
from services.cli.terminal import stop_with
from shared.database import DATABASE_ERRORS, Connection, Pool, open_pool

if TYPE_CHECKING:
    from shared.transaction import InputProcessor

T = TypeVar("T")

_CONNECT_SECONDS = 5.0


class Unreadable(RuntimeError):
    """A database could not be read. The text names the database and the remedy."""


def with_pool(name: ServiceName, action: Callable[[Pool], Awaitable[T]]) -> T:
    """Run an action on a service's database. If it cannot be used, print the reason and end the command."""
    try:
        return try_pool(name, action)
    except DATABASE_ERRORS as error:
        url = database_of(name)
        raise stop_with(failures.of_database(name, url, error)) from None


def try_pool(name: ServiceName, action: Callable[[Pool], Awaitable[T]]) -> T:
    """Run an action on a service's database. Raises one of DATABASE_ERRORS if it cannot be used."""
    url = database_of(name)

    async def connected() -> T:
        pool = await open_pool(url, name=f"{name.value}-cli")
        try:
            return await action(pool)
        finally:
            pool.terminate()

    return asyncio.run(connected())


@asynccontextmanager
async def processor_of(pool: Pool, name: ServiceName) -> "AsyncIterator[InputProcessor]":
    """The input processor of a service; its work is traced as the service's own."""
    from shared.migrations.fitting import Fitting
    from shared.telemetry import configure_tracing
    from shared.transaction import InputProcessor

    settings = read_settings(name)
    service = service_of(name, settings)
    tracing = configure_tracing(
        name.value, otlp_endpoint=settings.otel_exporter_otlp_endpoint, directory=settings.trace_directory
    )
    try:
        fitting, skew = Fitting.of(service.migrations), settings.max_clock_skew
        own = service.own_facts
        yield InputProcessor(pool, service.name, service.handle, own, fitting=fitting, max_clock_skew=skew)
    finally:
        if tracing is not None:
            await asyncio.to_thread(tracing.shutdown)


@asynccontextmanager
async def reading(service: str, url: str) -> AsyncIterator[Connection]:
    """A read-only transaction that sees a service's database as it was at one moment. Raises Unreadable."""
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield connection
        finally:
            await connection.close()
    except DATABASE_ERRORS as error:
        raise Unreadable(failures.of_database(service, url, error)) from None
