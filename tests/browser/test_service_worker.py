"""The service worker in Chromium: messages come to it as from a push service, through Chromium's own tools."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, CDPSession, Page, Route, expect

from tests.browser.conftest import Visits, visiting_devices
from tests.builders import SELLER
from tests.devices import Devices
from tests.servers import MakeDatabase
from tests.waiting import eventually, until

_SHOWN = """
    () => navigator.locks.request("notifications", async () => {
      const shown = await (await navigator.serviceWorker.ready).getNotifications();
      return shown.map(({ title, body, tag, actions, silent }) => (
        { title, body, tag, silent, actions: actions.map((one) => one.action) }));
    })
"""
_LOOK_ON = """
    async () => {
      const worker = await navigator.serviceWorker.ready, look = () => worker.getNotifications();
      (async () => { for (;;) await navigator.locks.request("notifications", look); })();
    }
"""
_REGISTERED = """
    async () => {
      await navigator.serviceWorker.register("/service-worker.js");
      const { active } = await navigator.serviceWorker.ready;
      while (active.state !== "activated") await new Promise((resolve) => { active.onstatechange = resolve; });
    }
"""
# What is shown while a new Chromium still looks for older notifications may be forgotten.
_REMEMBERED = """
    async () => {
      const worker = await navigator.serviceWorker.ready;
      await worker.getNotifications();
      await worker.showNotification("Ready?", { tag: "ready", silent: true });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const found = await worker.getNotifications({ tag: "ready" });
      found.forEach((one) => one.close());
      return found.length;
    }
"""
_PRESS = """
    async (action) => {
      const look = () => self.registration.getNotifications();
      const [notification] = await navigator.locks.request("notifications", look);
      const event = new NotificationEvent("notificationclick", { notification, action });
      let ended;
      Object.defineProperty(event, "waitUntil", { value: (until) => { ended = until; } });
      self.dispatchEvent(event);
      await ended;
    }
"""
_LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"
LATE = "This arrived late: the time to respond has passed."
NOT_SENT = "Not acknowledged: the server did not respond. Try again, or open the episode."
BODY = "Refund requested"
ALERT = {
    "kind": "alert",
    "title": "Café Nord · Critical",
    "body": BODY,
    "url": "/episodes/1",
    "tag": "1",
    "at": 1_000,
    "until": 9_999_999_999_999,
    "actions": [{"action": "acknowledge", "title": "Acknowledge"}, {"action": "open", "title": "Open"}],
    "device": "00000000-0000-4000-8000-000000000001",
    "alert": "00000000-0000-4000-8000-000000000002",
    "token": "A" * 43,
}
OVER = {
    "kind": "over",
    "title": "Café Nord",
    "body": "Ben acknowledged it at 10:06.",
    "url": "/episodes/1",
    "tag": "1",
    "at": 1_000,
    "stays": True,
}
NEWER = {**ALERT, "at": 2_000, "body": "Cancellation requested"}


@dataclass(frozen=True)
class Worker:
    """The service worker of a browser that allows notifications."""

    visits: Visits
    devices: Devices
    page: Page
    session: CDPSession
    registration: str

    async def receive(self, message: Mapping[str, Any] | str) -> None:
        """A message as a push service delivers it."""
        data = message if isinstance(message, str) else json.dumps(message)
        about = {"origin": self.visits.site.public_url, "registrationId": self.registration, "data": data}
        await self.session.send("ServiceWorker.deliverPushMessage", about)

    async def press(self, action: str = "") -> None:
        """A tap on the only notification, or on one of its buttons, until all that it does has ended."""
        (worker,) = self.page.context.service_workers
        await worker.evaluate(_PRESS, action)

    async def change(self, script: str) -> None:
        """Change what the service worker finds in its browser."""
        (worker,) = self.page.context.service_workers
        await worker.evaluate(f"() => {{ {script}; }}")

    async def shown(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = await self.page.evaluate(_SHOWN)
        return found

    async def shows(self, *bodies: str) -> Sequence[Mapping[str, Any]]:
        """The notifications, once they are these."""
        return await until(
            self.shown, lambda shown: sorted(one["body"] for one in shown) == sorted(bodies), wanted=repr(bodies)
        )


@pytest.fixture
async def worker(chromium: Browser, database: MakeDatabase, tmp_path: Path) -> AsyncIterator[Worker]:
    """The page of devices is open, in a browser of Anna's."""
    async with visiting_devices(chromium, await database("escalation"), tmp_path) as (visits, devices):
        context = await visits.context()
        await context.grant_permissions(["notifications"], origin=visits.site.public_url)
        page = await visits.sign_in(context, next_path="/devices")
        session = await context.new_cdp_session(page)
        registrations: list[str] = []
        session.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: registrations.extend(one["registrationId"] for one in event["registrations"]),
        )
        await session.send("ServiceWorker.enable")
        await page.evaluate(_REGISTERED)
        await eventually(lambda: page.evaluate(_REMEMBERED), 1)
        yield Worker(visits, devices, page, session, registrations[-1])


