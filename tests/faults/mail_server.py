"""A mail server that can be slow, refuse temporarily, or close the connection right after accepting a message."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from enum import Enum
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.ports import LOOPBACK

SLOW_SECONDS = 2.0
_HANGING_SECONDS = 20.0


class Mood(Enum):
    """How the server treats the next messages."""

    ACCEPTS = "accepts"
    SLOW = "slow"
    HANGS = "hangs"
    PUTS_OFF = "puts off"
    CUTS_OFF = "cuts off after accepting"


class MailServer:
    """Writes every message that it accepted to a file, one JSON object a line."""

    def __init__(self, taken: Path) -> None:
        self.mood = Mood.ACCEPTS
        self.url = ""
        self._taken = taken

    @asynccontextmanager
    async def open(self) -> AsyncIterator["MailServer"]:
        self._taken.touch()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True, loop=loop), LOOPBACK, 0)
        self.url = f"smtp://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.mood is Mood.PUTS_OFF:
            return "451 not now"
        if self.mood is Mood.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        if self.mood is Mood.HANGS:
            await asyncio.sleep(_HANGING_SECONDS)
        cut = self.mood is Mood.CUTS_OFF
        self._keep(envelope, "cut" if cut else "accepted")
        if cut and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 taken"

    def _keep(self, envelope: Envelope, answer: str) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        reported = {
            "message_id": message_from_bytes(content)["Message-ID"],
            "to": envelope.rcpt_tos[0],
            "at": time.time(),
            "answer": answer,
        }
        with self._taken.open("a") as file:
            file.write(json.dumps(reported) + "\n")
