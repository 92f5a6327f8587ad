"""A whole orders process, for tests that check why it does not consume."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from deploy.local.ports import free_ports
from tests.ingress import KEYS


@dataclass(frozen=True)
class OrdersProcess:
    """A whole orders process and its log."""

    client: httpx2.AsyncClient
    log: Path

    async def reasons(self) -> list[str] | None:
        """Why it is not ready, if it answers."""
        try:
            answer = await self.client.get("/readyz")
        except httpx2.TransportError:
            return None
        found: list[str] = answer.json()["reasons"]
        assert (answer.status_code == 200) == (not found)
        return found

    async def notes(self) -> list[str]:
        notes: list[str] = (await self.client.get("/readyz")).json()["notes"]
        return notes

    async def recreated(self) -> list[str]:
        """The topics that its metrics report as recreated."""
        text = (await self.client.get("/metrics")).text
        return re.findall(r'^handoff_topic_recreated{topic="(.+)"} 1.0$', text, re.MULTILINE)

    async def deleted_unread(self) -> dict[str, float]:
        """The number of records deleted unread, by topic, according to its metrics."""
        text = (await self.client.get("/metrics")).text
        found = re.findall(r'^handoff_records_deleted_unread{topic="(.+)"} (\S+)$', text, re.MULTILINE)
        return {topic: float(records) for topic, records in found}

    async def blocked(self) -> set[str]:
        """The reasons that block it, according to its metrics."""
        text = (await self.client.get("/metrics")).text
        return set(re.findall(r'^handoff_consumer_blocked{reason="(\w+)"} 1.0$', text, re.MULTILINE))

    async def lags(self) -> dict[str, str]:
        """The lag of each partition of the publishers' topic."""
        text = (await self.client.get("/metrics")).text
        inbound = r'^handoff_consumer_lag_records{partition="(\d)",topic="[^"]*orders\.inbound\.v1"} (\S+)$'
        return dict(re.findall(inbound, text, re.MULTILINE))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@asynccontextmanager
async def orders_process(
    url: str, log: Path, settings: Mapping[str, str], *, role: str = "all"
) -> AsyncIterator[OrdersProcess]:
    """It must end in order."""
    (port,) = free_ports(1)
    ours = {"ORDERS_DATABASE_URL": url, "ORDERS_PORT": str(port), "PUBLISHER_KEYS": KEYS, "TOPIC_PARTITIONS": "2"}
    command = (sys.executable, "-m", "services.cli", "run", "orders", "--role", role)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **ours, **settings}, stdout=output)
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield OrdersProcess(client, log)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def cannot_start(settings: Mapping[str, str]) -> tuple[str, str]:
    """The reason why an orders process cannot start, and its whole log."""
    (port,) = free_ports(1)
    environment = {**os.environ, "ORDERS_PORT": str(port), **settings}
    command = (sys.executable, "-m", "services.cli", "run", "orders")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=DEVNULL)
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 1
    lines = [json.loads(line) for line in output.decode().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line["event"] == "cannot start"]
    return line["reason"], output.decode()
