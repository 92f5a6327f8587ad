"""How a command reaches the database of a service, and applies inputs to it as its processes do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg

from services.cli.run import ServiceName, read_settings, service_of, stop_with
from shared.database import DATABASE_ERRORS, Pool, open_pool
from shared.telemetry import configure_tracing
from shared.transaction import Spine

T = TypeVar("T")


def with_pool(name: ServiceName, action: Callable[[Pool], Awaitable[T]]) -> T:
    """Do something with a service's database; where that cannot be used, say why and end the command."""
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


@asynccontextmanager
async def spine_of(pool: Pool, name: ServiceName) -> AsyncIterator[Spine]:
    """What applies inputs to a service; what it does is traced as the service's own doing."""
    settings = read_settings(name)
    service = service_of(name, settings)
    tracing = configure_tracing(
        name.value, otlp_endpoint=settings.otel_exporter_otlp_endpoint, directory=settings.trace_directory
    )
    try:
        yield Spine(pool, service.name, service.handle, service.own_facts)
    finally:
        if tracing is not None:
            await asyncio.to_thread(tracing.shutdown)
