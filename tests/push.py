"""A push service for tests, in this process: the local receiver, and servers that answer as they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.push_certificate import issued
from deploy.local.push_receiver import Receiving, listening, origin_of
from deploy.local.push_store import PushStore, Subscription
from services.escalation.channels.web_push.client import PushClient
from services.escalation.channels.web_push.encryption import ReceiverKeys, encrypt
from services.escalation.channels.web_push.network import Address
from services.escalation.channels.web_push.services import PushServices
from services.escalation.channels.web_push.vapid import VapidKey

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
KEY = VapidKey.read("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", subject="mailto:oncall@company.com")

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class LocalPush:
    """A receiver whose clock stands at NOW, with what a client needs to reach it."""

    store: PushStore
    origin: str
    authority: Path
    clients: list[PushClient] = field(default_factory=list)

    def client(self, services: str = "", **changes: object) -> PushClient:
        """A client that trusts it, and is closed in the end; it sends to other services where they are named."""
        allowed = PushServices.read(services or self.origin)
        made = PushClient(allowed, **{"ca_file": self.authority, **changes})  # type: ignore[arg-type]
        self.clients.append(made)
        return made

    def address(self, subscription: Subscription) -> str:
        """The endpoint of a subscription."""
        return str(subscription.shown(self.origin)["endpoint"])

    def message(self, subscription: Subscription, payload: bytes = b'{"title": "A sale is at risk"}') -> bytes:
        """A payload, encrypted for it."""
        keys = subscription.shown(self.origin)["keys"]
        return encrypt(payload, ReceiverKeys.read(keys["p256dh"], keys["auth"]))

    def headers(self, **changes: str) -> Mapping[str, str]:
        """The headers of a request, as this installation sends them."""
        usual = {
            "TTL": "3600",
            "Urgency": "high",
            "Topic": "episode-1",
            "Content-Encoding": "aes128gcm",
            "Authorization": KEY.authorization(self.origin, NOW),
        }
        return {**usual, **{name.replace("_", "-"): value for name, value in changes.items()}}


class Fixed:
    """Resolves every name to this address, and counts how often."""

    def __init__(self, address: str) -> None:
        self._address = ip_address(address)
        self.times = 0

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.times += 1
        return [self._address]


@asynccontextmanager
async def local_push(
    folder: Path, *, later: timedelta = timedelta(), clock: Callable[[], datetime] | None = None
) -> AsyncIterator[LocalPush]:
    """A receiver; `later` sets its clock, or `clock` is it."""
    at = clock or (lambda: NOW + later)
    (port,) = free_ports(1)
    store = PushStore(folder)
    receiving = Receiving(store, origin_of(port), clock=lambda: at().timestamp())
    server = await listening(receiving, folder, port)
    running = LocalPush(store, origin_of(port), issued(folder).authority)
    try:
        yield running
    finally:
        for client in running.clients:
            await client.aclose()
        server.close()


@asynccontextmanager
async def answering(folder: Path, answer: Answering, *, encrypted: bool = True) -> AsyncIterator[int]:
    """The port of a server that does as `answer` says with each connection."""
    context = None
    if encrypted:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(issued(folder).server)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(connected, LOOPBACK, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
