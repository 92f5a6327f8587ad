"""Runs the migrations that a database lacks, all in one transaction. Start at `upgrade`."""

import re
from collections.abc import Sequence

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.migrations import HERE, SHARED_MIGRATIONS, Migrations, OlderProcessesConnected

_MIGRATION_LOCK = 7_311_940
_SESSIONS = """
    select application_name as name, coalesce(host(client_addr), 'this host') as host
    from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
# What a process calls itself. The first release does not name its revisions.
_PROCESS = re.compile(r"(?P<service>[a-z]+)(?: (?P<shared>\d+)\.(?P<own>\d+) pid (?P<pid>\d+))?")


def sqlalchemy_url(url: str) -> str:
    """SQLAlchemy's spelling of a `postgresql://` address."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]


def config(migrations: Migrations, connection: Connection) -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(migrations.folder))
    config.attributes["connection"] = connection
    config.attributes["schema"] = migrations.schema
    return config


async def upgrade(url: str, own: Sequence[Migrations]) -> None:
    """Apply the shared migrations, then the service's own; one process at a time.

    Raises OlderProcessesConnected, and what Postgres says as asyncpg has it.
    """
    engine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(sql(f"select pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            await connection.run_sync(_refuse_where_older_processes_run, own)
            for migrations in (SHARED_MIGRATIONS, *own):
                await connection.run_sync(_upgrade, migrations)
    except DBAPIError as error:
        cause = error.orig.__cause__ if error.orig is not None else None
        if isinstance(cause, asyncpg.PostgresError | asyncpg.InterfaceError):
            raise cause from None
        raise
    finally:
        await engine.dispose()


def _refuse_where_older_processes_run(connection: Connection, own: Sequence[Migrations]) -> None:
    lacking = {each.schema: each.lacking(_current(connection, each)) for each in (SHARED_MIGRATIONS, *own)}
    unsafe = [f"{schema} {s.revision}" for schema, steps in lacking.items() for s in steps if not s.online_safe]
    if not unsafe:
        return
    older = sorted({found for each in own for found in _older_processes(connection, each)})
    if older:
        raise OlderProcessesConnected(
            f"Nothing was changed. Migration {', '.join(unsafe)} is not compatible with these connected processes of "
            f"an older version: {'; '.join(older)}. Stop them, then run `handoff migrate` again"
        )


def _current(connection: Connection, migrations: Migrations) -> str | None:
    options = {"version_table_schema": migrations.schema}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _older_processes(connection: Connection, own: Migrations) -> list[str]:
    heads = (SHARED_MIGRATIONS.steps()[-1].revision, own.steps()[-1].revision)
    older = []
    for row in connection.execute(sql(_SESSIONS)).mappings():
        named = _PROCESS.fullmatch(row["name"])
        if named is None or named["service"] != own.schema:
            continue
        if named["pid"] is None:
            older.append(f"{own.schema} on {row['host']}, of a version that does not name its tables")
        elif named["shared"] < heads[0] or named["own"] < heads[1]:
            known = f"{named['shared']}.{named['own']}"
            older.append(f"{own.schema} on {row['host']}, process {named['pid']}, which knows the tables of {known}")
    return older


def _upgrade(connection: Connection, migrations: Migrations) -> None:
    command.upgrade(config(migrations, connection), "head")
