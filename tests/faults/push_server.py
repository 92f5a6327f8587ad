"""A push service that can be slow, busy, refuse, or break off right after it has taken a message, and its browsers."""

import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from deploy.local.ports import free_ports
from deploy.local.push_certificate import issued
from deploy.local.push_checks import content_of
from deploy.local.push_receiver import Receiving, listening, origin_of
from deploy.local.push_store import Behaviour, PushStore, Subscription
from deploy.local.stored_push import Message
from services.escalation.channels.web_push.vapid import VapidKey
from shared.database import Connection, Pool

PRIVATE_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
CONTACT = "mailto:oncall@company.com"
WITH_DEVICES = ("s-anna", "s-ben", "m-mid", "s-leaves")
"""People whom mail reaches as well: a device changes nothing of whom to notify. The last one leaves."""
_ADD = """
    insert into escalation.push_devices
        (device_id, salesperson_id, endpoint, endpoint_hash, p256dh, auth, press_key, label, key_fingerprint, added_at)
    values ($1, $2, $3, $4, $5, $6, $7, 'Chrome on Android', $8, shared.app_now())
"""


class PushServer:
    """Keeps the messages that it took in its folder."""

    def __init__(self, folder: Path) -> None:
        (self._port,) = free_ports(1)
        self._folder = folder
        self._store = PushStore(folder)
        self._subscriptions = list[Subscription]()

    @property
    def environment(self) -> Mapping[str, str]:
        """Settings of services that send by it."""
        return {
            "PUSH_KEY": PRIVATE_KEY,
            "PUSH_CONTACT": CONTACT,
            "PUSH_SERVICES": origin_of(self._port),
            "PUSH_CA_FILE": str(issued(self._folder).authority),
        }

    @asynccontextmanager
    async def open(self) -> AsyncIterator["PushServer"]:
        receiving = _Receiving(self._store, origin_of(self._port))
        server = await listening(receiving, self._folder, self._port)
        try:
            yield self
        finally:
            server.close()

    async def give_devices(self, connection: Connection, people: Sequence[str] = WITH_DEVICES) -> None:
        """Let each of these people turn on notifications in a browser."""
        for person in people:
            key = VapidKey.read(PRIVATE_KEY, subject=CONTACT)
            made = await add_device(connection, self._store, origin_of(self._port), person, key)
            self._subscriptions.append(made)

    def messages(self) -> Sequence[Message]:
        """All that it took, oldest first."""
        return self._store.messages()

    def behave(self, behaviour: Behaviour, seconds: float = 1.0) -> None:
        """Answer every message so."""
        for one in self._subscriptions:
            self._store.behave(one, behaviour, seconds=seconds)

    def lose_a_browser(self, number: int) -> str:
        """A browser is gone for good; return whose it was."""
        gone = self._subscriptions.pop(number % len(self._subscriptions))
        self._store.behave(gone, Behaviour.GONE)
        return gone.person


async def add_device(
    database: "Connection | Pool", store: PushStore, origin: str, person: str, key: VapidKey
) -> Subscription:
    """A subscription to messages of this key, stored as the page stores it."""
    made = store.subscribe(person, sender=key.public)
    shown = made.shown(origin)
    endpoint, keys = shown["endpoint"], shown["keys"]
    hashed = sha256(endpoint.encode()).digest()
    secrets = (endpoint, hashed, keys["p256dh"], keys["auth"], sha256(made.id.encode()).digest())
    await database.execute(_ADD, uuid4(), person, *secrets, key.fingerprint)
    return made


class _Receiving(Receiving):
    """The services' clock jumps, so signatures are judged at an hour before their end."""

    def _take(self, subscription: Subscription, headers: Mapping[str, str], body: bytes) -> None:
        at = _end_of(headers) - 3_600
        content = content_of(body, headers, subscription, origin=self._origin, now_seconds=at)
        self._store.keep(subscription, content, {}, answered=subscription.behaviour is not Behaviour.CUT)


def _end_of(headers: Mapping[str, str]) -> float:
    claims = headers["authorization"].partition("t=")[2].split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
