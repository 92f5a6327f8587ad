"""A session is prolonged by use, up to an age, and ends at once when it must."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx2
import pytest

from services.escalation.store.sessions import OLDEST_SESSION, SESSION_LIFETIME
from tests.builders import SELLER
from tests.inbox import Site, form_token, inbox_site
from tests.servers import MakeDatabase

_WEEK = timedelta(days=7)


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire(SELLER)
        yield site


async def signed_in(browser: httpx2.AsyncClient) -> bool:
    return (await browser.get("/")).status_code == 200


async def ends_at(site: Site) -> datetime:
    at: datetime = await site.service.pool.fetchval("select expires_at from escalation.sessions")
    return at


async def test_a_session_in_use_lasts_longer_than_an_unused_one(site: Site) -> None:
    used, unused = await site.signed_in(), await site.signed_in()
    for _ in range(3):
        await site.service.move_clock(_WEEK)
        assert await signed_in(used)
    assert not await signed_in(unused)


async def test_a_session_ends_at_an_age_despite_use(site: Site) -> None:
    browser = await site.signed_in()
    for _ in range(OLDEST_SESSION // _WEEK):
        await site.service.move_clock(_WEEK)
        assert await signed_in(browser)
    await site.service.move_clock(OLDEST_SESSION % _WEEK + timedelta(seconds=1))
    assert not await signed_in(browser)


async def test_a_session_is_written_once_a_day_and_not_by_every_request(site: Site) -> None:
    browser = await site.signed_in()
    opened = await ends_at(site)
    for hours in (1, 22):
        await site.service.move_clock(timedelta(hours=hours))
        assert await signed_in(browser)
        assert await ends_at(site) == opened
    await site.service.move_clock(timedelta(hours=2))
    assert await signed_in(browser)
    prolonged = await ends_at(site)
    assert prolonged > opened + timedelta(hours=24)
    assert await signed_in(browser)
    assert await ends_at(site) == prolonged


async def test_a_session_of_the_version_before_is_prolonged_and_has_its_age(site: Site) -> None:
    browser = await site.signed_in()
    await site.service.pool.execute("update escalation.sessions set opened_at = null")
    signed_in_at = await ends_at(site) - SESSION_LIFETIME
    await site.service.move_clock(_WEEK)
    assert await signed_in(browser)
    assert await ends_at(site) > signed_in_at + SESSION_LIFETIME
    assert await site.service.pool.fetchval("select opened_at from escalation.sessions") == signed_in_at


@pytest.mark.parametrize("ended_by", ["deactivation", "a new address", "sign-out everywhere"])
async def test_a_prolonged_session_ends_at_once_when_it_must(site: Site, ended_by: str) -> None:
    browser = await site.signed_in()
    await site.service.move_clock(_WEEK)
    assert await signed_in(browser)
    if ended_by == "deactivation":
        await site.hire(SELLER, active=False)
    elif ended_by == "a new address":
        await site.hire(SELLER, email="anna.new@sales.example")
    else:
        form = {"csrf_token": form_token((await browser.get("/")).text), "everywhere": "yes"}
        await browser.post("/sign-out", data=form)
    assert not await signed_in(browser)


async def test_the_cookie_is_kept_as_long_as_a_session_can_last(site: Site) -> None:
    browser = site.browser()
    link = await site.link_for(SELLER)
    answer = await browser.post("/sign-in", data={"token": link.partition("token=")[2]})
    assert f"Max-Age={int(OLDEST_SESSION.total_seconds())}" in answer.headers["set-cookie"]


async def test_a_pages_own_requests_do_not_prolong_its_session(site: Site) -> None:
    browser = await site.signed_in()
    opened = await ends_at(site)
    await site.service.move_clock(_WEEK)
    refreshed = await browser.get("/", headers={"X-Refresh": "yes"})
    assert refreshed.status_code == 200
    assert (await browser.head("/live")).status_code == 200
    assert await ends_at(site) == opened
    assert await signed_in(browser)
    assert await ends_at(site) > opened
