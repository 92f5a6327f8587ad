"""The page of devices in Chromium with a push service that is stubbed: headless browsers have none."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import DESK, PHONE, Visits, visiting_devices
from tests.browser.service_worker import Worker
from tests.browser.test_inbox_for_everyone import CONTRASTS, FAULTS
from tests.builders import SELLER
from tests.devices import Devices
from tests.servers import MakeDatabase
from tests.waiting import until

STUB = """
    const made = ({ applicationServerKey }) => {
      const subscription = JSON.parse(localStorage.subscription);
      localStorage.vapid = String.fromCharCode(...new Uint8Array(applicationServerKey));
      localStorage.subscribed = "yes";
      const { endpoint } = subscription, unsubscribe = async () => { delete localStorage.subscribed; };
      return { options: { applicationServerKey }, toJSON: () => subscription, endpoint, unsubscribe };
    };
    PushManager.prototype.getSubscription = async () => localStorage.subscribed
      ? made({ applicationServerKey: Uint8Array.from(localStorage.vapid, (one) => one.charCodeAt(0)) }) : null;
    PushManager.prototype.subscribe = async (options) => made(options);
"""

_CHECKED = "JSON.parse(localStorage.notifications).checked > 0"
_LONG_AGO = """
    localStorage.notifications = JSON.stringify({ ...JSON.parse(localStorage.notifications), checked: 0 });