async def test_an_alert_is_shown_and_acknowledged_from_the_notification(worker: Worker) -> None:
    phone = await worker.devices.phone()
    await worker.visits.site.trouble()
    await worker.devices.send()
    (message,) = worker.devices.shown(phone)
    await worker.change(f"Date.now = () => {message['until'] - 1_000}")
    await worker.receive(message)
    (shown,) = await worker.shows(message["body"])
    assert (shown["title"], shown["actions"]) == ("Petra Weiss · Critical", ["acknowledge", "open"])

    await worker.press("acknowledge")
    beginning = "You have it. Call Petra Weiss by "
    (answer,) = await until(
        worker.shown, lambda shown: any(one["body"].startswith(beginning) for one in shown), wanted=beginning
    )
    assert (answer["actions"], answer["silent"]) == ([], True)
    acknowledged = "select acknowledged_by from escalation.episodes"
    assert await worker.visits.site.service.pool.fetchval(acknowledged) == SELLER


async def test_a_press_in_vain_says_why(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.shows(BODY)
    await worker.press("acknowledge")
    (answer,) = await worker.shows("This notification no longer works on this device. Open the episode instead.")
    assert answer["actions"] == []


async def test_without_a_connection_the_button_stays(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.shows(BODY)
    await worker.visits.stop_server()
    await worker.press("acknowledge")
    (answer,) = await worker.shows(NOT_SENT)
    assert answer["actions"] == ["acknowledge", "open"]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            503,
            '{"done": false, "message": "Handoff is briefly unavailable.", "url": "/"}',
            "Handoff is briefly unavailable.",
        ),
        (429, '{"done": false, "message": "Too many presses.", "url": "/"}', "Too many presses."),
        (502, "<h1>Bad gateway</h1>", NOT_SENT),
        (200, "<h1>Sign in to this network</h1>", NOT_SENT),
        (403, '{"error": "blocked"}', NOT_SENT),
    ],
)
async def test_after_an_answer_that_decides_nothing_the_button_stays(
    worker: Worker, status: int, body: str, said: str
) -> None:
    await worker.receive(ALERT)
    await worker.shows(BODY)

    async def fulfill(route: Route) -> None:
        await route.fulfill(status=status, body=body)

    await worker.page.context.route("**/push/acknowledge", fulfill)
    await worker.press("acknowledge")
    (answer,) = await worker.shows(said)
    assert answer["actions"] == ["acknowledge", "open"]
    await worker.page.context.unroute("**/push/acknowledge")
    await worker.press("acknowledge")
    (answer,) = await worker.shows("This notification no longer works on this device. Open the episode instead.")
    assert answer["actions"] == []


