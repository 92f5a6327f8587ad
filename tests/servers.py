"""Real Kafka and Postgres for the tests, started once per run; a topic prefix and databases per test.

An address in the environment takes precedence (`KAFKA_BOOTSTRAP_SERVERS`; `TEST_DATABASE_URL`, a superuser's), then
containers if `TEST_SERVERS` is `docker`, else the processes that `handoff up` starts. A test that breaks a server
requests a private one.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.kafka import Kafka
from deploy.local.ports import free_ports
from deploy.local.postgres import Postgres
from tests.databases import Databases
from tests.starting import AHEAD

MakeDatabase = Callable[[str], Coroutine[None, None, str]]


@pytest.fixture(scope="session")
async def kafka() -> AsyncIterator[str]:
    """The bootstrap address of the broker that all tests share."""
    async with AsyncExitStack() as stack:
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
        start = _kafka_container if in_containers() else _local_kafka
        yield given or await stack.enter_async_context(start())


@pytest.fixture(scope="session")
async def databases(pytestconfig: pytest.Config) -> AsyncIterator[Databases]:
    """The Postgres server that all tests share."""
    async with AsyncExitStack() as stack:
        given = os.environ.get("TEST_DATABASE_URL", "")
        start = _postgres_container if in_containers() else _local_postgres
        server_url = given or await stack.enter_async_context(start())
        shared = Databases(server_url, ahead=pytestconfig.stash[AHEAD])
        yield shared
        if given:  # a server of our own is removed with everything in it
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
    """A database server of this test alone, with databases as on the shared one."""
    (port,) = free_ports(1)
    server = Postgres(server_folder / "postgres", port=port)
    try:
        await server.start()
        yield PrivatePostgres(server, Databases(server.url))
    finally:
        await server.stop_at_once()


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder for the data of private servers, accessible to the user that runs Postgres on behalf of root."""
    folder = _new_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def in_containers() -> bool:
    """Whether `TEST_SERVERS` asks for containers. Raises pytest.UsageError for a value that it cannot have."""
    chosen = os.environ.get("TEST_SERVERS", "local")
    if chosen not in ("local", "docker"):
        raise pytest.UsageError(f"TEST_SERVERS is {chosen!r}: set it to local, or to docker for containers")
    return chosen == "docker"


def _kafka_container() -> AbstractAsyncContextManager[str]:
    from tests.containers import kafka_container  # Docker's client takes long to import

    return kafka_container()


def _postgres_container() -> AbstractAsyncContextManager[str]:
    from tests.containers import postgres_container

    return postgres_container()


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