"""


@pytest.fixture
async def on(chromium: Browser, database: MakeDatabase, tmp_path: Path) -> AsyncIterator[tuple[Visits, Devices]]:
    """The inbox behind a web server, with a push service, and Anna hired."""
    async with visiting_devices(chromium, await database("escalation"), tmp_path) as made:
        yield made


async def allowing(visits: Visits, devices: Devices, size: tuple[int, int] = DESK) -> tuple[BrowserContext, str]:
    """A browser that allows notifications, and has a subscription of the local receiver to give."""
    context = await visits.context(size)
    await context.grant_permissions(["notifications"], origin=visits.site.public_url)
    subscription = devices.push.store.subscribe("anna", sender=devices.sender.key.public)
    shown = subscription.shown(devices.push.origin)
    given = f"localStorage.subscription = JSON.stringify({json.dumps(shown)});"
    await context.add_init_script(f"if (location.protocol !== 'about:') {{ {given} {STUB} }}")
    return context, subscription.id


async def test_a_device_is_turned_on_tested_and_removed(on: tuple[Visits, Devices]) -> None:
    visits, devices = on
    context, subscription = await allowing(visits, devices)
    page = await visits.sign_in(context, next_path="/devices")
    await page.get_by_role("button", name="Notify me on this device").click()
    await expect(page.get_by_text("This device receives notifications.")).to_be_visible()
    await expect(page.get_by_role("button", name="Notify me on this device")).to_be_hidden()

    devices.clock.now = await visits.site.service.now()
    await page.get_by_role("button", name="Send a test to this device").click()
    await expect(page.get_by_text("the push service accepted it")).to_be_visible()
    assert [one.subscription for one in devices.push.store.messages()] == [subscription]

    await page.get_by_role("button", name="Remove Chrome on Linux").click()
    await expect(page.get_by_role("button", name="Notify me on this device")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("you removed it")).to_be_visible()
    assert [row["ended_because"] for row in await devices.rows()] == ["removed"]
    assert visits.watched.complaints == []


async def test_after_a_new_sign_in_the_browser_is_added_by_itself(on: tuple[Visits, Devices]) -> None:
    visits, devices = on
    context, _ = await allowing(visits, devices)
    page = await visits.sign_in(context, next_path="/devices")
    await page.get_by_role("button", name="Notify me on this device").click()
    await expect(page.get_by_text("This device receives notifications.")).to_be_visible()
    await page.goto("/")
    await page.locator(".who summary").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    await page.close()
    again = await visits.sign_in(context, next_path="/")
    await until(devices.rows, lambda rows: len(rows) == 2, wanted="another device")
    await again.goto("/devices")
    await expect(again.get_by_text("This device receives notifications.")).to_be_visible()
    assert [row["ended_because"] for row in await devices.rows()] == ["signed_out", None]


@pytest.mark.parametrize("path", ["/", "/devices"])
async def test_a_device_that_the_server_has_lost_is_added_by_itself(on: tuple[Visits, Devices], path: str) -> None:
    """As after a restore of an older backup, in which the session was and the device was not."""
    visits, devices = on
    context, _ = await allowing(visits, devices)
    page = await visits.sign_in(context, next_path="/devices")
    await page.get_by_role("button", name="Notify me on this device").click()
    await expect(page.get_by_text("This device receives notifications.")).to_be_visible()
    lost = await devices.device_id()
    await until(lambda: page.evaluate(_CHECKED), bool, wanted="the page's own check, which else is noted after ours")
    await page.evaluate(_LONG_AGO)
    await devices.site.service.pool.execute("delete from escalation.push_devices")
    await page.goto(path)
    (row,) = await until(devices.rows, lambda rows: len(rows) == 1, wanted="the device")
    assert row["device_id"] != lost
    if path != "/devices":  # that page shows itself again
        await page.goto("/devices")
    await expect(page.get_by_text("This device receives notifications.")).to_be_visible()
    assert len(await devices.rows()) == 1
    assert visits.watched.complaints == []


async def test_the_page_offers_nothing_before_it_knows_the_state_of_this_browser(on: tuple[Visits, Devices]) -> None:
    visits, devices = on
    context, _ = await allowing(visits, devices)
    page = await visits.sign_in(context, next_path="/devices")
    await page.get_by_role("button", name="Notify me on this device").click()
    await expect(page.get_by_text("This device receives notifications.")).to_be_visible()
    await devices.site.service.pool.execute("delete from escalation.push_devices")
    looked_at = asyncio.Event()

    async def hold(route: Route) -> None:
        await looked_at.wait()
        await route.continue_()

    await page.route("**/devices?device=*", hold)
    await page.reload()
    await expect(page.get_by_text("Checking this browser…")).to_be_visible()
    await expect(page.get_by_role("button", name="Notify me on this device")).to_be_hidden()
    looked_at.set()
    await expect(page.get_by_text("This device receives notifications.")).to_be_visible()


async def test_the_page_says_what_this_browser_lacks(on: tuple[Visits, Devices]) -> None:
    visits, _ = on
    lacks = {
        "Object.defineProperty(Notification, 'permission', { get: () => 'denied' })": "You have blocked notifications",
        "delete window.PushManager": "This browser cannot receive notifications.",
        "Object.defineProperty(window, 'isSecureContext', { get: () => false })": "only allows notifications on a",
        "delete window.PushManager; Object.defineProperty(navigator, 'userAgent', { get: () => 'iPhone' })": (
            "sign in there if it asks you to (copy the link from the e-mail and paste it)"
        ),
    }
    for script, said in lacks.items():
        context = await visits.context()
        await context.add_init_script(script)
        page = await visits.sign_in(context, next_path="/devices")
        await expect(page.get_by_text(said)).to_be_visible()
        await expect(page.get_by_role("button", name="Notify me on this device")).to_be_hidden()


async def test_a_refused_permission_is_explained(on: tuple[Visits, Devices]) -> None:
    visits, _ = on
    context = await visits.context()
    await context.add_init_script("Notification.requestPermission = async () => 'default'")
    await context.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'default' })")
    page = await visits.sign_in(context, next_path="/devices")
    await page.get_by_role("button", name="Notify me on this device").click()
    await expect(page.get_by_role("alert")).to_have_text(
        "You have not allowed notifications, so this device receives none."
    )


async def test_a_blocked_permission_is_said_once(on: tuple[Visits, Devices]) -> None:
    visits, _ = on
    context = await visits.context()
    await context.add_init_script("""
        let permission = "default";
        Object.defineProperty(Notification, "permission", { get: () => permission });
        Notification.requestPermission = async () => { permission = "denied"; return permission; };
    """)
    page = await visits.sign_in(context, next_path="/devices")
    await page.get_by_role("button", name="Notify me on this device").click()
    await expect(page.get_by_role("alert")).to_have_text(
        "You have blocked notifications for this page. "
        "Allow them in your browser's settings for this site, then reload."
    )


async def test_a_browser_that_changes_its_subscription_stays_the_device_of_its_owner(worker: Worker) -> None:
    assert await worker.changes_its_subscription(), "nobody has turned on notifications here"
    assert await worker.devices.rows() == []
    await worker.turn_on()
    assert not await worker.changes_its_subscription()
    before, after = await worker.devices.rows()
    assert (before["ended_because"], after["ended_because"]) == ("replaced", None)
    assert (before["salesperson_id"], after["salesperson_id"]) == (SELLER, SELLER)


async def test_a_changed_subscription_goes_to_no_colleague_who_is_signed_in_there(worker: Worker) -> None:
    await worker.turn_on()
    await worker.visits.site.hire("ben", "Ben Ortiz")
    await worker.page.context.clear_cookies()
    assert not await worker.changes_its_subscription(), "signed out, it waits for the next page of its owner"
    await worker.visits.sign_in(worker.page.context, "ben")
    assert await worker.changes_its_subscription()
    assert [(row["salesperson_id"], row["ended_because"]) for row in await worker.devices.rows()] == [(SELLER, None)]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_the_page_is_reached_from_the_inbox_and_fits(on: tuple[Visits, Devices], size: tuple[int, int]) -> None:
    visits, devices = on
    await devices.phone()
    page = await visits.open(size)
    await page.locator(".who summary").click()
    await page.get_by_role("link", name="Notifications").click()
    await expect(page.get_by_role("heading", name="Your devices")).to_be_visible()
    assert not await wider_than_the_screen(page)
    assert await page.evaluate(FAULTS) == []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert await page.evaluate(CONTRASTS) == [], scheme


async def wider_than_the_screen(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
