"""The buttons of salespeople: who may press each, the words of a refusal, and the effect."""

import re
from datetime import timedelta
from html import unescape

import pytest

from services.escalation.domain.policy.versions import Policies
from services.escalation.inbox.moments import entered, field_value
from tests.builders import SELLER, ZONE
from tests.inbox import Site, form_token, words_of
from tests.inbox_desk import Desk, at_in, done, open_desk, state, taken

SHIPPED = Policies.shipped().latest.policy


async def test_every_button_pressed_twice_from_one_page_does_no_harm(site: Site) -> None:
    desk = await open_desk(site)
    tomorrow = await at_in(site, days=1)
    for action, fields in (
        ("acknowledge", {}),
        ("not-reached", {"channel": "email"}),
        ("appointment", {"at": tomorrow}),
        ("snooze", {"until": "tomorrow"}),
        ("hand-over", {"to": "ben", "at": await at_in(site, hours=2)}),
        ("reached", {"channel": "in_person"}),
        ("close", {"ending": "saved:concession"}),
    ):
        form = await desk.form()
        first, second = [await desk.send(action, form, **fields) for _ in range(2)]
        assert (first.status_code, second.status_code) == (303, 303), (action, second.text)
        assert first.headers["location"] == desk.path
    row = await state(site)
    assert row["attempts"] == 1
    assert (row["result"], row["reason"], row["closed_by"]) == ("saved", "concession", SELLER)


async def test_a_button_pressed_again_after_another_change_counts_again(site: Site) -> None:
    """However similar the episode looks, the page shows another state than before."""
    desk = await taken(site)
    tomorrow = await at_in(site, days=1)
    for at in (tomorrow, await at_in(site, days=2), tomorrow):
        assert done(await desk.press("appointment", at=at))
    assert (await state(site))["deadline_at"] == entered(tomorrow, ZONE)
    for to in ("ben", "mona", "ben"):
        assert done(await desk.press("hand-over", to=to, at=tomorrow))
    assert (await state(site))["offered_to"] == "ben"


async def test_an_attempt_counts_again_for_a_person_who_got_the_episode_back(site: Site) -> None:
    anna = await taken(site)
    ben = Desk(await site.signed_in("ben"), (await state(site))["episode_id"])
    until = await at_in(site, hours=2)
    assert done(await anna.press("not-reached"))
    for giver, taker, to in ((anna, ben, "ben"), (ben, anna, SELLER)):
        assert done(await giver.press("hand-over", to=to, at=until))
        assert done(await taker.press("accept"))
    assert (await state(site))["attempts"] == 0
    assert done(await anna.press("not-reached"))
    assert (await state(site))["attempts"] == 1


async def test_an_attempt_gives_more_time_and_is_counted(site: Site) -> None:
    desk = await taken(site)
    before = (await state(site))["deadline_at"]
    assert done(await desk.press("not-reached"))
    row = await state(site)
    assert row["attempts"] == 1
    assert row["deadline_at"] > before
    assert "1 failed attempt" in await desk.page()


async def test_reaching_the_customer_ends_the_deadline_and_closing_is_next(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("reached", channel="phone"))
    row = await state(site)
    assert row["reached_at"] is not None
    assert row["deadline_at"] is None
    page = (await desk.browser.get(desk.path)).text
    assert "You reached the customer" in words_of(page)
    filled = re.findall(r'<button class="button next"[^>]*>(\w+)', page.partition("<article")[2])
    assert filled == ["Close"], "the next step"


async def test_an_appointment_is_shown_in_the_readers_time(site: Site) -> None:
    desk = await taken(site)
    at = await site.service.now() + timedelta(hours=5)
    assert done(await desk.press("appointment", at=field_value(at, ZONE)))
    row = await state(site)
    assert row["deadline_at"] == at.replace(second=0, microsecond=0)
    assert "Call the customer at 15:0" in await desk.page()


