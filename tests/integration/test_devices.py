"""The devices of a person: who may add and remove them, and everything that ends them."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from services.escalation.app import service
from services.escalation.channels.web_push.channel import WebPushChannel
from services.escalation.channels.web_push.upkeep import DeviceUpkeep
from services.escalation.channels.web_push.vapid import VapidKey
from services.escalation.domain.devices import MOST_DEVICES
from services.escalation.domain.own_facts import OWN_FACTS
from services.escalation.handlers import handling
from services.escalation.settings import EscalationSettings
from shared.transaction import InputProcessor
from tests.builders import SELLER
from tests.devices import Devices, sender_to
from tests.inbox import INSTALLATION, Site, form_token, words_of

OTHER_KEY = VapidKey.read("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE", subject="mailto:oncall@company.com")
SECRETS = ("endpoint", "endpoint_hash", "p256dh", "auth", "press_key", "session_hash")


async def test_a_device_is_added_once_however_often_its_page_sends_it(devices: Devices) -> None:
    browser = await devices.site.signed_in()
    subscription, _ = await devices.subscribe(browser)
    first = await devices.rows()
    _, answer = await devices.subscribe(browser, known=subscription, changes=again(first[0]["device_id"]))
    assert (answer.status_code, answer.headers["location"]) == (303, "/devices")
    assert await devices.rows() == first
    assert first[0]["label"] == "Chrome on Android"
    page = words_of((await browser.get("/devices")).text)
    assert "Chrome on Android this device Since 25 November 2026, 10:00 CET" in page


async def test_a_browser_that_signs_in_again_is_the_same_device(devices: Devices) -> None:
    subscription, _ = await devices.subscribe(await devices.site.signed_in())
    (before,) = await devices.rows()
    changes = again(before["device_id"])
    await devices.subscribe(await devices.site.signed_in(), known=subscription, changes=changes)
    (after,) = await devices.rows()
    assert after["device_id"] == before["device_id"]
    assert after["press_key"] == before["press_key"]
    assert after["session_hash"] != before["session_hash"]


async def test_a_browser_that_subscribes_anew_has_one_device(devices: Devices) -> None:
    browser = await devices.site.signed_in()
    await devices.subscribe(browser)
    await devices.subscribe(browser)
    assert ends(await devices.rows()) == ["replaced", None]


async def test_the_subscription_of_a_shared_computer_goes_to_the_person_who_turned_it_on_last(devices: Devices) -> None:
    await devices.site.hire("ben", "Ben Ortiz")
    subscription, _ = await devices.subscribe(await devices.site.signed_in())
    await devices.subscribe(await devices.site.signed_in("ben"), "ben", known=subscription)
    rows = {row["salesperson_id"]: row for row in await devices.rows()}
    assert (rows[SELLER]["ended_because"], rows["ben"]["ended_because"]) == ("other_person", None)


async def test_with_one_device_too_many_the_oldest_ends(devices: Devices) -> None:
    for _ in range(MOST_DEVICES + 1):
        await devices.phone()
    assert ends(await devices.rows()) == ["too_many", *[None] * MOST_DEVICES]


async def test_a_device_that_was_removed_is_not_added_by_its_own_page(devices: Devices) -> None:
    browser = await devices.site.signed_in()
    subscription, _ = await devices.subscribe(browser)
    device = await devices.device_id()
    desk = await devices.site.signed_in()
    form = {"csrf_token": form_token((await desk.get("/devices")).text)}
    for _ in range(2):
        assert (await desk.post(f"/devices/{device}/remove", data=form)).status_code == 303
    await devices.subscribe(browser, known=subscription, changes=again(device))
    assert ends(await devices.rows()) == ["removed"]
    await devices.subscribe(browser, known=subscription, changes={"device": str(device)})
    assert ends(await devices.rows()) == ["removed", None]


async def test_a_browser_is_added_by_itself_for_the_person_only_who_turned_it_on(devices: Devices) -> None:
    await devices.site.hire("ben", "Ben Ortiz")
    await devices.phone()
    ben = await devices.site.signed_in("ben")
    for device in (await devices.device_id(), "", "none"):
        _, answer = await devices.subscribe(ben, "ben", changes=again(device))
        assert answer.status_code == 403
        assert "You have not turned on notifications in this browser." in words_of(answer.text)
    assert [(row["salesperson_id"], row["ended_because"]) for row in await devices.rows()] == [(SELLER, None)]


async def test_a_browser_whose_device_was_lost_is_added_by_itself(devices: Devices) -> None:
    """As after a restore of an older backup: the page asks whether its device is known."""
    browser = await devices.site.signed_in()
    subscription, _ = await devices.subscribe(browser)
    lost = await devices.device_id()
    assert "data-known" in (await browser.get(f"/devices?device={lost}")).text
    await devices.site.service.pool.execute("delete from escalation.push_devices")
    for asked in (f"?device={lost}", "?device=none", ""):
        assert "data-known" not in (await browser.get(f"/devices{asked}")).text
    await devices.subscribe(browser, known=subscription, changes=again(lost))
    assert ends(await devices.rows()) == [None]
    assert await devices.device_id() != lost


async def test_nobody_removes_the_device_of_someone_else(devices: Devices) -> None:
    await devices.site.hire("ben", "Ben Ortiz")
    await devices.phone()
    ben = await devices.site.signed_in("ben")
    form = {"csrf_token": form_token((await ben.get("/devices")).text)}
    for device in (str(await devices.device_id()), "00000000-0000-4000-8000-000000000000", "none"):
        assert (await ben.post(f"/devices/{device}/remove", data=form)).status_code == 404
    assert ends(await devices.rows()) == [None]


async def sign_out(devices: Devices, browser: httpx2.AsyncClient, **form: str) -> None:
    token = form_token((await browser.get("/devices")).text)
    assert (await browser.post("/sign-out", data={"csrf_token": token, **form})).status_code == 200


async def test_signing_out_ends_the_device_of_that_browser_only(devices: Devices) -> None:
    browser = await devices.site.signed_in()
    await devices.subscribe(browser)
    await devices.phone()
    await sign_out(devices, browser)
    assert ends(await devices.rows()) == ["signed_out", None]
    await sign_out(devices, await devices.site.signed_in(), everywhere="yes")
    assert ends(await devices.rows()) == ["signed_out", "signed_out_everywhere"]


@pytest.mark.parametrize("change", [{"active": False}, {"email": "anna.new@sales.example"}, {"email": None}])
async def test_every_end_of_all_sign_ins_ends_all_devices(devices: Devices, change: dict[str, Any]) -> None:
    await devices.phone()
    await devices.site.hire(**change)
    (row,) = await devices.rows()
    assert row["ended_because"] == "sign_ins_ended"
    assert [row[name] for name in SECRETS] == [None] * len(SECRETS)


async def test_devices_end_that_subscribed_with_another_key_before_the_process_started(devices: Devices) -> None:
    await devices.phone()
    pool = devices.site.service.pool
    same, none, other = (DeviceUpkeep(one) for one in (devices.sender.key.fingerprint, None, OTHER_KEY.fingerprint))
    await same.once(pool)
    await none.once(pool)
    assert ends(await devices.rows()) == [None]
    with capture_logs() as logged:
        await other.once(pool)
        await other.once(pool)
    assert ends(await devices.rows()) == ["other_key"]
    assert [(one["log_level"], one["event"], one["devices"]) for one in logged] == [
        ("warning", "removed the devices that turned on notifications with another PUSH_KEY", 1)
    ]


async def test_a_process_with_the_former_key_ends_no_device_of_the_new_one(devices: Devices) -> None:
    former = DeviceUpkeep(OTHER_KEY.fingerprint)
    await former.once(devices.site.service.pool)
    await devices.phone()
    await former.once(devices.site.service.pool)
    assert ends(await devices.rows()) == [None]


async def test_a_device_of_another_key_is_not_sent_to(devices: Devices) -> None:
    phone = await devices.phone()
    await devices.site.trouble()
    await devices.send(WebPushChannel(sender_to(devices.push, OTHER_KEY)))
    assert devices.shown(phone) == []
    delivery = await devices.delivery()
    reason = "the recipient's devices turned on notifications with another key"
    assert (delivery["state"], delivery["reason"]) == ("failed", reason)
    assert ends(await devices.rows()) == [None]


@pytest.mark.parametrize("key", [OTHER_KEY.fingerprint, None])
async def test_an_alert_decided_with_another_key_or_none_goes_by_mail_at_once(
    devices: Devices, key: str | None
) -> None:
    await devices.phone()
    await devices.site.hire()
    service = devices.site.service
    other = InputProcessor(service.pool, "escalation", handling(replace(INSTALLATION, device_key=key)), OWN_FACTS)
    await replace(devices.site, service=replace(service, processor=other)).trouble()
    rows = await service.pool.fetch("select channel, state from escalation.deliveries order by 1")
    assert [tuple(row) for row in rows] == [("email", "pending"), ("inbox", "sent")]


async def test_without_a_key_no_loop_sends_and_operators_learn_what_that_means(devices: Devices) -> None:
    made = service(EscalationSettings())
    assert sorted(made.loops) == ["e-mail", "notices", "upkeep of devices", "win-backs"]
    assert made.notes is not None
    async with devices.site.service.pool.acquire() as connection:
        assert "no notifications go to devices: set PUSH_KEY and PUSH_CONTACT" in " ".join(await made.notes(connection))
        await devices.phone()
        notes = " ".join(await made.notes(connection))
    assert "PUSH_KEY is not set, so 1 device of salespeople cannot be notified: alerts go by e-mail only" in notes


async def test_an_ended_device_and_an_old_notification_are_forgotten(devices: Devices) -> None:
    await devices.phone()
    await devices.site.trouble()
    await devices.send()
    pool = devices.site.service.pool
    await pool.execute(
        "update escalation.push_devices set ended_at = shared.app_now(), ended_because = 'removed', endpoint = null, "
        "endpoint_hash = null, p256dh = null, auth = null, press_key = null, session_hash = null"
    )
    upkeep = DeviceUpkeep(None)
    for days, left in ((0, (1, 1)), (8, (1, 0)), (23, (0, 0))):
        await devices.site.service.move_clock(timedelta(days=days))
        await upkeep.once(pool)
        shown = await pool.fetchval("select count(*) from escalation.shown_notifications")
        assert (len(await devices.rows()), shown) == left


async def test_the_page_gives_the_reason_of_each_end(devices: Devices) -> None:
    browser = await devices.site.signed_in()
    await devices.subscribe(browser)
    await sign_out(devices, browser)
    page = words_of((await (await devices.site.signed_in()).get("/devices")).text)
    assert "Chrome on Android Removed on 25 November 2026, 10:00 CET" in page
    assert ": you signed out on it." in page


@pytest.mark.parametrize(
    ("field", "value", "because"),
    [
        ("endpoint", "http://127.0.0.1/push/x", "the address is not a plain https:// address in ASCII"),
        ("endpoint", "https://intranet.example/x", "the address is not of a push service in PUSH_SERVICES"),
        ("p256dh", "AAAA", "the key p256dh must have 65 octets, and has 3"),
        ("auth", "!", "the secret auth must be base64url"),
        ("key", "another", "This installation has a new key for notifications."),
    ],
)
async def test_a_subscription_that_cannot_be_sent_to_is_refused(
    devices: Devices, field: str, value: str, because: str
) -> None:
    _, answer = await devices.subscribe(await devices.site.signed_in(), changes={field: value})
    assert answer.status_code == 422
    assert because in words_of(answer.text)
    assert await devices.rows() == []


async def test_a_test_message_shows_its_result_on_each_device(devices: Devices) -> None:
    browser = await devices.site.signed_in()
    phone, _ = await devices.subscribe(browser)
    devices.clock.now = await devices.site.service.now()
    form = {"csrf_token": form_token((await browser.get("/devices")).text)}
    answer = await browser.post("/devices/test", data=form)
    assert answer.status_code == 200
    assert "the push service accepted it" in words_of(answer.text)
    assert devices.shown(phone)[-1]["body"] == "You sent this test at 10:00."
    assert (await browser.get("/devices/test")).status_code == 303


async def test_without_a_key_the_page_says_so_and_takes_no_device(site: Site) -> None:
    await site.hire()
    browser = await site.signed_in()
    page = (await browser.get("/devices")).text
    assert "Notifications are not set up on this installation." in words_of(page)
    answer = await browser.post("/devices", data={"csrf_token": form_token((await browser.get("/")).text)})
    assert answer.status_code == 422


async def test_the_service_worker_and_the_manifest_are_at_the_root_and_are_checked_each_time(site: Site) -> None:
    browser = site.browser()
    worker, manifest = await browser.get("/service-worker.js"), await browser.get("/manifest.webmanifest")
    for answer in (worker, manifest):
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
        policy = answer.headers["content-security-policy"]
        assert "worker-src 'self'" in policy
        assert "manifest-src 'self'" in policy
    for icon in manifest.json()["icons"]:
        assert (await browser.get(icon["src"])).headers["content-type"] == "image/png"


async def test_icons_of_notifications_are_kept_until_they_change(site: Site) -> None:
    browser = site.browser()
    worker = (await browser.get("/service-worker.js")).text
    for name in ("icon-192.png", "badge.png"):
        (address,) = re.findall(rf'"(/inbox/[^"]*{name})"', worker)
        assert "immutable" in (await browser.get(address)).headers["cache-control"]
        other = await browser.get(f"/inbox/0123456789abcdef/{name}")
        assert (other.status_code, other.headers["cache-control"]) == (200, "no-cache")


def again(device: object) -> dict[str, str]:
    """What a browser adds that sends its subscription by itself."""
    return {"again": "yes", "device": str(device)}


def ends(rows: Any) -> list[str | None]:
    """Why each device ended, oldest first; None for a live one."""
    return [row["ended_because"] for row in rows]
