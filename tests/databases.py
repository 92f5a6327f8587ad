"""Databases for the tests on one real server, each cloned from a template and reused once emptied.

Start at `Databases.make`; servers.py has the server.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from deploy.local.databases import close_to_others, make_role, url_of
from shared.migrations import migrate
from tests.recycling import Rows, emptied, rows_of, set_clock, shape_of


@dataclass(frozen=True)
class Copy:
    """A copy of a database at a moment, kept beside it."""

    url: str
    kept_as: str


@dataclass(frozen=True)
class Template:
    """A database that others are cloned from, its shape, and the rows inserted by its migrations."""

    name: str
    shape: str | None
    rows: Rows


class Databases:
    """Databases on one server, each cloned from a template that a service's migrations made once.

    Their clocks run `ahead` of the server's.
    """

    def __init__(self, server_url: str, *, ahead: timedelta = timedelta()) -> None:
        self.server_url = server_url
        self._ahead = ahead
        self._run = uuid.uuid4().hex[:8]
        self._templates: dict[str, asyncio.Task[Template]] = {}
        self._made: list[str] = []
        self._emptied: dict[str, list[str]] = {}

    async def make(self, service: str) -> str:
        """The URL of a fresh database with the service's tables, owned by the service's role.

        Any other name gives a database without tables.
        """
        template = await self._template(service)
        name = f"{service}_{self._run}_{len(self._made)}"
        self._made.append(name)
        if used := self._emptied.get(service):  # under a new name: no user of the old one returns
            await self._run_sql(f"alter database {used.pop()} rename to {name}")
        else:
            await self._run_sql(f"create database {name} template {template.name} owner {service}")
            await self._close(name)
        return url_of(self.server_url, role=service, database=name)

    async def take_back(self, url: str) -> None:
        """Return a database that is not needed any more: another test may get it, emptied, as if it were fresh."""
        name, service = _database_and_role(url)
        template = await self._template(service)
        try:
            async with _connected(self._url_in(name)) as connection:
                as_new = await emptied(connection, template.shape, template.rows, ahead=self._ahead)
        except (asyncpg.PostgresError, OSError):
            return
        if as_new:
            self._emptied.setdefault(service, []).append(name)

    async def keep(self, url: str) -> Copy:
        """Keep a copy of a database as it is now. Its connections are cut; users connect again."""
        name, role = _database_and_role(url)
        kept_as = f"{name}_kept_{uuid.uuid4().hex[:8]}"
        self._made.append(kept_as)
        await self._cut_off(name)
        await self._run_sql(
            f"create database {kept_as} template {name} owner {role}",
            f"alter database {name} allow_connections true",
        )
        return Copy(url, kept_as)

    async def put_back(self, copy: Copy) -> None:
        """Restore a database to the state of the copy, as from a backup. This uses the copy up."""
        name, _ = _database_and_role(copy.url)
        await self._cut_off(name)
        await self._run_sql(
            f"drop database {name} with (force)",
            f"alter database {copy.kept_as} rename to {name}",
        )
        await self._close(name)

    async def drop_all(self) -> None:
        """Drop all databases made here, including templates."""
        templates = [task.result().name for task in self._templates.values() if _went_well(task)]
        for name in (*self._made, *templates):
            await self._run_sql(f"drop database if exists {name} with (force)")

    async def _template(self, service: str) -> Template:
        task = self._templates.get(service)
        if task is None:
            task = self._templates[service] = asyncio.create_task(self._make_template(service))
        return await asyncio.shield(task)

    async def _make_template(self, service: str) -> Template:
        name = f"template_{service}_{self._run}"
        async with _connected(self.server_url) as connection:
            password = urlsplit(self.server_url).password
            await make_role(connection, service, password=unquote(password) if password else None)
        await self._run_sql(f"create database {name} owner {service}")
        has_tables = await _migrate(url_of(self.server_url, role=service, database=name), service)
        async with _connected(self._url_in(name)) as connection:
            if has_tables:
                await set_clock(connection, self._ahead)
            return Template(name, await shape_of(connection), await rows_of(connection))

    def _url_in(self, database: str) -> str:
        """The superuser's URL in this database."""
        return urlunsplit(urlsplit(self.server_url)._replace(path=f"/{database}"))

    async def _cut_off(self, database: str) -> None:
        await self._run_sql(
            f"alter database {database} allow_connections false",
            f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'",
        )

    async def _close(self, database: str) -> None:
        async with _connected(self.server_url) as connection:
            await close_to_others(connection, database)

    async def _run_sql(self, *statements: str) -> None:
        async with _connected(self.server_url) as connection:
            for statement in statements:
                await connection.execute(statement)


async def _migrate(url: str, service: str) -> bool:
    """Returns whether there is a service of this name, whose tables were then made."""
    if not find_spec(f"services.{service}"):
        return False
    await migrate(url, import_module(f"services.{service}.outline").OUTLINE.migrations)
    return True


def _went_well(task: asyncio.Task[Template]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _database_and_role(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.path.removeprefix("/"), parts.username or "postgres"


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
