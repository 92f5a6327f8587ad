"""Notifications on devices: what they say, who gets them, what their button does, and what takes them back."""

from datetime import timedelta

import pytest

from deploy.local.push_store import Behaviour
from tests.builders import SELLER
from tests.devices import Devices
from tests.inbox_desk import Desk

ACKNOWLEDGED = "select acknowledged_by from escalation.episodes"
ALERTED_AGAIN = """
    insert into escalation.alerts
        (alert_id, account_id, episode_id, signal_id, recipient, because, why_you, raised_at, ring, step, cause,
         severity, policy_version)
    select gen_random_uuid(), account_id, episode_id, signal_id, recipient, because, why_you, shared.app_now(),
           ring + 1, step, 'severity', severity, policy_version
    from escalation.alerts
"""
TAKEN_BY_BEN = """
    update escalation.episodes
    set acknowledged_by = 'ben', acknowledged_at = shared.app_now(), responsible = 'ben', rings = rings + 1
"""
REMOVED = """
    update escalation.push_devices
    set ended_at = shared.app_now(), ended_because = 'removed', endpoint = null, endpoint_hash = null, p256dh = null,
        auth = null, press_key = null, session_hash = null
"""


async def test_an_alert_reaches_the_phone_and_is_acknowledged_from_it_without_a_sign_in(devices: Devices) -> None:
    phone = await devices.phone()
    episode = await devices.site.trouble()
    await devices.send()
    (shown,) = devices.shown(phone)
    assert (shown["kind"], shown["tag"], shown["url"]) == ("alert", str(episode), f"/episodes/{episode}")
    assert shown["title"] == "Petra Weiss · Critical"
    assert shown["body"] == "Refund requested · €14,900.00 · respond by 10:15"
    assert (await devices.delivery())["state"] == "sent"

    first, second = await devices.press(shown), await devices.press(shown)
    assert (first.status_code, first.json()["done"]) == (200, True)
    assert first.json()["message"].startswith("You have it. Call Petra Weiss by ")
    assert second.json() == first.json()
    assert await devices.site.service.pool.fetchval(ACKNOWLEDGED) == SELLER
    email = await devices.site.service.pool.fetchval("select state from escalation.deliveries where channel = 'email'")
    assert email == "cancelled"


