"""Servers as in other installations, each started once for all tests of this folder."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.ports import free_ports
from tests.databases import Databases
from tests.other_servers.certificates import Authority
from tests.other_servers.postgres_15 import Postgres15, programs
from tests.other_servers.secured_kafka import SecuredKafka, secured_kafka


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="handoff-tests-"))
    made.chmod(0o755)  # the user that runs Postgres on behalf of root enters it
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def authority(folder: Path) -> Authority:
    """Signs the mail servers' certificates."""
    own = folder / "mail"
    own.mkdir()
    return Authority(own)


@pytest.fixture(scope="session")
async def secured(folder: Path) -> AsyncIterator[SecuredKafka]:
    """A broker with SCRAM, PLAIN over TLS, mTLS, OAUTHBEARER, and rights."""
    made = secured_kafka(folder)
    try:
        await made.broker.start()
        made.create_users()
        yield made
    finally:
        await made.broker.kill()


@pytest.fixture(scope="session")
async def postgres_15(folder: Path) -> AsyncIterator[Databases]:
    """Databases on Postgres 15."""
    found = programs()
    (port,) = free_ports(1)
    server = Postgres15(folder / "postgres", found, port=port)
    try:
        await server.start()
        yield Databases(server.url)
    finally:
        await server.stop_at_once()
