"""Open pages: notified of changes at once, by one poller, and of a database that is away."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx2
import pytest

from services.escalation.inbox import live
from tests.inbox import Site, form_token, inbox_site, served
from tests.servers import MakeDatabase, PrivatePostgres


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire()
        yield site


class Stream:
    """An open page's events, in order."""

    def __init__(self, response: httpx2.Response) -> None:
        self._lines = response.aiter_lines()
        self.text: list[str] = []

    async def next(self, within_seconds: float = 5) -> str:
        async with asyncio.timeout(within_seconds):
            async for line in self._lines:
                self.text.append(line)
                if line.startswith("event: "):
                    return line.removeprefix("event: ")
        raise AssertionError("the stream ended")

    async def until(self, event: str) -> None:
        while await self.next(within_seconds=15) != event:
            pass


@asynccontextmanager
async def opened(
    site: Site, address: str, person: str, browser: httpx2.AsyncClient | None = None, *, shows: UUID | None = None
) -> AsyncIterator[Stream]:
    """An open page of this person, in a new browser unless one is given; `shows` is the episode on it."""
    cookies = dict((browser or await site.signed_in(person)).cookies)
    async with (
        httpx2.AsyncClient(base_url=address, cookies=cookies, timeout=20) as client,
        client.stream("GET", f"/live?episode={shows}" if shows else "/live") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        assert await stream.next() == "changed", "a page that was disconnected catches up"
        yield stream


async def test_an_open_page_is_notified_of_a_new_episode_and_of_its_acknowledgement(site: Site) -> None:
    async with served(site.app) as address, opened(site, address, "anna") as stream:
        episode = await site.trouble()
        assert await stream.next() == "changed"
        browser = await site.signed_in()
        form = {"csrf_token": form_token((await browser.get("/")).text)}
        await browser.post(f"/episodes/{episode}/acknowledge", data=form)
        assert await stream.next() == "changed"
        assert not any("Petra" in line or str(episode) in line for line in stream.text)


@pytest.mark.parametrize("changes", [False, True])
async def test_a_page_that_knows_the_state_gets_only_later_changes(site: Site, changes: bool) -> None:
    episode, browser = await site.trouble(), await site.signed_in()
    found = re.search(r'data-state="([^"]+)"', (await browser.get(f"/episodes/{episode}")).text)
    assert found is not None
    if changes:
        await site.request_refund(words="I ask for it once more.")
    async with served(site.app) as address, httpx2.AsyncClient(base_url=address, cookies=dict(browser.cookies)) as page:
        shown = {"episode": str(episode), "state": unescape(found[1])}
        async with page.stream("GET", "/live", params=shown) as response:
            stream = Stream(response)
            assert await stream.next() == ("changed" if changes else "alive")
            await site.request_refund(words="Where is my money?")
            assert await stream.next() == "changed"


async def signs_out(site: Site, browser: httpx2.AsyncClient) -> None:
    await browser.post("/sign-out", data={"csrf_token": form_token((await browser.get("/")).text)})


async def leaves(site: Site, _browser: httpx2.AsyncClient) -> None:
    await site.hire(active=False)


async def gets_another_address(site: Site, _browser: httpx2.AsyncClient) -> None:
    await site.hire(email="anna@elsewhere.example")


async def is_signed_in_for_two_weeks(site: Site, _browser: httpx2.AsyncClient) -> None:
    await site.service.move_clock(timedelta(days=15))


@pytest.mark.parametrize("ends", [signs_out, leaves, gets_another_address, is_signed_in_for_two_weeks])
async def test_an_open_page_gets_nothing_more_once_its_session_has_ended(
    site: Site, ends: Callable[[Site, httpx2.AsyncClient], Awaitable[None]]
) -> None:
    browser = await site.signed_in("anna")
    async with (
        served(site.app) as address,
        opened(site, address, "anna", browser) as stream,
        opened(site, address, "desk") as others,
    ):
        await ends(site, browser)
        with pytest.raises(AssertionError, match="the stream ended"):
            await asyncio.wait_for(stream.until("never"), 5)
        if ends is not is_signed_in_for_two_weeks:
            assert await others.next(within_seconds=15) == "alive"


async def test_an_open_page_is_notified_of_published_events_without_waiting_for_the_poll(
    database: MakeDatabase,
) -> None:
    async with inbox_site(await database("escalation"), poll_seconds=6) as site, served(site.app) as address:
        await site.hire()
        async with opened(site, address, "anna") as stream:
            await site.trouble()
            assert await stream.next(within_seconds=3) == "changed"
            await site.request_refund(words="I ask for it once more.")
            assert await stream.next(within_seconds=3) == "changed"


async def test_other_peoples_pages_are_not_notified(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_ALIVE_SECONDS", 0.5)
    await site.hire("ben")
    async with (
        served(site.app) as address,
        opened(site, address, "ben") as bens,
        opened(site, address, "anna") as annas,
    ):
        await site.trouble("anna")
        await annas.until("changed")
        await site.trouble("ben", order="4800", account="c-80")
        await bens.until("changed")
        await bens.until("alive")
        assert bens.text.count("event: changed") == 2, "at first, and after the change to Ben"


async def test_a_change_committed_late_with_an_early_time_is_noticed(site: Site) -> None:
    await site.trouble(order="4711")
    episode = await site.trouble(order="4712", account="c-18")
    async with served(site.app) as address, opened(site, address, "anna") as stream:
        await site.service.pool.execute(
            "update escalation.episodes set changed_at = changed_at - interval '1 hour' where episode_id = $1", episode
        )
        assert await stream.next() == "changed"


async def test_one_poller_serves_all_open_pages_and_ends_with_the_last(site: Site) -> None:
    async with served(site.app) as address:
        async with (
            opened(site, address, "anna"),
            opened(site, address, "anna"),
            opened(site, address, "anna"),
        ):
            assert len(_pollers()) == 1
        async with asyncio.timeout(5):
            while _pollers():  # noqa: ASYNC110 - the poller ends by itself
                await asyncio.sleep(0.05)


async def test_without_a_database_open_pages_pause_and_catch_up(private_postgres: PrivatePostgres) -> None:
    async with inbox_site(await private_postgres.databases.make("escalation")) as site:
        await site.hire()
        async with served(site.app) as address, opened(site, address, "anna") as stream:
            await private_postgres.server.stop_at_once()
            await stream.until("paused")
            await private_postgres.server.start()
            await stream.until("changed")


def _pollers() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "inbox poller"]


async def test_earlier_recipients_and_the_person_offered_are_notified_of_changes_too(site: Site) -> None:
    await site.hire("ben", "Ben Ahlers", email="ben@sales.example")
    await site.hire("carla", "Carla Rossi", email="carla@sales.example")
    await site.hire(backup="ben")
    await site.sell()
    episode = await site.request_refund()
    async with served(site.app) as address, opened(site, address, "carla") as carlas:
        async with opened(site, address, "anna") as annas:
            await _press(site, "anna", episode, "not-mine")
            assert await annas.next() == "changed", "it is Ben's now"
            await _press(site, "ben", episode, "acknowledge")
            assert await annas.next() == "changed", "no one is to respond any more"
        await _press(site, "ben", episode, "hand-over", to="carla", until="in_an_hour")
        assert await carlas.next() == "changed"


async def _press(site: Site, person: str, episode: UUID, action: str, **fields: str) -> None:
    browser = await site.signed_in(person)
    form = {"csrf_token": form_token((await browser.get("/")).text)}
    pressed = await browser.post(f"/episodes/{episode}/{action}", data=form | fields)
    assert pressed.status_code == 303, pressed.text
