"""Sends one message to all devices of a person, and ends those that are gone. Start at `PushSender`."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Self

import orjson

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.web_push.client import PushClient
from services.escalation.channels.web_push.encryption import PayloadTooLarge, ReceiverKeys, encrypt
from services.escalation.channels.web_push.messages import PushMessage, with_press
from services.escalation.channels.web_push.services import NotAPushService, PushServices
from services.escalation.channels.web_push.vapid import VapidKey
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.presses import press_token
from services.escalation.store import devices as store
from services.escalation.store import inbox
from services.escalation.store.devices import LiveDevice, Subscription
from shared.database import DATABASE_ERRORS, Pool
from shared.logs import get_logger

_TOPIC_LENGTH = 32

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ToDevice:
    """The result of a message on one device."""

    device: LiveDevice
    ended: Ended


@dataclass(frozen=True, slots=True)
class PushSender:
    """What this installation sends with: its key, and the way to the push services."""

    key: VapidKey
    services: PushServices
    client: PushClient

    @classmethod
    def read(
        cls, key: str, *, contact: str, services: str, ca_file: Path | None = None, proxy: str | None = None
    ) -> Self:
        """A sender with these settings, and with connections of its own. Raises ValueError."""
        allowed = PushServices.read(services)
        return cls(VapidKey.read(key, subject=contact), allowed, PushClient(allowed, ca_file=ca_file, proxy=proxy))

    def check(self, subscription: Subscription) -> None:
        """Raises ValueError with the reason if no message can be sent to this subscription."""
        self.services.check(subscription.endpoint)
        ReceiverKeys.read(subscription.p256dh, subscription.auth)

    async def to_devices(self, pool: Pool, devices: Sequence[LiveDevice], message: PushMessage) -> Sequence[ToDevice]:
        """Send to each of these devices at the same time, and store which of them received it and which are gone."""
        results = await self.to_each(devices, message, await inbox.now(pool))
        await note(pool, results)
        return results

    async def to_each(self, devices: Sequence[LiveDevice], message: PushMessage, now: datetime) -> Sequence[ToDevice]:
        """Send to each of these devices at the same time, and store nothing."""
        ends = await asyncio.gather(*(self._to_device(device, message, now) for device in devices))
        return [ToDevice(device, ended) for device, ended in zip(devices, ends, strict=True)]

    async def _to_device(self, device: LiveDevice, message: PushMessage, now: datetime) -> Ended:
        if message.press is not None:
            token = press_token(device.press_key, message.press.alert, message.press.until_ms)
            message = with_press(message, token, device.device_id)
        keys = device.subscription
        try:
            origin = self.services.check(keys.endpoint).origin
            body = encrypt(orjson.dumps(message.shown), ReceiverKeys.read(keys.p256dh, keys.auth))
        except NotAPushService as error:
            return Ended(Attempt.REFUSED, str(error), Trouble.ADDRESS)
        except (PayloadTooLarge, ValueError) as error:
            reason = f"the message cannot be composed ({type(error).__name__})"
            return Ended(Attempt.REFUSED, reason, Trouble.COMPOSING)
        headers = {
            "TTL": str(int(message.lives_for.total_seconds())),
            "Urgency": "high" if message.is_urgent else "normal",
            "Content-Encoding": "aes128gcm",
            "Authorization": self.key.authorization(origin, now),
        }
        if not message.waits_beside:
            headers["Topic"] = topic_of(message.tag)
        return await self.client.post(keys.endpoint, body, headers)


async def note(pool: Pool, results: Sequence[ToDevice]) -> None:
    """Store which devices received a message and which are gone.

    Best effort, with the database away too: the result of a message that was accepted does not depend on it, or it
    would be sent again.
    """
    accepted = {one.device.device_id for one in results if one.ended.result is Attempt.ACCEPTED}
    gone = {one.device.device_id for one in results if one.ended.trouble is Trouble.RECIPIENT}
    try:
        if accepted:
            await store.note_accepted(pool, accepted)
        if gone:
            await store.end_gone(pool, gone)
    except DATABASE_ERRORS as error:
        log.warning("the state of devices could not be stored", error=type(error).__name__)


def topic_of(tag: str) -> str:
    """A push service replaces a waiting message by a later one with the same topic (RFC 8030, section 5.4)."""
    return urlsafe_b64encode(sha256(tag.encode()).digest()).decode()[:_TOPIC_LENGTH]
