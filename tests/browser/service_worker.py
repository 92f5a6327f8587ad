"""The service worker in Chromium: messages come to it as from a push service, through Chromium's own tools."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.async_api import CDPSession, Page

from tests.devices import Devices
from tests.waiting import eventually, until

if TYPE_CHECKING:  # it gives the fixture of what is here
    from tests.browser.conftest import Visits

_SHOWN = """
    () => navigator.locks.request("notifications", async () => {
      const shown = await (await navigator.serviceWorker.ready).getNotifications();
      return shown.map(({ title, body, tag, actions, silent }) => (
        { title, body, tag, silent, actions: actions.map((one) => one.action) }));
    })
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
_CHANGED = """
    async (shown) => {
      const applicationServerKey = Uint8Array.fromBase64(shown.key, { alphabet: "base64url" }), { endpoint } = shown;
      let ended, unsubscribed = false;
      const unsubscribe = async () => { unsubscribed = true; };
      const newSubscription = { endpoint, toJSON: () => shown, options: { applicationServerKey }, unsubscribe };
      const event = Object.assign(new ExtendableEvent("pushsubscriptionchange"), { newSubscription });
      Object.defineProperty(event, "waitUntil", { value: (until) => { ended = until; } });
      self.dispatchEvent(event);
      await ended;
      return unsubscribed;
    }
"""
_TURN_ON = """
    async (fields) => {
      const csrf_token = document.querySelector("[name=csrf_token]").value;
      await fetch("/devices", { method: "POST", body: new URLSearchParams({ csrf_token, ...fields }) });
    }
"""
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

    visits: "Visits"
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

    async def changes_its_subscription(self) -> bool:
        """The browser makes a new subscription. Return whether the service worker ended it."""
        subscription = self.devices.push.store.subscribe("a browser", sender=self.devices.sender.key.public)
        shown = {**subscription.shown(self.devices.push.origin), "key": self.devices.sender.key.public}
        (worker,) = self.page.context.service_workers
        ended: bool = await worker.evaluate(_CHANGED, shown)
        return ended

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

    async def turn_on(self) -> None:
        """The person who is signed in turns on notifications in this browser."""
        subscription = self.devices.push.store.subscribe("a browser", sender=self.devices.sender.key.public)
        shown = subscription.shown(self.devices.push.origin)
        fields = {"endpoint": shown["endpoint"], **shown["keys"], "key": self.devices.sender.key.public}
        await self.page.evaluate(_TURN_ON, fields)


async def worker_in(visits: "Visits", devices: Devices) -> Worker:
    """A browser of Anna's with the page of devices open."""
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
    return Worker(visits, devices, page, session, registrations[-1])
