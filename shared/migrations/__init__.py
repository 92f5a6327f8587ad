"""Bring a database up to date: the shared schema first, then the service's own. Each has its own version table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.tables import SharedTable

_HERE = Path(__file__).parent
_MIGRATION_LOCK = 7_311_940
_SESSIONS = """
    select application_name as name, coalesce(host(client_addr), 'this host') as host
    from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
# What a process calls itself. Those of the first release tell no revisions.
_PROCESS = re.compile(r"(?P<service>[a-z]+)(?: (?P<shared>\d+)\.(?P<own>\d+) pid (?P<pid>\d+))?")


class OlderProcessesConnected(RuntimeError):
    """Processes of an older version use the tables, and a migration would have them fail. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration. `online_safe`: processes of the version before may go on while it runs and afterwards."""

    revision: str
    online_safe: bool


@dataclass(frozen=True, slots=True)
class Migrations:
    """A schema's tables and the folder of its migrations."""

    metadata: MetaData
    folder: Path

    @property
    def schema(self) -> str:
        return str(self.metadata.schema)

    def config(self, connection: Connection | None = None) -> Config:
        """Alembic's configuration, without an ini file."""
        config = Config()
        config.set_main_option("script_location", str(_HERE))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(self.folder))
        config.attributes["connection"] = connection
        config.attributes["metadata"] = self.metadata
        return config

    def steps(self) -> list[Step]:
        """All of them, oldest first."""
        scripts = reversed(list(ScriptDirectory.from_config(self.config()).walk_revisions()))
        return [Step(script.revision, getattr(script.module, "online_safe", False)) for script in scripts]

    def pending(self, connection: Connection) -> list[Step]:
        """Those that the database lacks, oldest first."""
        options = {"version_table_schema": self.schema}
        current = MigrationContext.configure(connection, opts=options).get_current_revision()
        steps = self.steps()
        revisions = [step.revision for step in steps]
        if current is None:
            return steps
        return steps[revisions.index(current) + 1 :] if current in revisions else []


SHARED_MIGRATIONS = Migrations(SharedTable.metadata, _HERE / "versions")


def sqlalchemy_url(url: str) -> str:
    """SQLAlchemy's spelling of a `postgresql://` address."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]


async def migrate(url: str, *own: Migrations) -> None:
    """Apply the shared migrations, then the service's own. Safe to run from several processes at once.

    Raises OlderProcessesConnected where processes of an older version would not survive it.
    """
    engine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(sql(f"select pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            await connection.run_sync(_refuse_where_older_processes_run, own)
            for migrations in (SHARED_MIGRATIONS, *own):
                await connection.run_sync(_upgrade, migrations)
    finally:
        await engine.dispose()


def _refuse_where_older_processes_run(connection: Connection, own: Sequence[Migrations]) -> None:
    pending = {each.schema: each.pending(connection) for each in (SHARED_MIGRATIONS, *own)}
    unsafe = [f"{schema} {s.revision}" for schema, steps in pending.items() for s in steps if not s.online_safe]
    if not unsafe:
        return
    older = sorted({found for each in own for found in _older_processes(connection, each)})
    if older:
        raise OlderProcessesConnected(
            f"migration {', '.join(unsafe)} changes what processes of an older version rely on, and "
            f"{len(older)} of them are connected: {'; '.join(older)}. Stop them, and migrate again: nothing was changed"
        )


def _older_processes(connection: Connection, own: Migrations) -> list[str]:
    heads = (SHARED_MIGRATIONS.steps()[-1].revision, own.steps()[-1].revision)
    older = []
    for row in connection.execute(sql(_SESSIONS)).mappings():
        told = _PROCESS.fullmatch(row["name"])
        if told is None or told["service"] != own.schema:
            continue
        if told["pid"] is None:
            older.append(f"{own.schema} on {row['host']}, of a version that does not tell its number")
        elif told["shared"] < heads[0] or told["own"] < heads[1]:
            known = f"{told['shared']}.{told['own']}"
            older.append(f"{own.schema} on {row['host']}, process {told['pid']}, which knows the tables of {known}")
    return older


def _upgrade(connection: Connection, migrations: Migrations) -> None:
    command.upgrade(migrations.config(connection), "head")
