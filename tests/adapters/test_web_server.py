"""A process's HTTP server: its limits on simultaneous requests, and that the process ends with it."""

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
from sse_starlette import EventSourceResponse
from sse_starlette.sse import AppStatus

from deploy.local.ports import free_ports
from shared import runtime, web_server
from shared.http import connections
from shared.http.application import bare_app
from shared.migrations import Migrations
from shared.role import Role
from shared.service import Health, Resources, Service
from shared.settings import ServiceSettings
from shared.transaction import Transaction
from tests.waiting import eventually, until

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Filler: 1234567890\r\n\r\n"
BUSY = b"GET /busy HTTP/1.1\r\nHost: x\r\n\r\n"
STREAM = b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
USUAL = web_server.WebLimits()
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


async def nothing(tx: Transaction, events: object) -> None: ...


def service_with(web: Callable[[Resources, Health], FastAPI]) -> Service:
    return Service("orders", (), (), nothing, Migrations("orders", Path()), web)


def settings_on(port: int) -> ServiceSettings:
    return ServiceSettings(database_url=SecretStr(NOWHERE), port=port, kafka_bootstrap_servers="127.0.0.1:1")


@asynccontextmanager
async def failing_at_start(app: FastAPI) -> AsyncIterator[None]:
    raise KeyError("canary")
    yield


@pytest.fixture(autouse=True)
def streams_of_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopping server notifies all event streams of its process."""
    monkeypatch.setattr(AppStatus, "should_exit", False)


@pytest.fixture
async def own_signals(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """A process within this process: without its forced exit, and its signal handlers are removed with it."""
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


async def test_a_connection_beyond_the_limit_gets_a_503_with_a_time_to_retry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_server, "MAX_CONNECTIONS", 3)
    (port,) = free_ports(1)
    async with serving(port):
        busy = [await asking(port, BUSY) for _ in range(2)]
        refused = await until(lambda: answer_on(port), lambda answer: answer is not None and answer.status_code == 503)
        assert refused is not None
        assert refused.headers["retry-after"] == "2"
        assert refused.json()["errors"][0]["code"] == "too_many_connections"
        for _, writer in busy:
            writer.close()
        await eventually(lambda: status_of(port), 404)


@asynccontextmanager
async def serving(port: int, limits: web_server.WebLimits = USUAL) -> AsyncIterator[None]:
    """A server with a path that never answers, another that streams without end, and no other."""
    app = bare_app("orders", [])

    @app.get("/busy")
    async def busy() -> None:
        await asyncio.Event().wait()

    @app.get("/stream")
    async def stream() -> EventSourceResponse:
        async def events() -> AsyncIterator[str]:
            yield "begun"
            await asyncio.Event().wait()

        return EventSourceResponse(events())

    service = service_with(lambda resources, health: app)
    server = web_server.WebServer(service, cast(Resources, None), Health(), Role.WEB, limits)
    ends: list[str] = []
    await server.start("127.0.0.1", port, ended=lambda: ends.append("ended"))
    try:
        await eventually(lambda: status_of(port), 404)
        yield
    finally:
        await server.stop()
    assert ends == []


async def asking(port: int, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has sent these bytes, and keeps listening."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    return reader, writer


async def closed(reader: asyncio.StreamReader) -> bytes:
    """Everything received until the server closes the connection."""
    return await asyncio.wait_for(reader.read(), 5)


@pytest.mark.parametrize("sent", [b"", HEAD[:-10]])
async def test_silent_connections_make_room_for_requests(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(web_server, "MAX_CONNECTIONS", 5)
    (port,) = free_ports(1)
    async with serving(port):
        silent = [await asking(port, sent) for _ in range(12)]
        assert [await status_of(port) for _ in range(3)] == [404, 404, 404]
        assert await closed(silent[0][0]) == b""
        for _, writer in silent:
            writer.close()


async def test_the_longest_waiting_connection_is_dropped_and_answered_ones_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MAX_WAITING", 3)
    (port,) = free_ports(1)
    async with serving(port):
        streaming, own = await asking(port, STREAM)
        await streaming.readuntil(b"begun")
        silent = [await asking(port, b"") for _ in range(8)]
        await asyncio.gather(*(closed(reader) for reader, _ in silent[:5]))
        assert not any(reader.at_eof() for reader, _ in silent[5:])
        assert not streaming.at_eof()
        for _, writer in [*silent, (streaming, own)]:
            writer.close()


@pytest.mark.parametrize("sent", [b"", HEAD[:-10]])
async def test_missing_headers_end_the_connection(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    (port,) = free_ports(1)
    async with serving(port):
        reader, writer = await asking(port, sent)
        assert await closed(reader) == b""
        writer.close()


async def test_a_kept_connection_ends_although_headers_of_another_request_drip_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "KEEP_ALIVE_SECONDS", 0.3)
    (port,) = free_ports(1)
    async with serving(port):
        reader, writer = await asking(port, HEAD)
        await reader.readuntil(b"\r\n\r\n")
        ended = asyncio.create_task(closed(reader))
        for byte in HEAD[:-4]:
            if not ended.done():
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
        assert ended.done()
        writer.close()


async def test_one_address_has_a_limited_number_of_connections_and_a_proxy_any_number() -> None:
    (port,) = free_ports(1)
    async with serving(port, web_server.WebLimits(connections_per_address=3, proxies=())):
        busy = [await asking(port, BUSY) for _ in range(3)]
        refused = await until(lambda: answer_on(port), lambda answer: answer is not None and answer.status_code == 503)
        assert refused is not None
        for _, writer in busy:
            writer.close()
        await eventually(lambda: status_of(port), 404)
    (port,) = free_ports(1)
    async with serving(port, web_server.WebLimits(connections_per_address=3, proxies=("127.0.0.0/8",))):
        busy = [await asking(port, BUSY) for _ in range(5)]
        assert await status_of(port) == 404
        for _, writer in busy:
            writer.close()


async def test_two_lengths_are_refused_and_the_following_bytes_are_not_answered() -> None:
    (port,) = free_ports(1)
    both = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    async with serving(port):
        reader, writer = await asking(port, both + HEAD)
        answer = await closed(reader)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"two_lengths" in answer
    assert answer.count(b"HTTP/1.1") == 1


async def test_head_is_answered_like_get_without_the_body_and_keeps_no_stream_open() -> None:
    (port,) = free_ports(1)
    async with serving(port), httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
        for path in ("/nowhere", "/stream"):
            async with client.stream("GET", path) as got:
                pass
            head = await client.head(path)
            assert (head.status_code, head.content) == (got.status_code, b"")
            assert head.headers["content-type"] == got.headers["content-type"]


async def test_a_request_that_outlasts_the_stop_gets_a_503_that_asks_to_retry(
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
