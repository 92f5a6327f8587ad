"""A wire between all clients and one Kafka broker that can be cut right after a produce request reached the broker.

The broker advertises this address to its clients (`advertised.listeners`), so every connection passes here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from deploy.local.ports import LOOPBACK

_PRODUCE = 0
_SETTLE_SECONDS = 0.05


@dataclass
class KafkaWire:
    """The next `cuts` produce requests get no answer: they are handed over, and their connection breaks."""

    port: int
    broker_port: int
    cuts: int = 0
    done: int = 0
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["KafkaWire"]:
        server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            broker, to_broker = await asyncio.open_connection(LOOPBACK, self.broker_port)
            answers = asyncio.create_task(_pass_on(broker, to_client))
            try:
                await self._requests(client, to_broker)
            finally:
                answers.cancel()
                to_broker.close()
        to_client.transport.abort()

    async def _requests(self, client: asyncio.StreamReader, to_broker: asyncio.StreamWriter) -> None:
        """Frame by frame (Kafka protocol: four bytes of length, then two of the API's key)."""
        while True:
            length = await client.readexactly(4)
            frame = await client.readexactly(int.from_bytes(length))
            to_broker.write(length + frame)
            await to_broker.drain()
            if self.cuts > 0 and int.from_bytes(frame[:2]) == _PRODUCE:
                self.cuts -= 1
                self.done += 1
                await asyncio.sleep(_SETTLE_SECONDS)  # give the broker time to accept it before the connection breaks
                return


async def _pass_on(broker: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while content := await broker.read(65_536):
            to_client.write(content)
            await to_client.drain()
    to_client.transport.abort()
