"""Notifications on devices: a letter becomes one message, which goes to every device of its recipient."""

from collections.abc import Sequence
from datetime import timedelta

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.web_push import messages
from services.escalation.channels.web_push.devices import PushSender
from services.escalation.channels.web_push.messages import PushMessage
from services.escalation.domain.channels import PUSH
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.words import counted
from services.escalation.store import devices, shown
from services.escalation.store.deliveries import Letter
from services.escalation.store.lists import ListLetter
from shared.database import Connection, Pool

_OTHER_KEY = "the recipient's devices turned on notifications with another key"
_OF_ANOTHER_KEY = Ended(Attempt.REFUSED, _OTHER_KEY, Trouble.ADDRESS)
_NONE_LEFT = Ended(Attempt.REFUSED, PUSH.address_gone, Trouble.ADDRESS)


class WebPushChannel:
    """Alerts as notifications. A message of unknown outcome is sent again, and replaces the first on the device."""

    definition = PUSH
    at_once = 40  # twice as many as may be under way to one push service

    def __init__(self, sender: PushSender) -> None:
        self._sender = sender

    @property
    def notes(self) -> Sequence[str]:
        """Remarks for operators on the key."""
        return self._sender.key.notes

    def compose(self, letter: Letter | ListLetter) -> PushMessage | Ended:
        """The message for an alert or a list. See `Channel`."""
        return messages.of_list(letter) if isinstance(letter, ListLetter) else messages.of_alert(letter)

    async def send(self, pool: Pool, message: PushMessage) -> Ended:
        """Send to every device at the same time, in bounded time."""
        live = await devices.live(pool, message.recipient, self._sender.key.fingerprint)
        if not live:
            return _OF_ANOTHER_KEY if await devices.has_live(pool, message.recipient) else _NONE_LEFT
        await shown.keep(pool, message.recipient, message.tag, message.deliveries)
        results = await self._sender.to_devices(pool, live, message)
        return ended_by_all([one.ended for one in results])


async def note_without_key(connection: Connection) -> str:
    """What operators should know of an installation without a key."""
    number = await devices.count_live(connection)
    if not number:
        return "no notifications go to devices: set PUSH_KEY and PUSH_CONTACT (`handoff push key` makes a key)"
    devices_left = counted(number, "device")
    return f"PUSH_KEY is not set, so {devices_left} of salespeople cannot be notified: alerts go by e-mail only"


def ended_by_all(ends: Sequence[Ended]) -> Ended:
    """The result of a message by its result on each device: it has arrived if one device has it.

    It is sent again as long as one may receive it: after the longest pause asked for, so that every service has its
    pause. Where one may have it already, the usual time is waited for.
    """
    standing = [one for one in ends if one.trouble is not Trouble.RECIPIENT]
    for result in (Attempt.ACCEPTED, Attempt.UNKNOWN):
        found = next((one for one in standing if one.result is result), None)
        if found is not None:
            return found
    deferred = [one for one in standing if one.result is Attempt.PUT_OFF]
    if deferred:
        return max(deferred, key=lambda one: one.retry_after or timedelta())
    return standing[0] if standing else _NONE_LEFT
