"""A whole orders process while Kafka is away from the start: accepting events over HTTP needs the database alone."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest

from deploy.local.ports import free_ports
from tests.ingress import STRUCTURED, event
from tests.integration.orders_process import OrdersProcess, orders_process
from tests.servers import MakeDatabase
from tests.waiting import eventually, until


@asynccontextmanager
async def process_without_kafka(url: str, role: str) -> AsyncIterator[OrdersProcess]:
    """It must end in order."""
    (nobody_there,) = free_ports(1)
    settings = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{nobody_there}"}
    async with orders_process(url, Path(os.devnull), settings, role=role) as process:
        yield process


@pytest.mark.parametrize("role", ["all", "web"])
async def test_events_are_accepted_while_kafka_is_away(database: MakeDatabase, role: str) -> None:
    url = await database("orders")
    async with process_without_kafka(url, role) as process:
        await eventually(process.reasons, [])
        answer = await process.client.post("/events", json=event(), headers=STRUCTURED)
        assert (answer.status_code, answer.json()["events"][0]["outcome"]) == (200, "waiting")
        assert (await process.client.get("/healthz")).status_code == 200
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from shared.journal") == 1
    await connection.close()


async def test_a_process_without_pages_waits_for_kafka_and_says_so(database: MakeDatabase) -> None:
    async with process_without_kafka(await database("orders"), "consume") as process:
        await eventually(process.reasons, ["waiting for Kafka"])
        assert (await process.client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(("role", "ready"), [("all", True), ("consume", False)], ids=str)
async def test_a_process_without_an_answer_of_kafka_says_so(database: MakeDatabase, role: str, *, ready: bool) -> None:
    """With pages it is ready anyway: events are accepted, and the contents of the database are shown."""

    async def reported(client: httpx2.AsyncClient) -> bool:
        answer = (await client.get("/readyz")).json()
        return any(one.startswith("Kafka at") for one in answer["notes" if ready else "reasons"])

    async with process_without_kafka(await database("orders"), role) as process:
        await until(process.reasons, lambda found: found is not None)
        await eventually(lambda: reported(process.client), True, within_seconds=60)
        assert ((await process.client.get("/readyz")).status_code == 200) == ready
        assert "kafka_unreachable" in await process.blocked()


async def test_a_database_without_tables_keeps_a_process_from_being_ready(database: MakeDatabase) -> None:
    url = await database("nobody")
    port = free_ports(1)[0]
    addresses = {"ORDERS_DATABASE_URL": url, "ORDERS_PORT": str(port), "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    environment = os.environ | addresses
    command = (sys.executable, "-m", "services.cli", "run", "orders", "--role", "web")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=DEVNULL, stderr=DEVNULL)

    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def ended_or_ready() -> int | None:
            assert await OrdersProcess(client, Path(os.devnull)).reasons() != []
            return process.returncode

        assert await until(ended_or_ready, lambda status: status is not None) == 1
