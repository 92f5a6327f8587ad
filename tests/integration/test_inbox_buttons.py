"""What salespeople press: every button, who may press it, what is refused and in which words, and what it leads to."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.escalation.inbox.moments import field_value
from tests.builders import ACCOUNT, SELLER, contact_preference_changed
from tests.inbox import ZONE, Site, form_token, inbox_site
from tests.servers import MakeDatabase


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire("ben", "Ben Ahlers", email="ben@sales.example")
        await site.hire("mona", "Mona Adler", email="mona@sales.example")
        yield site


class Desk:
    """One person's browser with an episode open in it."""

    def __init__(self, browser: httpx2.AsyncClient, episode: UUID) -> None:
        self.browser = browser
        self.path = f"/episodes/{episode}"

    async def page(self) -> str:
        answer = await self.browser.get(self.path)
        assert answer.status_code == 200, answer.text
        return words_of(answer.text)

    async def press(self, action: str, **fields: str) -> httpx2.Response:
        """Press a button of the page as it is now."""
        return await self.send(action, await self.form(), **fields)

    async def form(self) -> dict[str, str]:
        page = (await self.browser.get(self.path)).text
        found = re.search(r'name="round" value="([^"]+)"', page)
        return {
            "csrf_token": form_token((await self.browser.get("/")).text),
            "round": found[1] if found else "1-0",
            "return_to": self.path,
        }

    async def send(self, action: str, form: dict[str, str], **fields: str) -> httpx2.Response:
        return await self.browser.post(f"{self.path}/{action}", data=form | fields)


