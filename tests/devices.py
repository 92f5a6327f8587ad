"""Devices for tests: browsers whose push service is the local receiver, and the channel that sends to them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx2

from deploy.local.push_store import Subscription
from services.escalation.channels.sender import Sender
from services.escalation.channels.web_push.channel import WebPushChannel
from services.escalation.channels.web_push.client import PushClient
from services.escalation.channels.web_push.devices import PushSender
from services.escalation.channels.web_push.services import PushServices
from services.escalation.channels.web_push.take_backs import take_back_due
from services.escalation.channels.web_push.vapid import VapidKey
from tests.builders import SELLER
from tests.inbox import Site, form_token, inbox_site
from tests.push import KEY, NOW, LocalPush, local_push

PHONE = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile"


@dataclass
class Clock:
    """The push receiver's clock, set to that of the service."""

    now: datetime = NOW


@dataclass(frozen=True)
class Devices:
    """A site whose people have devices."""

    site: Site
    push: LocalPush
    channel: WebPushChannel
    sender: PushSender
    clock: Clock

    async def subscribe(
        self,
        browser: httpx2.AsyncClient,
        person: str = SELLER,
        *,
        known: Subscription | None = None,
        changes: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[Subscription, httpx2.Response]:
        """Turn on notifications in a browser, as the page does."""
        subscription = known or self.push.store.subscribe(person, sender=self.sender.key.public)
        shown = subscription.shown(self.push.origin)
        fields = {
            "csrf_token": form_token((await browser.get("/devices")).text),
            "key": self.sender.key.public,
            "endpoint": shown["endpoint"],
            **shown["keys"],
            **changes,
        }
        answer = await browser.post("/devices", data=fields, headers={"user-agent": PHONE})
        return subscription, answer

    async def phone(self, person: str = SELLER) -> Subscription:
        """A phone in which this person has signed in and turned on notifications."""
        subscription, answer = await self.subscribe(await self.site.signed_in(person), person)
        assert answer.status_code == 303, answer.text
        return subscription

    async def send(self, channel: WebPushChannel | None = None) -> None:
        """Send the notifications that are due, on this channel or the usual one."""
        self.clock.now = await self.site.service.now()
        pool = self.site.service.pool
        sender = Sender(channel or self.channel)
        started = await sender.start_due(pool, self.site.service.processor, self.site.metrics)
        await asyncio.gather(*started)

    async def take_back(self) -> int:
        """Take back what nobody needs any more."""
        self.clock.now = await self.site.service.now()
        return await take_back_due(self.sender, self.site.service.pool)

    def shown(self, subscription: Subscription) -> Sequence[Mapping[str, Any]]:
        """What a browser was sent, oldest first."""
        return [one.content for one in self.push.store.messages() if one.subscription == subscription.id]

    async def press(self, message: Mapping[str, Any], **changes: Any) -> httpx2.Response:
        """Press the button of a notification, as the service worker does: without any cookie."""
        body = {name: message.get(name) for name in ("device", "alert", "until", "token")} | changes
        async with self.site.browser() as browser:
            return await browser.post("/push/acknowledge", json=body)

    async def delivery(self) -> Mapping[str, Any]:
        """The latest delivery on this channel."""
        (row, *_) = await self.site.service.pool.fetch(
            "select * from escalation.deliveries where channel = 'push' order by changed_at desc"
        )
        return dict(row)

    async def rows(self) -> Sequence[Mapping[str, Any]]:
        """The stored devices, oldest first."""
        return await self.site.service.rows("escalation.push_devices", "added_at, device_id")

    async def device_id(self) -> UUID:
        """The ID of the only device."""
        (row,) = await self.rows()
        found: UUID = row["device_id"]
        return found


def sender_to(push: LocalPush, key: VapidKey = KEY) -> PushSender:
    """A sender that reaches the local receiver."""
    services = PushServices.read(push.origin)
    return PushSender(key, services, PushClient(services, ca_file=push.authority))


@asynccontextmanager
async def devices_on(
    database_url: str, folder: Path, *, public_url: str = "http://inbox.test"
) -> AsyncIterator[Devices]:
    """A site and a push receiver."""
    clock = Clock()
    async with local_push(folder, clock=lambda: clock.now) as push:
        sender = sender_to(push)
        async with inbox_site(database_url, public_url=public_url, sender=sender) as site:
            channel = WebPushChannel(sender)
            yield Devices(site, push, channel, sender, clock)
            await sender.client.aclose()
