"""A wire to Postgres that can be cut right before or right after a COMMIT reached the server, or can delay commits."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit


class Cut(Enum):
    """When to break the connection: the commit never arrives, or only its answer is lost."""

    BEFORE_COMMIT = "before"
    AFTER_COMMIT = "after"


@dataclass
class Proxy:
    """`url` leads through the wire. The next `cuts` commits are broken as `when` says, and each may be delayed."""

    url: str
    when: Cut
    longest_delay_seconds: float = 0
    cuts: int = 0
    done: int = 0
    refused: int = 0
    absent: bool = False
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """As if the server had gone: connections break, new ones are refused."""
        self.absent = True
        for writer in list(self.writers):
            writer.transport.abort()
        yield
        self.absent = False


@asynccontextmanager
async def proxy_to(url: str, when: Cut) -> AsyncIterator[Proxy]:
    parts = urlsplit(url)
    proxy = Proxy("", when)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if proxy.absent:
            proxy.refused += 1
            writer.transport.abort()
            return
        proxy.writers.add(writer)
        with suppress(OSError, asyncio.CancelledError):
            server_reader, server_writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                await asyncio.gather(
                    _requests(reader, server_writer, writer, proxy),
                    _answers(server_reader, writer),
                )
            finally:
                server_writer.close()
        proxy.writers.discard(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    user = f"{parts.username}:{parts.password}" if parts.password else parts.username
    proxy.url = f"postgresql://{user}@127.0.0.1:{port}{parts.path}"
    try:
        yield proxy
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()


async def _requests(
    reader: asyncio.StreamReader, server: asyncio.StreamWriter, client: asyncio.StreamWriter, proxy: Proxy
) -> None:
    while data := await reader.read(65_536):
        if b"COMMIT;" in data and proxy.longest_delay_seconds > 0:
            await asyncio.sleep(random.uniform(0, proxy.longest_delay_seconds))
        if b"COMMIT;" in data and proxy.cuts > 0:
            proxy.cuts -= 1
            proxy.done += 1
            client.transport.abort()  # no answer of the server arrives from here on
            if proxy.when is Cut.AFTER_COMMIT:
                server.write(data)
                await server.drain()
                await asyncio.sleep(0.2)  # the server must not notice the disconnection before the commit
            break
        server.write(data)
        await server.drain()
    server.close()


async def _answers(server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await server.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