async def test_a_notification_holds_no_number_address_or_words_of_the_customer(devices: Devices) -> None:
    phone = await devices.phone()
    await devices.site.sell(customer_phone="+49 30 1234567", customer_email="petra@kunde.example")
    await devices.site.request_refund(words="I want my money back")
    await devices.send()
    (shown,) = devices.shown(phone)
    assert not [word for word in ("1234567", "@", "money back") if word in str(shown)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"token": "A" * 43}, id="another token"),
        pytest.param({"until": 9_999_999_999_999}, id="longer"),
        pytest.param({"alert": "00000000-0000-4000-8000-000000000000"}, id="another alert"),
        pytest.param({"device": "00000000-0000-4000-8000-000000000000"}, id="another device"),
    ],
)
async def test_a_button_without_proof_does_nothing(devices: Devices, change: dict[str, object]) -> None:
    phone = await devices.phone()
    await devices.site.trouble()
    await devices.send()
    answer = await devices.press(devices.shown(phone)[0], **change)
    assert (answer.status_code, answer.json()["done"]) == (403, False)
    assert await devices.site.service.pool.fetchval(ACKNOWLEDGED) is None


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"device": 1}', b"\xff"])
async def test_a_press_that_cannot_be_read_is_refused(devices: Devices, body: bytes) -> None:
    async with devices.site.browser() as browser:
        answer = await browser.post("/push/acknowledge", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["done"] is False


async def test_a_press_that_is_too_large_is_called_a_press(devices: Devices) -> None:
    async with devices.site.browser() as browser:
        answer = await browser.post("/push/acknowledge", json={"token": "x" * 40_000})
    assert (answer.status_code, answer.json()["done"]) == (413, False)
    assert answer.json()["message"] == "This press is too large to be one of a notification. Open the episode instead."


async def test_a_button_pressed_by_another_site_does_nothing(devices: Devices) -> None:
    phone = await devices.phone()
    await devices.site.trouble()
    await devices.send()
    body = {name: devices.shown(phone)[0][name] for name in ("device", "alert", "until", "token")}
    async with devices.site.browser() as browser:
        answer = await browser.post("/push/acknowledge", json=body, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_a_button_of_a_removed_device_does_nothing(devices: Devices) -> None:
    phone = await devices.phone()
    await devices.site.trouble()
    await devices.send()
    await devices.site.service.pool.execute(REMOVED)
    assert (await devices.press(devices.shown(phone)[0])).status_code == 403


async def test_an_old_notification_acknowledges_no_later_one(devices: Devices) -> None:
    phone = await devices.phone()
    await devices.site.trouble()
    await devices.send()
    await devices.site.service.pool.execute(ALERTED_AGAIN)
    answer = await devices.press(devices.shown(phone)[0])
    assert answer.status_code == 409
    assert answer.json()["message"] == "There is a newer notification about this customer. Open the episode."


async def test_a_notification_is_pressed_in_vain_once_the_time_to_respond_has_passed(devices: Devices) -> None:
    phone = await devices.phone()
    await devices.site.trouble()
    await devices.send()
    await devices.site.service.move_clock(timedelta(hours=30))
    answer = await devices.press(devices.shown(phone)[0])
    assert (answer.status_code, answer.json()["message"][:27]) == (409, "The time to respond has pas")


async def test_who_has_it_is_named_and_the_notification_of_others_goes(devices: Devices) -> None:
    await devices.site.hire("ben", "Ben Ortiz")
    await devices.site.hire(backup="ben")
    phone = await devices.phone()
    await devices.site.sell()
    await devices.site.request_refund()
    await devices.send()
    await devices.site.service.pool.execute(TAKEN_BY_BEN)
    alert, *_ = devices.shown(phone)
    answer = await devices.press(alert)
    assert (answer.status_code, answer.json()["message"]) == (409, "Ben Ortiz has been handling this since 10:00.")
    assert await devices.take_back() == 1
    over = devices.shown(phone)[-1]
    assert (over["kind"], over["tag"], over["stays"]) == ("over", alert["tag"], True)
    assert over["body"] == "Ben Ortiz acknowledged it at 10:00."
    assert await devices.take_back() == 0


async def test_a_notification_that_is_still_needed_stays(devices: Devices) -> None:
    phone = await devices.phone()
    episode = await devices.site.trouble()
    await devices.send()
    assert await devices.take_back() == 0
    desk = Desk(await devices.site.signed_in(), episode)
    assert (await desk.press("acknowledge")).status_code == 303
    assert await devices.take_back() == 1
    assert devices.shown(phone)[-1]["stays"] is False, "its recipient acknowledged it"


async def test_what_is_too_old_to_be_shown_is_not_taken_back(devices: Devices) -> None:
    await devices.phone()
    episode = await devices.site.trouble()
    await devices.send()
    desk = Desk(await devices.site.signed_in(), episode)
    assert (await desk.press("close", ending="lost:price")).status_code == 303
    await devices.site.service.move_clock(timedelta(days=8))
    assert await devices.take_back() == 0


async def test_it_goes_to_every_device_and_arrives_if_one_has_it(devices: Devices) -> None:
    first, second = await devices.phone(), await devices.phone()
    devices.push.store.behave(first, Behaviour.UNAVAILABLE)
    await devices.site.trouble()
    await devices.send()
    assert len(devices.shown(second)) == 1
    assert (await devices.delivery())["state"] == "sent"


@pytest.mark.parametrize(
    ("behaviour", "state", "reason"),
    [
        (Behaviour.BUSY, "pending", "the push service deferred the message with 429"),
        (Behaviour.UNAVAILABLE, "pending", "the push service deferred the message with 503"),
        (Behaviour.REFUSE, "pending", "the push service refused the signature of PUSH_KEY with 403"),
        (Behaviour.CUT, "unknown", "the connection to the push service broke (RemoteProtocolError)"),
        (Behaviour.GONE, "failed", "no device receives notifications any more"),
    ],
)
async def test_the_result_of_a_notification_that_no_device_accepts(
    devices: Devices, behaviour: Behaviour, state: str, reason: str
) -> None:
    phone = await devices.phone()
    devices.push.store.behave(phone, behaviour, seconds=90)
    await devices.site.trouble()
    await devices.send()
    delivery = await devices.delivery()
    if behaviour is Behaviour.CUT:
        reason = str(delivery["reason"])
        assert reason.startswith("the connection to the push service broke")
    assert (delivery["state"], delivery["reason"]) == (state, reason)
    if behaviour is Behaviour.BUSY:
        assert delivery["try_at"] - delivery["changed_at"] == timedelta(seconds=90)


async def test_a_device_that_its_push_service_does_not_know_ends_and_keeps_nothing_of_it(devices: Devices) -> None:
    phone = await devices.phone()
    devices.push.store.behave(phone, Behaviour.GONE)
    await devices.site.trouble()
    await devices.send()
    (row,) = await devices.rows()
    assert (row["ended_because"], row["endpoint"], row["auth"], row["press_key"]) == ("gone", None, None, None)


async def test_a_message_of_unknown_outcome_is_sent_again_and_replaces_the_first(devices: Devices) -> None:
    phone = await devices.phone()
    devices.push.store.behave(phone, Behaviour.CUT)
    await devices.site.trouble()
    await devices.send()
    devices.push.store.behave(phone, Behaviour.ACCEPT)
    await devices.site.service.move_clock(timedelta(seconds=61))
    await devices.send()
    first, second = devices.push.store.messages()
    assert first.headers["topic"] == second.headers["topic"]
    assert first.content["tag"] == second.content["tag"]
    assert (await devices.delivery())["state"] == "sent"


async def test_a_message_that_takes_back_replaces_no_newer_notification(devices: Devices) -> None:
    """Neither on the device, nor where a push service has it waiting."""
    phone = await devices.phone()
    episode = await devices.site.trouble()
    await devices.send()
    desk = Desk(await devices.site.signed_in(), episode)
    assert (await desk.press("acknowledge")).status_code == 303
    await devices.site.service.move_clock(timedelta(minutes=1))
    await devices.take_back()
    alert, over = devices.push.store.messages()
    assert "topic" in alert.headers
    assert "topic" not in over.headers
    now_ms = (await devices.site.service.now()).timestamp() * 1000
    assert alert.content["at"] <= over.content["at"] < now_ms - 50_000, devices.shown(phone)