def words_of(page: str) -> str:
    """A page without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def open_desk(site: Site, person: str = SELLER, **hired: Any) -> Desk:
    await site.hire(**({"manager": "mona", "backup": "ben"} | hired))
    await site.sell()
    return Desk(await site.signed_in(person), await site.request_refund())


async def taken(site: Site) -> Desk:
    desk = await open_desk(site)
    assert (await desk.press("acknowledge")).status_code == 303
    return desk


async def state(site: Site) -> dict[str, Any]:
    return dict(await site.service.row("escalation.episodes"))


async def at_in(site: Site, **ahead: int) -> str:
    return field_value(await site.now() + timedelta(**ahead), ZONE)


def done(answer: httpx2.Response) -> bool:
    return answer.status_code == 303


async def test_the_page_says_until_when_who_has_to_do_what(site: Site) -> None:
    desk = await open_desk(site)
    page = await desk.page()
    assert "Severity: Critical" in page
    assert re.search(r"You: answer until 10:15 \( 1[45] min left \)", page)
    assert "may be called until 20:00" in page
    assert "You may offer up to €500.00" in page
    assert done(await desk.press("acknowledge"))
    page = await desk.page()
    assert re.search(r"You: reach the customer until 11:00 \( (59 min|1 h) left \)", page)
    assert "You have it" in page


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


async def test_an_attempt_gives_more_time_and_is_counted(site: Site) -> None:
    desk = await taken(site)
    before = (await state(site))["deadline_at"]
    assert done(await desk.press("not-reached"))
    row = await state(site)
    assert row["attempts"] == 1
    assert row["deadline_at"] > before
    assert "1 attempt reached nobody" in await desk.page()


async def test_reaching_the_customer_stops_the_clock_and_closing_is_next(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("reached", channel="phone"))
    row = await state(site)
    assert row["reached_at"] is not None
    assert row["deadline_at"] is None
    page = (await desk.browser.get(desk.path)).text
    assert "You reached the customer" in words_of(page)
    filled = re.findall(r'<button class="button next"[^>]*>(\w+)', page.partition("<article")[2])
    assert filled == ["Close"], "the one thing to do next"


async def test_an_appointment_is_on_the_readers_clock(site: Site) -> None:
    desk = await taken(site)
    at = await site.now() + timedelta(hours=5)
    assert done(await desk.press("appointment", at=field_value(at, ZONE)))
    row = await state(site)
    assert row["deadline_at"] == at.replace(second=0, microsecond=0)
    assert "You: call the customer at 15:0" in await desk.page()


async def test_put_off_until_tomorrow_is_nine_o_clock_of_the_reader(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("snooze", until="tomorrow"))
    local = (await state(site))["deadline_at"].astimezone(ZONE)
    assert (local.hour, local.minute) == (9, 0)
    assert "You: put off until" in await desk.page()


async def test_a_hand_over_is_offered_and_accepted(site: Site) -> None:
    giver = await taken(site)
    assert "Ben Ahlers" in await giver.page()
    assert done(await giver.press("hand-over", to="ben", at=await at_in(site, hours=2)))
    assert "Offered to Ben Ahlers until 12:0" in await giver.page()
    taker = Desk(await site.signed_in("ben"), (await state(site))["episode_id"])
    page = await taker.page()
    assert "Anna Berg asks you to take over: answer until 12:0" in page
    assert "Take over" in page
    assert "<title>(1) On call" in (await taker.browser.get("/")).text
    assert done(await taker.press("accept"))
    row = await state(site)
    assert (row["acknowledged_by"], row["offered_to"]) == ("ben", None)
    assert "You have it" in await taker.page()
    assert (await giver.browser.get(giver.path)).status_code == 404, "whoever gave it away has it no more"


async def test_not_mine_asks_the_next_at_once_and_whoever_was_asked_can_still_take_it(site: Site) -> None:
    desk = await open_desk(site)
    assert done(await desk.press("not-mine"))
    assert (await state(site))["responsible"] == "ben"
    page = await desk.page()
    assert "Now with Ben Ahlers (backup)" in page
    assert "Ben Ahlers: answer until" in page
    assert "Not mine" not in page
    bens = Desk(await site.signed_in("ben"), (await state(site))["episode_id"])
    page = await bens.page()
    assert "It was passed on." in page
    assert "Who was asked" in page
    assert "passed it on" in page
    assert "<title>On call</title>" in (await desk.browser.get("/")).text, "it waits for Ben"
    assert done(await desk.press("acknowledge"))
    assert (await bens.browser.get(bens.path)).status_code == 404


async def test_skipped_people_are_told_with_the_reason(site: Site) -> None:
    desk = await open_desk(site, person="mona", backup="carla")
    await site.wait(timedelta(minutes=16))
    page = await desk.page()
    assert "carla is not known" in page
    assert "Anna Berg , seller" in page
    assert "no answer in time" in page
    assert "Nobody answered before you." in page


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("appointment", {"at": ""}, "Choose a day and a time"),
        ("appointment", {"at": "yesterday"}, "Choose a day and a time"),
        ("appointment", {"at": "2020-01-01T10:00"}, "must lie in the future"),
        ("appointment", {"at": "2028-01-01T10:00"}, "at most"),
        ("snooze", {}, "Choose a day and a time"),
        ("snooze", {"at": "2028-01-01T10:00"}, "at most"),
        ("hand-over", {"to": "", "until": "tomorrow"}, "Choose somebody"),
        ("hand-over", {"to": "nobody", "until": "in_an_hour"}, "Choose somebody of the directory"),
        ("hand-over", {"to": SELLER, "until": "in_an_hour"}, "Choose somebody else"),
        ("close", {}, "a reason is needed"),
        ("close", {"ending": "saved"}, "a reason is needed"),
        ("close", {"ending": "won:price"}, "Choose one of the list"),
        ("close", {"ending": "lost:whatever"}, "reason for lost is one of"),
        ("close", {"ending": "lost:\0"}, "cannot be"),
        ("reached", {"channel": "telepathy"}, "Choose one of the list"),
    ],
)
async def test_what_cannot_be_is_refused_in_plain_words(
    site: Site, action: str, fields: dict[str, str], said: str
) -> None:
    desk = await taken(site)
    before = await state(site)
    answer = await desk.press(action, **fields)
    assert answer.status_code in (409, 422)
    assert "That was not done" in answer.text
    assert said in words_of(answer.text)
    assert f'href="{desk.path}"' in answer.text
    assert await state(site) == before


async def test_what_only_whoever_took_it_may_press_is_refused_to_others(site: Site) -> None:
    desk = await open_desk(site)
    for action, fields in (
        ("reached", {}),
        ("not-reached", {}),
        ("snooze", {"until": "in_an_hour"}),
        ("accept", {}),
    ):
        answer = await desk.press(action, **fields)
        assert answer.status_code == 409, action
        assert "gone to somebody else" in answer.text
    form = await desk.form()
    strangers = Desk(await site.signed_in("mona"), (await state(site))["episode_id"])
    form["csrf_token"] = form_token((await strangers.browser.get("/")).text)
    assert (await strangers.send("acknowledge", form)).status_code == 404
    assert (await desk.press("explode")).status_code == 404


async def test_a_closed_episode_leaves_the_list_and_its_page_says_how_it_ended(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("close", ending="lost:price"))
    assert "Nothing burns." in words_of((await desk.browser.get("/")).text)
    page = (await desk.browser.get(desk.path)).text
    assert "Lost: Too expensive" in words_of(page)
    assert "by you" in page
    assert "/acknowledge" not in page
    assert (await (await site.signed_in("mona")).get(desk.path)).status_code == 404
    late = await desk.press("snooze", until="in_an_hour")
    assert late.status_code == 409
    assert "not open any more" in late.text


@pytest.mark.parametrize(
    ("preference", "said"), [("do_not_call", "asked not to be"), ("dispute", "dispute"), ("deceased", "have died")]
)
async def test_who_must_not_be_called_has_no_number_and_no_play(site: Site, preference: str, said: str) -> None:
    desk = await open_desk(site)
    await site.tell(contact_preference_changed(preference), about=ACCOUNT)
    page = (await desk.browser.get(desk.path)).text
    assert "must not be called: " in page
    assert said in page
    assert "tel:" not in page
    assert "What to say" not in page
    assert ("mailto:" in page) == (preference == "do_not_call")


async def test_a_chargeback_informs_without_a_play(site: Site) -> None:
    await site.hire()
    await site.sell()
    episode = await site.request_refund(kind="chargeback")
    page = await Desk(await site.signed_in(), episode).page()
    assert "Chargeback: this is for you to know" in page
    assert "You may offer" not in page


async def test_before_eight_the_call_waits(site: Site) -> None:
    desk = await taken(site)
    await site.begin_at(6)
    page = (await desk.browser.get(desk.path)).text
    assert "not before 08:00" in page
    assert not re.search(r'class="button next"[^>]*href="tel:', page)


async def test_exhausted_episodes_say_so(site: Site) -> None:
    desk = await open_desk(site)
    await site.service.pool.execute(
        "update escalation.episodes set exhausted_at = $1, deadline_at = null, deadline_for = null",
        datetime(2026, 5, 4, tzinfo=UTC),
    )
    assert "Nobody answered, all the way up the ladder." in await desk.page()