async def test_a_press_waits_a_limited_time_for_its_answer(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.shows(BODY)
    await worker.change("AbortSignal.timeout = () => AbortSignal.abort()")
    await worker.press("acknowledge")
    (answer,) = await worker.shows(NOT_SENT)
    assert answer["actions"] == ["acknowledge", "open"]


async def test_a_late_alert_has_no_button(worker: Worker) -> None:
    past = (await worker.visits.site.service.now() - timedelta(days=900)).timestamp() * 1000
    await worker.receive({**ALERT, "until": int(past)})
    (shown,) = await worker.shows(f"{BODY}\n{LATE}")
    assert shown["actions"] == []


async def test_a_newer_alert_of_an_episode_replaces_the_older_one(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.receive({**ALERT, "tag": "2", "body": "Another customer"})
    await worker.receive(NEWER)
    await worker.shows("Cancellation requested", "Another customer")


async def test_no_alert_is_lost_beside_a_page_that_looks_at_the_notifications(worker: Worker) -> None:
    await worker.page.evaluate(_LOOK_ON)
    bodies = [f"Customer {number}" for number in range(30)]
    for body in bodies:
        await worker.receive({**ALERT, "tag": body, "body": body})
    await worker.shows(*bodies)


async def test_a_suspended_page_that_keeps_its_turn_holds_up_no_alert(worker: Worker) -> None:
    await worker.page.evaluate("() => { navigator.locks.request('notifications', () => new Promise(() => {})); }")
    await worker.receive(ALERT)
    unlocked = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).length"
    await eventually(lambda: worker.page.evaluate(unlocked), 1)


async def test_what_others_did_replaces_the_notification(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.shows(BODY)
    await worker.receive(OVER)
    (shown,) = await worker.shows("Ben acknowledged it at 10:06.")
    assert (shown["actions"], shown["silent"]) == ([], True)


async def test_a_notification_goes_with_what_its_reader_did_elsewhere(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.shows(BODY)
    await worker.receive({**OVER, "stays": False})
    await worker.shows()


async def test_nothing_stays_of_what_was_dismissed_before_it_is_taken_back(worker: Worker) -> None:
    await worker.receive(OVER)
    await worker.receive({**ALERT, "tag": "2", "body": "Another customer"})
    await worker.shows("Another customer")


@pytest.mark.parametrize("late", [ALERT, OVER, {**OVER, "stays": False}], ids=["an alert", "a reason", "a removal"])
async def test_an_older_message_that_arrives_late_replaces_no_newer_alert(worker: Worker, late: dict[str, Any]) -> None:
    await worker.receive(NEWER)
    await worker.shows("Cancellation requested")
    await worker.receive(late)
    await worker.receive({**ALERT, "tag": "2", "body": "Another customer"})
    await worker.shows("Cancellation requested", "Another customer")
    (shown,) = [one for one in await worker.shown() if one["tag"] == "1"]
    assert shown["actions"] == ["acknowledge", "open"]


async def test_an_alert_that_arrives_after_it_was_taken_back_does_not_ring(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.receive(OVER)
    await worker.shows("Ben acknowledged it at 10:06.")
    await worker.receive(ALERT)
    await worker.receive({**ALERT, "tag": "2", "body": "Another customer"})
    await worker.shows("Ben acknowledged it at 10:06.", "Another customer")


async def test_messages_of_earlier_versions_have_no_time_and_replace_each_other(worker: Worker) -> None:
    alert, over = {**ALERT}, {**OVER}
    del alert["at"], over["at"]
    for message in (ALERT, alert, over, NEWER, over):
        await worker.receive(message)
        await worker.shows(str(message["body"]))


async def test_the_answer_to_a_press_replaces_no_newer_alert(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.shows(BODY)

    async def hold(route: Route) -> None:
        await worker.receive(NEWER)
        await worker.shows("Cancellation requested")
        await route.continue_()

    await worker.page.context.route("**/push/acknowledge", hold)
    await worker.press("acknowledge")
    (shown,) = await worker.shown()
    assert shown["body"] == "Cancellation requested"


async def test_a_message_that_cannot_be_read_opens_the_inbox(worker: Worker) -> None:
    await worker.receive("not JSON")
    await worker.shows("Open your inbox to see what is new.")


async def test_an_open_inbox_takes_away_notifications_of_what_no_longer_waits(worker: Worker) -> None:
    await worker.visits.site.trouble()
    await worker.receive(ALERT)
    await worker.shows(BODY)
    await worker.page.goto("/")
    await expect(worker.page.get_by_role("heading", name="Petra Weiss").first).to_be_visible()
    await worker.shows()


async def test_an_open_inbox_leaves_notifications_that_are_newer_than_what_it_shows(worker: Worker) -> None:
    await worker.visits.site.trouble()
    await worker.page.goto("/")
    await expect(worker.page.get_by_role("heading", name="Petra Weiss").first).to_be_visible()
    later = (await worker.visits.site.service.now() + timedelta(hours=1)).timestamp() * 1000
    await worker.receive({**NEWER, "at": int(later)})
    await worker.receive({**ALERT, "tag": "2"})
    await worker.page.evaluate(_LOOKED_AT)
    await worker.shows("Cancellation requested")


async def test_a_hidden_inbox_leaves_notifications_alone(worker: Worker) -> None:
    await worker.receive(ALERT)
    await worker.page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => !window.visible })")
    await worker.page.goto("/")
    await worker.page.evaluate("document.dispatchEvent(new CustomEvent('fetched', { detail: document }))")
    await worker.shows(BODY)
    await worker.page.evaluate("window.visible = true")
    await worker.page.evaluate(_LOOKED_AT)
    await worker.shows()
