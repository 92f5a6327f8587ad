"""Open inbox pages: their event streams, read over bare sockets, and the times at which each was notified."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.benchmarks.ground import connected

_SIGN_IN = """
    insert into escalation.sessions (token_hash, salesperson_id, csrf_token, expires_at)
    values ($1, $2, 'unused', now() + interval '1 day')
"""
_AT_ONCE = 50


@dataclass
class Page:
    """One person's open page, and the instants (Unix time) at which it was notified of a change."""

    reader: str
    reported_at: list[float] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: handoff={_token(self.reader)}\r\n\r\n"
            writer.write(head.encode())
            status = await reader.readline()
            assert b" 200 " in status, f"the event stream answered {status.decode().strip()}"
            while line := await reader.readline():
                if line.strip() == b"event: changed":
                    self.reported_at.append(time.time())
                    self.opened.set()
        finally:
            writer.close()


@asynccontextmanager
async def open_pages(url: str, port: int, readers: Sequence[str]) -> AsyncIterator[list[Page]]:
    """A page of each reader, signed in and with its first event received; closed when the block is left."""
    async with connected(url) as connection:
        await connection.executemany(
            _SIGN_IN, [(hashlib.sha256(_token(one).encode()).digest(), one) for one in readers]
        )
    pages = [Page(reader) for reader in readers]
    listening = []
    try:
        for first in range(0, len(pages), _AT_ONCE):
            some = pages[first : first + _AT_ONCE]
            listening += [asyncio.create_task(page.listen(port)) for page in some]
            async with asyncio.timeout(60):
                await asyncio.gather(*(page.opened.wait() for page in some))
        yield pages
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)


def _token(reader: str) -> str:
    return f"a-token-of-{reader}"
