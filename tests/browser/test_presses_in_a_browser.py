"""The buttons of notifications in Chromium, and a tap on one."""

import pytest
from playwright.async_api import Route

from tests.browser.service_worker import ALERT, BODY, NEWER, Worker
from tests.builders import SELLER
from tests.waiting import until

_OPEN = """
    () => {
      self.opened = [];
      self.clients.openWindow = async (path) => { self.opened.push(path); };
      WindowClient.prototype.focus = async function () { self.opened.push(`to the front: ${this.url}`); };
    }
"""
NOT_SENT = "Not acknowledged: the server did not respond. Try again, or open the episode."


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


@pytest.mark.parametrize(
    ("path", "opened"),
    [("/devices", ["/episodes/1"]), ("/episodes/1", ["to the front: {site}/episodes/1"])],
    ids=["no page of it is open", "its page is open"],
)
async def test_a_tap_opens_what_the_notification_is_about(worker: Worker, path: str, opened: list[str]) -> None:
    await worker.page.goto(path)
    await worker.receive({**ALERT, "at": 9_999_999_999_999})
    await worker.shows(BODY)
    (script,) = worker.page.context.service_workers
    await script.evaluate(_OPEN)
    await worker.press()
    assert await script.evaluate("self.opened") == [one.format(site=worker.visits.site.public_url) for one in opened]
    assert await worker.shown() == []
