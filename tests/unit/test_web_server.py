"""The HTTP server of a process: what it takes at once, and that the process ends with it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import MetaData
from sse_starlette.sse import AppStatus

from deploy.local.ports import free_ports
from shared import runtime, web_server
from shared.http.application import bare_app
from shared.migrations import Migrations
from shared.service import Health, Resources, Role, Service
from shared.settings import ServiceSettings
from shared.transaction import Transaction
from tests.waiting import eventually, until

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


async def nothing(tx: Transaction, events: object) -> None: ...


def service_with(web: Callable[[Resources, Health], FastAPI]) -> Service:
    return Service("orders", (), (), nothing, Migrations(MetaData(), Path()), web)


def settings_on(port: int) -> ServiceSettings:
    return ServiceSettings(database_url=SecretStr(NOWHERE), port=port, kafka_bootstrap_servers="127.0.0.1:1")


@asynccontextmanager
async def failing_at_start(app: FastAPI) -> AsyncIterator[None]:
    raise KeyError("canary")
    yield


@pytest.fixture(autouse=True)
def streams_of_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stops says so to all event streams of its process."""
    monkeypatch.setattr(AppStatus, "should_exit", False)


@pytest.fixture
async def own_signals(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A process in this process: without its last resort, and its signal handlers go with it."""
    monkeypatch.setattr(runtime, "_end_after", lambda seconds: None)
    yield
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)
    signal.signal(signal.SIGINT, signal.default_int_handler)


async def test_a_process_ends_when_its_web_server_does(own_signals: None) -> None:
    (port,) = free_ports(1)
    service = service_with(lambda resources, health: bare_app("orders", [], lifespan=failing_at_start))
    process = runtime.Process(service, settings_on(port), role=Role.WEB, slot=None)
    assert await asyncio.wait_for(process.run(), 10) == runtime.STUCK
    assert process.health.alive() == ["serving has ended"]


async def test_a_process_ends_when_one_of_its_loops_does(own_signals: None) -> None:
    (port,) = free_ports(1)
    process = runtime.Process(
        service_with(lambda resources, health: bare_app("orders", [])), settings_on(port), role=Role.RELAY, slot=None
    )

    async def cancelled() -> None:
        raise asyncio.CancelledError

    process._keep_going("relay", cancelled, 0)
    assert await asyncio.wait_for(process.run(), 10) == runtime.STUCK
    assert process.health.alive() == ["the loop relay has ended"]


async def test_a_connection_too_many_is_answered_with_503_and_told_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_server, "MAX_CONNECTIONS", 3)
    (port,) = free_ports(1)
    service = service_with(lambda resources, health: bare_app("orders", []))
    server = web_server.WebServer(service, cast(Resources, None), Health(), Role.WEB)
    ends: list[str] = []
    await server.start("127.0.0.1", port, ended=lambda: ends.append("ended"))
    try:
        await eventually(lambda: status_of(port), 404)
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        refused = await until(lambda: answer_on(port), lambda answer: answer is not None and answer.status_code == 503)
        assert refused is not None
        assert refused.headers["retry-after"] == "2"
        assert refused.json()["errors"][0]["code"] == "too_many_connections"
        for _, writer in idle:
            writer.close()
        await eventually(lambda: status_of(port), 404)
    finally:
        await server.stop()
    assert ends == []


async def test_a_request_that_outlasts_the_stop_is_answered_with_503_and_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_server, "_STOP_SECONDS", 1)
    (port,) = free_ports(1)
    app, taken = bare_app("orders", []), asyncio.Event()

    @app.get("/endless")
    async def endless() -> None:
        taken.set()
        await asyncio.Event().wait()

    server = web_server.WebServer(
        service_with(lambda resources, health: app), cast(Resources, None), Health(), Role.WEB
    )
    await server.start("127.0.0.1", port, ended=lambda: None)
    await eventually(lambda: status_of(port), 404)
    asked = asyncio.create_task(answer_on(port, "/endless"))
    await taken.wait()
    await server.stop()
    answer = await asked
    assert answer is not None
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["errors"][0]["code"] == "stopping"


async def answer_on(port: int, path: str = "/") -> httpx2.Response | None:
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            return await client.get(path)
    except httpx2.ConnectError:
        return None


async def status_of(port: int) -> int | None:
    answer = await answer_on(port)
    return answer.status_code if answer else None
