"""Clients that send requests without reading: an answer and an event stream end, and with them the connection."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from sse_starlette import EventSourceResponse
from sse_starlette.sse import AppStatus
from starlette.responses import StreamingResponse

from deploy.local.ports import free_ports
from shared import web_server
from shared.http import connections
from shared.http.application import bare_app
from shared.migrations import Migrations
from shared.role import Role
from shared.service import Health, Resources, Service
from shared.transaction import Transaction
from tests.waiting import eventually

_PIECE = b"x" * 65_536
_PIECES = 200


class _Open:
    """The number of answers in progress."""

    def __init__(self) -> None:
        self.answers = 0

    async def count(self) -> int:
        return self.answers

    async def giving(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.answers += 1
        try:
            async for piece in pieces:
                yield piece
        finally:
            self.answers -= 1


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AppStatus, "should_exit", False)
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 1.0)


async def _nothing(tx: Transaction, events: object) -> None: ...


async def _long_answer() -> AsyncIterator[bytes]:
    for _ in range(_PIECES):
        yield _PIECE


async def _small_events() -> AsyncIterator[bytes]:
    """Less than the kernel keeps for one connection."""
    while True:
        yield b"data: " + b"y" * 500 + b"\n\n"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _serving(open_answers: _Open) -> AsyncIterator[int]:
    app = bare_app("orders", [])
    _add_paths(app, open_answers)
    (port,) = free_ports(1)
    service = Service("orders", (), (), _nothing, Migrations("orders", Path()), lambda resources, health: app)
    server = web_server.WebServer(service, cast(Resources, None), Health(), Role.WEB)
    await server.start("127.0.0.1", port, ended=lambda: None)
    try:
        await eventually(lambda: _answers(port), True)
        yield port
    finally:
        await server.stop()


def _add_paths(app: FastAPI, open_answers: _Open) -> None:
    @app.get("/long")
    async def long() -> StreamingResponse:
        return StreamingResponse(open_answers.giving(_long_answer()))

    @app.get("/events")
    async def events() -> EventSourceResponse:
        return EventSourceResponse(open_answers.giving(_small_events()))


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def _ask(port: int, path: str) -> socket.socket:
    """A client with the smallest receive buffer that a kernel allows."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


@pytest.mark.parametrize("path", ["/long", "/events"])
async def test_an_unread_answer_ends(path: str) -> None:
    open_answers = _Open()
    async with _serving(open_answers) as port:
        client = await _ask(port, path)
        try:
            await eventually(open_answers.count, 1)
            await eventually(open_answers.count, 0, within_seconds=15)
        finally:
            client.close()


async def test_a_slow_reader_is_not_cut_off() -> None:
    open_answers, loop = _Open(), asyncio.get_running_loop()
    async with _serving(open_answers) as port:
        client, until = await _ask(port, "/long"), loop.time() + 4 * connections.UNREAD_SECONDS
        try:
            while loop.time() < until:
                assert await loop.sock_recv(client, 65_536)
                await asyncio.sleep(0.02)
            assert open_answers.answers == 1
        finally:
            client.close()
