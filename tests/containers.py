"""Kafka and Postgres in containers, for runs with `TEST_SERVERS=docker`. Start at `kafka_container`.

They listen on 127.0.0.1 alone. Where the image of testcontainers' cleaner cannot be pulled,
TESTCONTAINERS_RYUK_DISABLED=true goes without it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg
from testcontainers.core.container import DockerContainer

from deploy.local.kafka import serves, settings
from deploy.local.ports import LOOPBACK, free_ports

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"
_START_SECONDS = 120
_POSTGRES_PORT = 5432
_LOG_LINES = 40


class ContainerEnded(AssertionError):
    """A container ended before its server responded; with the end of its log."""


class Container(Protocol):
    """What is asked of a container while its server starts."""

    image: str

    @property
    def status(self) -> str: ...

    def reload(self) -> None: ...

    def get_logs(self) -> tuple[bytes, bytes]: ...


@asynccontextmanager
async def kafka_container() -> AsyncIterator[str]:
    """The bootstrap address of a broker. Raises ContainerEnded, and docker's errors if there is no daemon."""
    port, controller_port = free_ports(2)
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(port, _here(port))
    for name, value in settings(port=port, controller_port=controller_port, bind="0.0.0.0").items():
        container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    address = f"{LOOPBACK}:{port}"
    with container:
        await until_it_serves(container, lambda: serves(address))
        yield address


@asynccontextmanager
async def postgres_container() -> AsyncIterator[str]:
    """The address of a superuser's database. Raises as `kafka_container`."""
    (port,) = free_ports(1)
    container = DockerContainer(POSTGRES_IMAGE).with_bind_ports(_POSTGRES_PORT, _here(port))
    container.with_env("POSTGRES_PASSWORD", "postgres").with_command("postgres -c max_connections=200")
    url = f"postgresql://postgres:postgres@{LOOPBACK}:{port}/postgres"
    with container:
        await until_it_serves(container, lambda: _accepts(url))
        yield url


async def until_it_serves(container: Container, serves: Callable[[], Awaitable[bool]]) -> None:
    """Wait for the server of a container. Raises ContainerEnded at once if the container has ended."""
    async with asyncio.timeout(_START_SECONDS):
        while not await serves():
            container.reload()
            if container.status not in ("created", "running"):
                log = b"\n".join(container.get_logs()).decode(errors="replace").splitlines()
                raise ContainerEnded("\n".join([f"the container of {container.image} ended:", *log[-_LOG_LINES:]]))
            await asyncio.sleep(0.2)


def _here(port: int) -> Any:
    """A port of 127.0.0.1 alone, as Docker's client takes it."""
    return LOOPBACK, port


async def _accepts(url: str) -> bool:
    """Whether the database accepts connections; its first server, which creates it, listens on no port."""
    try:
        connection = await asyncpg.connect(url, timeout=3)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True
