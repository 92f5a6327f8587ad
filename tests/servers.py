"""Real Kafka and Postgres for the tests, started once per run; a topic prefix and databases per test.

An address in the environment wins (`KAFKA_BOOTSTRAP_SERVERS`; `TEST_DATABASE_URL`, a superuser's), then a
Docker daemon, else the processes of `handoff up` start.
A test that breaks a server asks for a private one.
"""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg
import pytest

from deploy.local.databases import close_to_others, make_role, url_of
from deploy.local.kafka import Kafka, serves, settings
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.postgres import Postgres
from shared.migrations import migrate
from tests.recycling import Rows, emptied, rows_of, set_clock, shape_of
from tests.starting import AHEAD

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
_CONTAINER_START_SECONDS = 120

MakeDatabase = Callable[[str], Coroutine[None, None, str]]


@dataclass(frozen=True)
class Copy:
    """A database as it was at a moment, kept beside it."""

    url: str
    kept_as: str


@dataclass(frozen=True)
class Template:
    """A database that others are cloned from, its shape, and what its migrations put into it."""

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

        Any name but a service's gives a database without tables.
        """
        template = await self._template(service)
        name = f"{service}_{self._run}_{len(self._made)}"
        self._made.append(name)
        if used := self._emptied.get(service):  # under a new name: nobody who knew the old one comes back
            await self._run_sql(f"alter database {used.pop()} rename to {name}")
        else:
            await self._run_sql(f"create database {name} template {template.name} owner {service}")
            await self._close(name)
        return url_of(self.server_url, role=service, database=name)

    async def take_back(self, url: str) -> None:
        """The database is not needed any more: another test may get it, emptied, as if it were fresh."""
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
        """Keeps a copy of a database as it is now. Its connections are cut; users connect again."""
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
        """Makes a database what it was when the copy was kept, as a restored backup does; uses it up."""
        name, _ = _database_and_role(copy.url)
        await self._cut_off(name)
        await self._run_sql(
            f"drop database {name} with (force)",
            f"alter database {copy.kept_as} rename to {name}",
        )
        await self._close(name)

    async def drop_all(self) -> None:
        """Drops every database made here, templates too."""
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
        """The superuser's, in this database."""
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
    """Whether there is a service of this name, whose tables were made."""
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


@pytest.fixture(scope="session")
async def kafka() -> AsyncIterator[str]:
    """The bootstrap address of the broker all tests share."""
    async with AsyncExitStack() as stack:
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
        start = _kafka_container if _docker_answers() else _local_kafka
        yield given or await stack.enter_async_context(start())


@pytest.fixture(scope="session")
async def databases(pytestconfig: pytest.Config) -> AsyncIterator[Databases]:
    """The Postgres server all tests share."""
    async with AsyncExitStack() as stack:
        given = os.environ.get("TEST_DATABASE_URL", "")
        start = _postgres_container if _docker_answers() else _local_postgres
        server_url = given or await stack.enter_async_context(start())
        shared = Databases(server_url, ahead=pytestconfig.stash[AHEAD])
        yield shared
        if given:  # a server of our own goes with all it holds
            await shared.drop_all()


@pytest.fixture
def topic_prefix() -> str:
    """For `TOPIC_PREFIX`: no other test, and no other run, uses these topics."""
    return f"t{uuid.uuid4().hex[:10]}."


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[MakeDatabase]:
    """Makes a fresh database for a service: `url = await database("orders")`."""
    made: list[str] = []

    async def make(service: str) -> str:
        made.append(await databases.make(service))
        return made[-1]

    yield make
    for url in made:
        await databases.take_back(url)


@pytest.fixture
async def private_kafka(server_folder: Path) -> AsyncIterator[Kafka]:
    """A broker of this test alone: stop, kill, freeze and start it at will."""
    port, controller_port = free_ports(2)
    broker = Kafka(server_folder / "kafka", port=port, controller_port=controller_port)
    try:
        await broker.start()
        yield broker
    finally:
        await broker.kill()


@dataclass(frozen=True)
class PrivatePostgres:
    """A database server of one test alone: stop, kill and start `server` at will."""

    server: Postgres
    databases: Databases


@pytest.fixture
async def private_postgres(server_folder: Path) -> AsyncIterator[PrivatePostgres]:
    """A database server of this test alone, with databases as the shared one has."""
    (port,) = free_ports(1)
    server = Postgres(server_folder / "postgres", port=port)
    try:
        await server.start()
        yield PrivatePostgres(server, Databases(server.url))
    finally:
        await server.stop_at_once()


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder for the data of private servers, which also the user that runs Postgres for root can enter."""
    folder = _new_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="handoff-tests-"))
    folder.chmod(0o755)
    return folder


@asynccontextmanager
async def _local_kafka() -> AsyncIterator[str]:
    folder = _new_folder()
    port, controller_port = free_ports(2)
    broker = Kafka(folder / "kafka", port=port, controller_port=controller_port)
    try:
        await broker.start()
        yield broker.address
    finally:
        await broker.kill()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _local_postgres() -> AsyncIterator[str]:
    folder = _new_folder()
    (port,) = free_ports(1)
    server = Postgres(folder / "postgres", port=port)
    try:
        await server.start()
        yield server.url
    finally:
        await server.stop_at_once()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _kafka_container() -> AsyncIterator[str]:
    from testcontainers.core.container import DockerContainer

    port, controller_port = free_ports(2)
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(port, port)
    for name, value in settings(port=port, controller_port=controller_port, bind="0.0.0.0").items():
        container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    with container:
        address = f"{LOOPBACK}:{port}"
        async with asyncio.timeout(_CONTAINER_START_SECONDS):
            while not await serves(address):  # noqa: ASYNC110 - a container sets no event
                await asyncio.sleep(0.2)
        yield address


@asynccontextmanager
async def _postgres_container() -> AsyncIterator[str]:
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(POSTGRES_IMAGE, username="postgres", password="postgres", dbname="postgres")
    with container.with_command("postgres -c max_connections=200"):
        yield container.get_connection_url(driver=None)


@cache
def _docker_answers() -> bool:
    from docker import from_env  # type: ignore[import-untyped]
    from docker.errors import DockerException  # type: ignore[import-untyped]

    try:
        return bool(from_env(timeout=3).ping())
    except DockerException:
        return False
