"""The button of a notification. It works on a device that is not signed in, with a proof that only this device has."""

import asyncio
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from services.escalation.domain.entities import DeadlineFor
from services.escalation.domain.own_facts import AcknowledgePressed
from services.escalation.domain.presses import PRESS_KEY_OCTETS, is_proven
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import MUST_NOT_BE_CALLED
from services.escalation.domain.words.in_short import customer_words
from services.escalation.inbox.answers import as_json
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.forms import NotUnderstood
from services.escalation.inbox.overtaken import Overtaken, what_is_so
from services.escalation.inbox.rationing import Ration
from services.escalation.inbox.sessions import FormRefused
from services.escalation.store import inbox, pressing
from services.escalation.store.inbox import EpisodeRow
from services.escalation.store.pressing import PressedAlert
from services.escalation.store.together import calls_ahead
from shared.contracts.support_inbound import ContactPreference
from shared.transaction import Refused

MOST_PRESSES = 300
"""The number of presses from one address in a window. A whole office may share one address, in a storm."""
_LONGEST_TOKEN = 64
_NO_DEVICE_KEY = bytes(PRESS_KEY_OCTETS)
_NOT_PROVEN = "This notification no longer works on this device. Open the episode instead."
_TOO_LATE = "The time to respond has passed. Open the episode to see who has it now."
_OUT_OF_DATE = "There is a newer notification about this customer. Open the episode."
_TOO_MANY = "Too many presses from your network. Open the episode instead."


class _Press(BaseModel):
    """What a notification sends: its device, its alert, until when it may be pressed, and the proof."""

    model_config = ConfigDict(extra="forbid")

    device: UUID
    alert: UUID
    until: int = Field(ge=0, le=2**53)
    token: str = Field(max_length=_LONGEST_TOKEN)


class NotificationButtons:
    """The button that acknowledges."""

    def __init__(self, dependencies: InboxDependencies) -> None:
        self._pool = dependencies.pool
        self._press = dependencies.press
        self._refused = dependencies.metrics.process.requests_refused
        self._ration = Ration(MOST_PRESSES)

    async def acknowledge(self, request: Request) -> Response:
        """Acknowledge the episode of an alert. A second press is the same event.

        Raises FormRefused without proof, and Overtaken if the alert is no longer the one to acknowledge.
        """
        client = request.client.host if request.client else ""
        if self._ration.take(client, asyncio.get_running_loop().time()) is not None:
            self._refused.labels("", "too_many").inc()
            return as_json(done=False, message=_TOO_MANY, url="/", status=429)
        press = _read(await request.body())
        device = await pressing.device(self._pool, press.device)
        proven = is_proven(press.token, device.press_key if device else _NO_DEVICE_KEY, press.alert, press.until)
        if device is None or not proven:
            raise FormRefused(_NOT_PROVEN)
        me = device.salesperson_id
        reader = Reader(me, ZoneInfo(device.zone), device.now, device.name)
        alert = await pressing.alert(self._pool, press.alert, me)
        if alert is None:
            raise FormRefused(_NOT_PROVEN)
        row = await inbox.one_episode(self._pool, me, alert.episode_id)
        if row is None or row.closed_at is not None or not reader.is_me(row.acknowledged_by):
            _check(alert, row, reader, is_late=press.until <= device.now.timestamp() * 1000)
            row = await self._pressed(alert, press, reader)
        return as_json(done=True, message=_done(row, reader), url=f"/episodes/{alert.episode_id}")

    async def _pressed(self, alert: PressedAlert, press: _Press, reader: Reader) -> EpisodeRow:
        me, episode = reader.salesperson_id, alert.episode_id
        ahead = await calls_ahead(self._pool, me, episode)
        button = AcknowledgePressed(episode=episode, by=me, ahead=ahead)
        try:
            await self._press(button, alert.account_id, f"alert {press.alert}")
        except Refused:
            row = await inbox.one_episode(self._pool, me, episode)
            so = what_is_so(row, reader) if row is not None else None
            if so is None:
                raise
            raise Overtaken(so) from None
        row = await inbox.one_episode(self._pool, me, episode)
        if row is None or not reader.is_me(row.acknowledged_by):
            raise Overtaken((what_is_so(row, reader) if row is not None else None) or _OUT_OF_DATE)
        return row


def _read(body: bytes) -> _Press:
    try:
        return _Press.model_validate_json(body)
    except ValidationError:
        raise NotUnderstood(_NOT_PROVEN) from None


def _check(alert: PressedAlert, row: EpisodeRow | None, reader: Reader, *, is_late: bool) -> None:
    """Raises Overtaken unless this alert is to be acknowledged now: an old notification acknowledges no later one."""
    so = what_is_so(row, reader) if row is not None else _OUT_OF_DATE
    if so is not None:
        raise Overtaken(so)
    if alert.is_overtaken:
        raise Overtaken(_OUT_OF_DATE)
    if is_late:
        raise Overtaken(_TOO_LATE)


def _done(row: EpisodeRow, reader: Reader) -> str:
    """ "You have it. Call Café Nord by 15:03." """
    if row.deadline_at is None or row.deadline_for != DeadlineFor.REDEEM:
        return "You have it."
    customer, by = customer_words(row.customer_name, row.account_id), reader.moment(row.deadline_at).clock
    may_call = ContactPreference(row.preference) not in MUST_NOT_BE_CALLED and row.customer_phone
    return f"You have it. {'Call' if may_call else 'Reach'} {customer} by {by}."
