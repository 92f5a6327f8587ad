"""Bodies that are slow, large or cut off, over real sockets: each is answered, and the server goes on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
import pytest
import uvicorn

from shared.http.request_body import Limits
from tests.ingress import KEY, Ingress, event, ingress_over
from tests.servers import MakeDatabase

LIMITS = Limits(body_bytes=100_000, body_seconds=0.5)
EVENT = orjson.dumps(event())


@dataclass
class Server:
    """The endpoint behind a port of this machine."""

    ingress: Ingress
    port: int

    async def send(self, head: str, *parts: bytes, pause_seconds: float = 0.0, authorized: bool = True) -> str:
        """Write a request part by part. Returns the whole answer, until the server closes or falls silent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        key = f"Authorization: Bearer {KEY}\r\n" if authorized else ""
        lines = f"POST /events HTTP/1.1\r\nHost: orders\r\n{key}{head}\r\n"
        try:
            writer.write(lines.encode())
            for part in parts:
                writer.write(part)
                await asyncio.wait_for(writer.drain(), 5)
                await asyncio.sleep(pause_seconds)
            return (await asyncio.wait_for(reader.read(65536), 5)).decode()
        finally:
            writer.close()

    async def still_works(self) -> bool:
        length = f"Content-Type: application/cloudevents+json\r\nContent-Length: {len(EVENT)}\r\n"
        return status(await self.send(length, EVENT)) == 200


def status(answer: str) -> int:
    return int(answer.split(" ", 2)[1])


@pytest.fixture
async def server(database: MakeDatabase) -> AsyncIterator[Server]:
    async with ingress_over(await database("orders"), limits=LIMITS) as ingress:
        config = uvicorn.Config(ingress.app, port=0, log_config=None, access_log=False, lifespan="off")
        running = uvicorn.Server(config)
        task = asyncio.create_task(running.serve())
        while not running.started:  # noqa: ASYNC110 - uvicorn sets no event
            await asyncio.sleep(0.01)
        yield Server(ingress, running.servers[0].sockets[0].getsockname()[1])
        running.should_exit = True
        await task


STRUCTURED = "Content-Type: application/cloudevents+json\r\n"


async def test_a_chunked_body_is_accepted(server: Server) -> None:
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (EVENT[:20], EVENT[20:])]
    answer = await server.send(STRUCTURED + "Transfer-Encoding: chunked\r\n", *chunks, b"0\r\n\r\n")
    assert status(answer) == 200
    assert await server.ingress.journaled() == ["e-1"]


async def test_a_body_without_length_or_chunks_is_a_411(server: Server) -> None:
    answer = await server.send(STRUCTURED)
    assert status(answer) == 411
    assert "length_required" in answer


async def test_an_announced_body_over_the_limit_is_refused_at_once(server: Server) -> None:
    answer = await server.send(STRUCTURED + "Content-Length: 999999999999\r\n", b"{")
    assert status(answer) == 413
    assert "connection: close" in answer.lower()
    assert await server.still_works()


async def test_a_client_still_writing_a_body_over_the_limit_reads_why(server: Server) -> None:
    size = 3_000_000
    answer = await server.send(STRUCTURED + f"Content-Length: {size}\r\n", *[b" " * 100_000] * 30)
    assert status(answer) == 413
    assert "body_too_large" in answer


async def test_a_chunked_body_over_the_limit_is_refused_while_it_comes(server: Server) -> None:
    chunk = b"%x\r\n%s\r\n" % (50_000, b" " * 50_000)
    answer = await server.send(STRUCTURED + "Transfer-Encoding: chunked\r\n", chunk, chunk, chunk, b"0\r\n\r\n")
    assert status(answer) == 413
    assert await server.still_works()


async def test_an_endless_chunked_body_does_not_block_the_server(server: Server) -> None:
    chunk = b"%x\r\n%s\r\n" % (50_000, b" " * 50_000)
    answer = await server.send(STRUCTURED + "Transfer-Encoding: chunked\r\n", *[chunk] * 3)
    assert status(answer) == 413
    assert "connection: close" in answer.lower()


async def test_a_client_that_asks_first_is_refused_without_sending(server: Server) -> None:
    answer = await server.send(STRUCTURED + "Content-Length: 200000\r\nExpect: 100-continue\r\n")
    assert status(answer) == 413
    assert "100 Continue" not in answer


async def test_a_client_that_asks_first_may_send_a_body_within_the_limit(server: Server) -> None:
    head = STRUCTURED + f"Content-Length: {len(EVENT)}\r\nExpect: 100-continue\r\n"
    assert "100 Continue" in await server.send(head)


async def test_a_slow_body_is_a_408(server: Server) -> None:
    head = STRUCTURED + f"Content-Length: {len(EVENT)}\r\n"
    answer = await server.send(head, *(EVENT[at : at + 1] for at in range(4)), pause_seconds=0.1)
    assert status(answer) == 408
    assert "connection: close" in answer.lower()
    assert await server.ingress.journaled() == []
    assert await server.still_works()


async def test_a_body_cut_off_leaves_nothing(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = f"POST /events HTTP/1.1\r\nHost: orders\r\nAuthorization: Bearer {KEY}\r\n{STRUCTURED}"
    writer.write(f"{head}Content-Length: 900\r\n\r\n".encode() + EVENT)
    await writer.drain()
    writer.close()
    await reader.read()
    assert await server.ingress.journaled() == []
    assert await server.still_works()


async def test_a_refused_small_body_leaves_the_connection_open(server: Server) -> None:
    head = STRUCTURED + f"Content-Length: {len(EVENT)}\r\n"
    answer = await server.send(head, EVENT, authorized=False)
    assert status(answer) == 401
    assert "connection: close" not in answer.lower()


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "10\r\nContent-Length: 20"])
async def test_a_nonsense_length_is_a_400_at_most(server: Server, length: str) -> None:
    answer = await server.send(STRUCTURED + f"Content-Length: {length}\r\n", EVENT)
    assert status(answer) in (400, 413)
    assert await server.still_works()
