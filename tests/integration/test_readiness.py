"""A whole orders process while Kafka is away from its start: what it takes over HTTP needs the database alone."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx2
import pytest

from deploy.local.ports import free_ports
from tests.ingress import KEYS, STRUCTURED, event
from tests.servers import MakeDatabase
from tests.waiting import eventually, until


@asynccontextmanager
async def process_without_kafka(url: str, role: str) -> AsyncIterator[httpx2.AsyncClient]:
    """What talks to the process; it must end in order."""
    port, nobody_there = free_ports(2)
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{nobody_there}",
        "ORDERS_DATABASE_URL": url,
        "ORDERS_PORT": str(port),
        "PUBLISHER_KEYS": KEYS,
    }
    command = (sys.executable, "-m", "services.cli", "run", "orders", "--role", role)
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=DEVNULL, stderr=DEVNULL)
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def reasons(client: httpx2.AsyncClient) -> list[str] | None:
    """Why the process takes no work, while it says so."""
    try:
        answer = await client.get("/readyz")
    except httpx2.TransportError:
        return None
    found: list[str] = answer.json()["reasons"]
    assert (answer.status_code == 200) == (not found)
    return found


@pytest.mark.parametrize("role", ["all", "web"])
async def test_events_are_taken_while_kafka_is_away(database: MakeDatabase, role: str) -> None:
    url = await database("orders")
    async with process_without_kafka(url, role) as client:
        await eventually(lambda: reasons(client), [])
        answer = await client.post("/events", json=event(), headers=STRUCTURED)
        assert (answer.status_code, answer.json()["events"][0]["outcome"]) == (200, "waiting")
        assert (await client.get("/healthz")).status_code == 200
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from shared.journal") == 1
    await connection.close()


async def test_a_process_without_pages_waits_for_kafka_and_says_so(database: MakeDatabase) -> None:
    async with process_without_kafka(await database("orders"), "consume") as client:
        await eventually(lambda: reasons(client), ["waiting for Kafka"])
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(("role", "ready"), [("all", True), ("consume", False)], ids=str)
async def test_a_process_without_an_answer_of_kafka_says_so(database: MakeDatabase, role: str, *, ready: bool) -> None:
    """With pages it is ready all the same: events are taken, and what is in the database is shown."""

    async def told(client: httpx2.AsyncClient) -> bool:
        answer = (await client.get("/readyz")).json()
        return any(one.startswith("Kafka at") for one in answer["notes" if ready else "reasons"])

    async with process_without_kafka(await database("orders"), role) as client:
        await until(lambda: reasons(client), lambda found: found is not None)
        await eventually(lambda: told(client), True, within_seconds=60)
        assert ((await client.get("/readyz")).status_code == 200) == ready
        assert 'handoff_consumer_blocked{reason="kafka_unreachable"} 1.0' in (await client.get("/metrics")).text


async def test_a_database_without_tables_keeps_a_process_from_being_ready(database: MakeDatabase) -> None:
    url = await database("nobody")
    port = free_ports(1)[0]
    addresses = {"ORDERS_DATABASE_URL": url, "ORDERS_PORT": str(port), "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    environment = os.environ | addresses
    command = (sys.executable, "-m", "services.cli", "run", "orders", "--role", "web")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=DEVNULL, stderr=DEVNULL)

    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def ended_or_ready() -> int | None:
            assert await reasons(client) != []
            return process.returncode

        assert await until(ended_or_ready, lambda status: status is not None) == 1
