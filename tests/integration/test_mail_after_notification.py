"""On real Postgres: mail waits for a response to the notification on a device, and goes when none can come."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from deploy.local.push_store import Behaviour
from tests.builders import SELLER
from tests.devices import Devices
from tests.escalation import Escalation

FIVE_MINUTES = timedelta(minutes=5)
_MAIL = "select state, reason, try_at, changed_at from escalation.deliveries where channel = 'email'"


@pytest.fixture
def mailing(devices: Devices) -> Escalation:
    """The same service, with a mail server."""
    service = devices.site.service
    return Escalation(**{one.name: getattr(service, one.name) for one in fields(service)})


async def test_mail_waits_and_goes_when_nobody_responds(devices: Devices, mailing: Escalation) -> None:
    await _high(devices)
    await devices.send()
    assert (await _mail(devices))["reason"] == "waits for a response to the notification on a device"
    await mailing.send_mail()
    assert (await _mail(devices))["state"] == "held"
    await devices.site.service.move_clock(FIVE_MINUTES)
    await mailing.send_mail()
    assert ((await _mail(devices))["state"], (await devices.delivery())["state"]) == ("sent", "sent")


async def test_mail_is_never_sent_when_the_notification_was_acknowledged(devices: Devices, mailing: Escalation) -> None:
    phone = await _high(devices)
    await devices.send()
    assert (await devices.press(devices.shown(phone)[0])).json()["done"]
    await devices.site.service.move_clock(FIVE_MINUTES)
    await mailing.send_mail()
    assert ((await _mail(devices))["state"], mailing.mail.received) == ("cancelled", [])


async def test_mail_goes_at_once_when_the_only_browser_is_gone(devices: Devices, mailing: Escalation) -> None:
    phone = await _high(devices)
    devices.push.store.behave(phone, Behaviour.GONE)
    await devices.send()
    assert (await devices.delivery())["state"] == "failed"
    mail = await _mail(devices)
    assert (mail["state"], mail["reason"]) == ("pending", "the notification on a device did not arrive")
    await mailing.send_mail()
    assert (await _mail(devices))["state"] == "sent"


async def test_mail_keeps_its_time_while_the_notification_is_put_off(devices: Devices) -> None:
    phone = await _high(devices)
    before = await _mail(devices)
    devices.push.store.behave(phone, Behaviour.BUSY, seconds=40)
    await devices.send()
    delivery = await devices.delivery()
    assert (delivery["state"], delivery["try_at"] - delivery["changed_at"]) == ("pending", timedelta(seconds=40))
    assert await _mail(devices) == before


async def test_a_person_without_a_device_has_no_such_delivery(devices: Devices) -> None:
    await devices.site.sell(amount_minor=5_000)
    await devices.site.request_refund()
    channels = await devices.site.service.pool.fetch("select channel, state from escalation.deliveries order by 1")
    assert [tuple(row) for row in channels] == [("email", "pending"), ("inbox", "sent")]


async def _high(devices: Devices) -> Any:
    """A seller with a phone is alerted, at high severity."""
    phone = await devices.phone(SELLER)
    await devices.site.sell(amount_minor=5_000)
    await devices.site.request_refund()
    return phone


async def _mail(devices: Devices) -> Mapping[str, Any]:
    row = await devices.site.service.pool.fetchrow(_MAIL)
    assert row is not None
    return dict(row)