async def test_the_page_names_the_promised_call_and_what_was_done(site: Site) -> None:
    desk = await taken(site)
    at = await site.service.now() + timedelta(hours=5)
    assert done(await desk.press("appointment", at=field_value(at, ZONE)))
    refused = await desk.press("snooze", until="tomorrow")
    assert refused.status_code == 409
    assert "The customer was promised a call at 15:0" in unescape(refused.text)
    await site.wait(timedelta(hours=5, minutes=1))
    assert "The call was due at 15:0" in await desk.page()
    assert done(await desk.press("not-reached", channel="phone"))
    assert done(await desk.press("snooze", until="tomorrow"))
    assert "was promised" not in await desk.page()
    reported = (
        "could not reach the customer by phone",
        "promised to call the customer at 15:0",
        "snoozed it until",
    )
    page = await desk.page()
    assert [words for words in reported if f"You {words}" not in page] == []
    boss = await (await site.signed_in("mona")).get(desk.path)
    assert [words for words in reported if f"Anna Berg {words}" not in words_of(boss.text)] == []
    assert done(await desk.press("close", ending="saved:concession"))
    assert f"You {reported[1]}" in await desk.page()


async def test_a_snooze_until_tomorrow_ends_at_nine_in_the_readers_time(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("snooze", until="tomorrow"))
    local = (await state(site))["deadline_at"].astimezone(ZONE)
    assert (local.hour, local.minute) == (9, 0)
    assert "Snoozed until" in await desk.page()


async def test_a_hand_over_is_offered_and_accepted(site: Site) -> None:
    giver = await taken(site)
    assert "More actions" in await giver.page()
    assert done(await giver.press("hand-over", to="ben", at=await at_in(site, hours=2)))
    assert "Waiting for Ben Ahlers to accept (until 12:0" in await giver.page()
    taker = Desk(await site.signed_in("ben"), (await state(site))["episode_id"])
    page = await taker.page()
    assert "Anna Berg asks you to take over. Accept by 12:0" in page
    assert "Anna Berg asks you to take over order 4711." in page
    assert "Take over" in page
    assert "<title>(1) Handoff" in (await taker.browser.get("/")).text
    assert done(await taker.press("accept"))
    row = await state(site)
    assert (row["acknowledged_by"], row["offered_to"]) == ("ben", None)
    assert "You are handling this" in await taker.page()
    assert "Anna Berg handed order 4711 over to you." in await taker.page()
    page = await giver.page()
    assert "You sold this order. Ben Ahlers has been handling this since 10:0" in page
    assert "More actions" not in page
    refused = await giver.press("close", ending="lost:price")
    assert refused.status_code == 409, "the giver does not have it any more"
    assert "Ben Ahlers has been handling this since 10:00." in words_of(refused.text)


async def test_not_mine_notifies_the_next_at_once_and_earlier_recipients_can_still_acknowledge(site: Site) -> None:
    desk = await open_desk(site)
    form = await desk.form()
    assert done(await desk.send("not-mine", form))
    assert done(await desk.send("not-mine", form)), "pressed twice from one page"
    assert (await state(site))["responsible"] == "ben"
    page = await desk.page()
    assert "Ben Ahlers (backup) has been notified" in page
    assert "More actions " in page, "it cannot be passed on twice"
    assert "You sold order" in page
    assert "you are Anna Berg's backup" not in page
    assert "Ben Ahlers has until" in page
    assert "Not mine" not in page
    bens = Desk(await site.signed_in("ben"), (await state(site))["episode_id"])
    page = await bens.page()
    assert "Anna Berg passed it on." in page
    assert "Who was notified" in page
    assert "passed it on" in page
    assert "<title>Handoff</title>" in (await desk.browser.get("/")).text, "it is waiting for Ben"
    assert done(await desk.press("acknowledge"))
    page = await bens.page()
    assert "You were notified before. Anna Berg has been handling this since 10:0" in page
    refused = await bens.press("acknowledge")
    assert refused.status_code == 409
    assert "Anna Berg has been handling this since 10:00." in words_of(refused.text)


