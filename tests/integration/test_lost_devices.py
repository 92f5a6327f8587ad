"""A person whose last device is lost has no phone that rings: the manager is notified."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from deploy.local.push_store import Behaviour, Subscription
from services.escalation.channels.email import EmailChannel
from services.escalation.channels.notices import report_lost_devices, send_due_notices
from services.escalation.store.devices import end_gone
from shared.metrics import create_metrics
from tests.builders import SELLER
from tests.devices import Devices
from tests.escalation import FakeMail, letters
from tests.inbox import form_token

AN_HOUR = timedelta(hours=1)


@pytest.fixture
async def devices_of_anna(devices: Devices) -> Devices:
    await devices.site.hire("carla", "Carla Roth")
    await devices.site.hire(SELLER, manager="carla")
    return devices


async def test_the_manager_of_a_person_without_any_device_left_is_notified_once(devices_of_anna: Devices) -> None:
    await _lose(devices_of_anna, await devices_of_anna.phone(), await devices_of_anna.phone())
    assert await _notices(devices_of_anna) == []
    await devices_of_anna.site.service.move_clock(AN_HOUR)
    (said,) = await _notices(devices_of_anna)
    assert said.startswith("Notifications no longer reach Anna Berg\n\nHello Carla Roth,\n")
    assert "For notifications, ask Anna Berg to sign in" in " ".join(said.split())
    assert await _notices(devices_of_anna) == []


async def test_a_person_with_another_device_is_no_matter_for_the_manager(devices_of_anna: Devices) -> None:
    lost, _kept = await devices_of_anna.phone(), await devices_of_anna.phone()
    await _lose(devices_of_anna, lost)
    await devices_of_anna.site.service.move_clock(AN_HOUR)
    assert await _notices(devices_of_anna) == []


async def test_a_browser_that_subscribes_again_in_time_is_no_matter_for_the_manager(devices_of_anna: Devices) -> None:
    await _lose(devices_of_anna, await devices_of_anna.phone())
    assert await _notices(devices_of_anna) == []
    await devices_of_anna.phone()
    await devices_of_anna.site.service.move_clock(AN_HOUR)
    assert await _notices(devices_of_anna) == []
    (notice,) = await devices_of_anna.site.service.rows("escalation.notices")
    assert notice["state"] == "cancelled"


async def test_a_person_who_loses_devices_again_and_again_is_one_matter_for_the_manager(
    devices_of_anna: Devices,
) -> None:
    for _ in range(3):
        await devices_of_anna.phone()
        (*_, latest) = await devices_of_anna.rows()
        await end_gone(devices_of_anna.site.service.pool, [latest["device_id"]])
        assert await _notices(devices_of_anna) == []
        await devices_of_anna.site.service.move_clock(AN_HOUR / 4)
    await devices_of_anna.site.service.move_clock(AN_HOUR)
    assert len(await _notices(devices_of_anna)) == 1
    notices = await devices_of_anna.site.service.rows("escalation.notices")
    assert sorted(notice["state"] for notice in notices) == ["cancelled", "cancelled", "sent"]


async def test_a_device_that_its_owner_removes_is_no_matter_for_the_manager(devices_of_anna: Devices) -> None:
    await devices_of_anna.phone()
    browser = await devices_of_anna.site.signed_in()
    form = {"csrf_token": form_token((await browser.get("/devices")).text)}
    device = await devices_of_anna.device_id()
    assert (await browser.post(f"/devices/{device}/remove", data=form)).status_code == 303
    await devices_of_anna.site.service.move_clock(AN_HOUR)
    assert await _notices(devices_of_anna) == []


async def _lose(devices: Devices, *lost: Subscription) -> None:
    """The push service does not know these devices any more, and the next alert finds out."""
    for each in lost:
        devices.push.store.behave(each, Behaviour.GONE)
    await devices.site.sell()
    await devices.site.request_refund()
    await devices.send()


async def _notices(devices: Devices) -> Sequence[str]:
    """The notices sent now, each with its subject before its plain text."""
    service, mail = devices.site.service, FakeMail()
    await report_lost_devices(service.processor)
    await send_due_notices(EmailChannel(mail, letters()), service.processor, create_metrics("escalation"))
    bodies = [(message["Subject"], message.get_body(("plain",))) for message in mail.received]
    return [f"{subject}\n\n{body.get_content()}" for subject, body in bodies if body]
