"""The service worker in Chromium: which notifications it shows, and what takes them away."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.service_worker import ALERT, BODY, NEWER, OVER, Worker
from tests.waiting import eventually

_LOOK_ON = """
    async () => {
      const worker = await navigator.serviceWorker.ready, look = () => worker.getNotifications();
      (async () => { for (;;) await navigator.locks.request("notifications", look); })();
    }
"""
_LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"
LATE = "This arrived late: the time to respond has passed."


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


async def test_a_tap_opens_a_page_if_the_open_one_may_not_come_to_the_front(worker: Worker) -> None:
    """As on iOS, or where the system has discarded that page."""
    await worker.change("""
        self.opened = [];
        self.clients.openWindow = async (path) => { self.opened.push(path); };
        const focus = () => Promise.reject(new DOMException("Not allowed", "InvalidAccessError"));
        self.clients.matchAll = async () => [{ url: `${self.location.origin}/episodes/1`, focus }];
    """)
    await worker.receive(ALERT)
    await worker.shows(BODY)
    await worker.press()
    (script,) = worker.page.context.service_workers
    assert await script.evaluate("self.opened") == ["/episodes/1"]
