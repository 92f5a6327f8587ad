"""Bring a database up to date: the shared schema first, then the service's own. Each has its own version table."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.tables import SharedTable

_HERE = Path(__file__).parent
_MIGRATION_LOCK = 7_311_940


@dataclass(frozen=True, slots=True)
class Migrations:
    """A schema's tables and the folder of its migrations."""

    metadata: MetaData
    folder: Path

    def config(self, connection: Connection) -> Config:
        """Alembic's configuration, without an ini file."""
        config = Config()
        config.set_main_option("script_location", str(_HERE))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(self.folder))
        config.attributes["connection"] = connection
        config.attributes["metadata"] = self.metadata
        return config


SHARED_MIGRATIONS = Migrations(SharedTable.metadata, _HERE / "versions")


def sqlalchemy_url(url: str) -> str:
    """SQLAlchemy's spelling of a `postgresql://` address."""
    return "postgresql+asyncpg://" + url.split("://", 1)[1]


async def migrate(url: str, *own: Migrations) -> None:
    """Apply the shared migrations, then the service's own. Safe to run from several processes at once."""
    engine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(sql(f"select pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            for migrations in (SHARED_MIGRATIONS, *own):
                await connection.run_sync(_upgrade, migrations)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, migrations: Migrations) -> None:
    command.upgrade(migrations.config(connection), "head")
