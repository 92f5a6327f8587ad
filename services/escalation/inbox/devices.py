"""The page of a person's devices: to receive notifications on this one, to remove one, and to send a test."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.escalation.domain.devices import WHY_ENDED, DeviceEnd, label_of
from services.escalation.domain.presses import PRESS_KEY_OCTETS
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.inbox.answers import NotHere
from services.escalation.inbox.dependencies import InboxDependencies, Notifications, Tested
from services.escalation.inbox.forms import NotUnderstood, text_of
from services.escalation.inbox.rendering import Pages
from services.escalation.inbox.sessions import FormRefused, Sessions, SignedOut, check_token
from services.escalation.store import devices as store
from services.escalation.store.devices import DeviceRow, NewDevice, Subscription
from services.escalation.store.inbox import now
from services.escalation.store.sessions import SignedIn
from shared.ids import SalespersonId

_NOT_SET_UP = "Notifications are not set up on this installation. Ask the person who runs it."
_OTHER_KEY = "This installation has a new key for notifications. Reload the page and try again."
_NOT_YOURS = "You have not turned on notifications in this browser. Turn them on at “Notifications”."
_PAGE = "/devices"


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as its owner's page shows it. `ended`: since when and why it receives nothing any more."""

    id: UUID
    label: str
    added: LocalTime
    accepted: LocalTime | None
    ended: LocalTime | None
    why_ended: str | None
    is_this_one: bool


class DevicePages:
    """The page of a signed-in person's devices."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions, pages: Pages) -> None:
        self._pool = dependencies.pool
        self._notifications = dependencies.notifications
        self._sessions = sessions
        self._pages = pages

    async def devices(self, request: Request) -> Response:
        """The devices, and what this one lacks. The query `device` asks whether the device with this ID is known."""
        return await self._render(request, await self._sessions.reader(request))

    async def add(self, request: Request) -> Response:
        """Add this browser. It sends its subscription again by itself when it is opened: that is the same device, and
        adds none that its owner removed. Raises FormRefused for one that another person turned on."""
        signed_in, form = await self._form(request)
        notifications = self._set_up()
        if text_of(form, "key") != notifications.public_key:
            raise NotUnderstood(_OTHER_KEY)
        subscription = Subscription(text_of(form, "endpoint"), text_of(form, "p256dh"), text_of(form, "auth"))
        try:
            notifications.check(subscription)
        except ValueError as error:
            raise NotUnderstood(f"This browser's subscription cannot be used: {error}.") from None
        me = signed_in.salesperson_id
        if not text_of(form, "again") or await self._is_wanted(me, _id(text_of(form, "device"))):
            device = NewDevice(
                device_id=uuid4(),
                salesperson_id=me,
                subscription=subscription,
                press_key=secrets.token_bytes(PRESS_KEY_OCTETS),
                label=label_of(request.headers.get("user-agent", "")),
                fingerprint=notifications.fingerprint,
                session_hash=self._sessions.held(request),
            )
            if await store.add(self._pool, device) is None:
                raise SignedOut(_PAGE)
        return RedirectResponse(_PAGE, status_code=303)

    async def remove(self, request: Request) -> Response:
        """Remove one of the person's own devices. A repeated press changes nothing. Raises NotHere for another one."""
        signed_in, _ = await self._form(request)
        device = _id(request.path_params["device_id"])
        if device is None or not await store.remove(self._pool, signed_in.salesperson_id, device):
            raise NotHere
        return RedirectResponse(_PAGE, status_code=303)

    async def test(self, request: Request) -> Response:
        """Send a test to all devices of the person, and show the result of each."""
        signed_in, _ = await self._form(request)
        notifications = self._set_up()
        reader = await self._reader(signed_in)
        tested = await notifications.test(signed_in.salesperson_id, reader.moment(reader.now).clock)
        return await self._render(request, signed_in, tested)

    async def back(self, request: Request) -> Response:
        """The response if a browser opens the address of a press directly."""
        await self._sessions.reader(request)
        return RedirectResponse(_PAGE, status_code=303)

    async def _form(self, request: Request) -> tuple[SignedIn, FormData]:
        signed_in = await self._sessions.reader(request)
        form = await request.form()
        check_token(form, signed_in)
        return signed_in, form

    async def _is_wanted(self, me: SalespersonId, device: UUID | None) -> bool:
        """Whether a browser that sends its subscription by itself, once added as this device, is added. One that is not
        known is added: the database may have been restored. Raises FormRefused."""
        if device is None:
            raise FormRefused(_NOT_YOURS)
        found = await store.whose(self._pool, device)
        if found is None:
            return True
        owner, ended = found
        if owner != me:
            raise FormRefused(_NOT_YOURS)
        return ended is not DeviceEnd.REMOVED

    def _set_up(self) -> Notifications:
        if self._notifications is None:
            raise NotUnderstood(_NOT_SET_UP)
        return self._notifications

    async def _reader(self, signed_in: SignedIn) -> Reader:
        return Reader(signed_in.salesperson_id, ZoneInfo(signed_in.zone), await now(self._pool), signed_in.name)

    async def _render(self, request: Request, signed_in: SignedIn, tested: Sequence[Tested] | None = None) -> Response:
        reader = await self._reader(signed_in)
        rows = await store.of_person(self._pool, signed_in.salesperson_id, self._sessions.held(request))
        devices = [_view(row, reader) for row in rows]
        asked = _id(request.query_params.get("device", ""))
        values = {
            "reader": signed_in,
            "live": [one for one in devices if one.ended is None],
            "ended": [one for one in devices if one.ended is not None],
            "this_one": next((one for one in devices if one.is_this_one), None),
            "tested": tested,
            "is_known": asked is not None and await store.whose(self._pool, asked) is not None,
        }
        return self._pages.page("devices.html", values)


def _view(row: DeviceRow, reader: Reader) -> DeviceView:
    return DeviceView(
        id=row.device_id,
        label=row.label,
        added=reader.moment(row.added_at),
        accepted=reader.moment(row.accepted_at) if row.accepted_at else None,
        ended=reader.moment(row.ended_at) if row.ended_at else None,
        why_ended=WHY_ENDED[row.ended_because] if row.ended_because else None,
        is_this_one=row.is_this_one,
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