async def test_closing_offers_every_reason_except_the_automatic_ones(site: Site) -> None:
    page = (await (desk := await taken(site)).browser.get(desk.path)).text
    offered = set(re.findall(r'<option value="(\w+:\w+)">', page))
    known = {f"{result.value}:{one.code}" for result, reasons in SHIPPED.reasons.items() for one in reasons}
    assert known - offered == {"cause_gone:signals_cleared"}
    assert offered <= known


async def test_refused_requests_are_counted_by_reason(site: Site) -> None:
    desk = await open_desk(site)
    await desk.press("explode")
    await desk.press("appointment", at="yesterday")
    await desk.press("close", ending="lost:price")
    assert (await desk.browser.post(f"{desk.path}/acknowledge", content=b"{}")).status_code == 403
    counted = [
        (sample.labels["publisher"], sample.labels["code"])
        for family in site.metrics.process.requests_refused.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    ]
    assert ("", "form_refused") in counted
    assert ("", "not_understood") in counted
    assert {publisher for publisher, _ in counted} == {""}


async def test_not_mine_is_refused_once_the_next_person_is_notified(site: Site) -> None:
    desk = await open_desk(site)
    form = await desk.form()
    await site.wait(timedelta(hours=2))
    row = await state(site)
    assert row["responsible"] == "ben"
    refused = await desk.send("not-mine", form)
    assert refused.status_code == 409
    assert "It is now up to Ben Ahlers" in refused.text
    assert await state(site) == row


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("appointment", {"at": ""}, "Enter a date and time"),
        ("appointment", {"at": "yesterday"}, "“yesterday” is not a date and time. Enter"),
        ("appointment", {"at": "2020-01-01T10:00"}, "must be in the future"),
        ("appointment", {"at": "2028-01-01T10:00"}, "at most"),
        ("snooze", {}, "Enter a date and time"),
        ("snooze", {"at": "2028-01-01T10:00"}, "at most"),
        ("hand-over", {"to": "", "until": "tomorrow"}, "Choose a colleague"),
        ("hand-over", {"to": "nobody", "until": "in_an_hour"}, "Choose a current colleague"),
        ("hand-over", {"to": SELLER, "until": "in_an_hour"}, "choose someone else"),
        ("close", {}, "Choose how it ended and why"),
        ("close", {"ending": "saved"}, "Choose how it ended and why"),
        ("close", {"ending": "won:price"}, "“won” is not one of the options"),
        ("close", {"ending": "lost:whatever"}, "choose one from the list"),
        ("close", {"ending": "lost:\0"}, "are not valid"),
        ("close", {"ending": ":price"}, "Nothing was chosen. Choose one from the list."),
        ("reached", {"channel": "telepathy"}, "“telepathy” is not one of the options"),
    ],
)
async def test_impossible_values_are_refused_in_plain_words(
    site: Site, action: str, fields: dict[str, str], said: str
) -> None:
    desk = await taken(site)
    before = await state(site)
    answer = await desk.press(action, **fields)
    assert answer.status_code in (409, 422)
    assert "That didn't work" in unescape(answer.text)
    assert said in words_of(answer.text)
    assert f'href="{desk.path}"' in answer.text
    assert await state(site) == before


async def test_the_acknowledgers_buttons_are_refused_to_others(site: Site) -> None:
    desk = await open_desk(site)
    for action, fields in (
        ("reached", {}),
        ("not-reached", {}),
        ("snooze", {"until": "in_an_hour"}),
        ("accept", {}),
    ):
        answer = await desk.press(action, **fields)
        assert answer.status_code == 409, action
        assert "Acknowledge this first" in answer.text
    form = await desk.form()
    managers = Desk(await site.signed_in("mona"), (await state(site))["episode_id"])
    form["csrf_token"] = form_token((await managers.browser.get("/")).text)
    refused = await managers.send("acknowledge", form)
    assert refused.status_code == 409
    assert "It is not with you. Anna Berg has been notified; it is not acknowledged yet." in words_of(refused.text)
    assert (await desk.press("explode")).status_code == 404
