"""The image runs as an orchestrator runs it, on real servers. HANDOFF_IMAGE names it; `make image` makes it."""

import asyncio
import os
import uuid
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from deploy.local.kafka import Kafka
from deploy.local.ports import free_ports
from tests.servers import PrivatePostgres

SERVICES = ("orders", "support", "escalation")
IMAGE = os.environ.get("HANDOFF_IMAGE", "")
RESTRICTED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host")
UNWRITABLE = ("/tmp/it", "/opt/handoff/it", "/it")
_PROBES = 100

pytestmark = pytest.mark.skipif(not IMAGE, reason="HANDOFF_IMAGE names no image; `make image` makes one")


@dataclass(frozen=True)
class Container:
    """A running container."""

    id: str

    async def call(self, *command: str) -> tuple[int, str]:
        return await docker("exec", self.id, *command)

    async def ready(self, service: str) -> tuple[int, str]:
        """The first good response of the probe, or the last one."""
        for _ in range(_PROBES):
            status, printed = await self.call("handoff", "health", service, "--ready")
            if status == 0:
                break
            await asyncio.sleep(0.5)
        return status, printed

    async def stop(self) -> int:
        """The exit status after SIGTERM."""
        await docker("stop", "--time=45", self.id)
        _, status = await docker("inspect", "--format={{.State.ExitCode}}", self.id)
        return int(status)


async def docker(*arguments: str) -> tuple[int, str]:
    """Exit status and output of a docker command."""
    process = await asyncio.create_subprocess_exec("docker", *arguments, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode().strip()


def given(environment: Mapping[str, str]) -> list[str]:
    return [f"--env={name}={value}" for name, value in environment.items()]


@asynccontextmanager
async def running(service: str, environment: Mapping[str, str]) -> AsyncIterator[Container]:
    name = f"handoff-test-{uuid.uuid4().hex[:10]}"
    status, printed = await docker(
        "run", "--detach", f"--name={name}", *RESTRICTED, *given(environment), IMAGE, "run", service
    )
    assert status == 0, printed
    try:
        yield Container(name)
    finally:
        _, log = await docker("logs", name)
        print(log)  # pytest shows it with a failure
        await docker("rm", "--force", name)


@pytest.fixture
async def environment(private_kafka: Kafka, private_postgres: PrivatePostgres) -> dict[str, str]:
    ports = zip(SERVICES, free_ports(3), strict=True)
    return {
        "HOST": "127.0.0.1",
        "KAFKA_BOOTSTRAP_SERVERS": private_kafka.address,
        "TOPIC_REPLICATION": "1",
        "TOPIC_PARTITIONS": "4",
        "SMTP_URL": "smtp://127.0.0.1:1",
        **{f"{name.upper()}_DATABASE_URL": await private_postgres.databases.make(name) for name in SERVICES},
        **{f"{name.upper()}_PORT": str(port) for name, port in ports},
    }


async def test_tables_are_brought_up_to_date(environment: dict[str, str]) -> None:
    status, printed = await docker("run", "--rm", *RESTRICTED, *given(environment), IMAGE, "migrate")
    assert (status, printed.count("tables are up to date")) == (0, 3), printed


async def test_every_service_becomes_ready_without_rights_and_ends_in_order(environment: dict[str, str]) -> None:
    for service in SERVICES:
        async with running(service, environment) as container:
            status, printed = await container.ready(service)
            assert (status, printed.splitlines()[0]) == (0, f"{service} is ready")
            assert await container.call("id", "-u") == (0, "10001")
            _, rights = await container.call("grep", "-E", "^(CapEff|NoNewPrivs):", "/proc/1/status")
            assert rights.split() == ["CapEff:", "0" * 16, "NoNewPrivs:", "1"]
            for path in UNWRITABLE:
                assert "Read-only file system" in (await container.call("touch", path))[1]
            assert await container.stop() == 0


async def test_a_service_that_is_still_starting_ends_at_once(environment: dict[str, str]) -> None:
    async with running("orders", environment) as container:
        await container.call("true")
        assert await container.stop() in {0, 128 + 15}


async def test_time_zones_come_from_the_pinned_package() -> None:
    program = "import tzdata, zoneinfo; print(zoneinfo.TZPATH, zoneinfo.ZoneInfo('Europe/Berlin').key)"
    printed = await docker("run", "--rm", *RESTRICTED, "--entrypoint=python", IMAGE, "-c", program)
    assert printed == (0, "() Europe/Berlin")
