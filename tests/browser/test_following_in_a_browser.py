"""Episodes that are with others, on the open page of somebody who watches them: a manager, or a seller."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Visits
from tests.inbox_desk import done, open_desk, taken

pytestmark = pytest.mark.browser


async def _watched(visits: Visits, size: tuple[int, int]) -> Page:
    page = await visits.sign_in(await visits.context(size), "mona")
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    return page


async def _fetched_again(page: Page) -> None:
    """What it does each minute, and when somebody returns to it."""
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_what_others_do_shows_in_place_on_the_open_page_of_their_manager(
    visits: Visits, size: tuple[int, int]
) -> None:
    desk = await open_desk(visits.site)
    page = await _watched(visits, size)
    lines = page.locator(".followed > li")
    await expect(lines).to_contain_text(["Anna Berg has been notified"])
    await lines.get_by_role("link").focus()
    assert done(await desk.press("acknowledge"))
    await _fetched_again(page)
    await expect(lines).to_contain_text(["Anna Berg has been handling this since 10:00"])
    await expect(lines.get_by_role("link"), "the focus stays where it was").to_be_focused()
    await visits.site.sell("4712", account="c-18")
    await visits.site.request_refund("4712", account="c-18", case=None)
    await _fetched_again(page)
    await expect(lines).to_contain_text(["order 4711", "order 4712"])
    await expect(page.locator("[data-with-others]")).to_have_text(["2", "2"])
    assert done(await desk.press("close", ending="lost:price"))
    await _fetched_again(page)
    await expect(lines.first).to_have_attribute("inert", "")
    await expect(lines.last).not_to_have_attribute("inert", "")
    await expect(page.locator("[data-with-others]")).to_have_text(["1", "1"])
    assert not visits.watched.complaints


async def test_the_first_with_somebody_else_shows_on_a_page_that_had_none(visits: Visits) -> None:
    await visits.site.hire("mona", "Mona Adler", email="mona@sales.example")
    page = await _watched(visits, PHONE)
    await open_desk(visits.site)
    await _fetched_again(page)
    await expect(page.locator(".followed > li")).to_contain_text(["Anna Berg has been notified"])


async def test_on_a_desk_the_episode_that_is_open_is_marked_among_those_with_others(visits: Visits) -> None:
    await open_desk(visits.site)
    await visits.site.sell("4712", account="c-18")
    await visits.site.request_refund("4712", account="c-18", case=None)
    page = await _watched(visits, DESK)
    link = page.locator(".followed a").last
    address = await link.get_attribute("href")
    await link.click()
    await page.wait_for_url(f"**{address}")
    marked = page.locator(".followed [aria-current]")
    await expect(marked).to_have_count(1)
    await expect(marked).to_have_attribute("href", address or "")


async def test_on_a_desk_what_stands_below_the_rows_begins_where_they_do(visits: Visits) -> None:
    await taken(visits.site)
    page = await visits.open(DESK)
    await expect(page.get_by_role("button", name="Shortcuts: j/k to move")).to_be_visible()
    begins = """() => ['.row .state', '.keys', '.following a'].map((selector) => {
        const part = document.querySelector(selector), { paddingLeft } = getComputedStyle(part);
        return part.getBoundingClientRect().x + Number.parseFloat(paddingLeft);
    })"""
    assert await page.evaluate(begins) == [24, 24, 24]
    await page.goto("/closed")
    name = await page.locator(".bar .who").bounding_box()
    assert name is not None
    assert round(name["x"] + name["width"]) == DESK[0] - 24


async def test_keys_are_not_offered_where_there_are_no_rows(visits: Visits) -> None:
    desk = await taken(visits.site)
    page = await visits.sign_in(await visits.context(DESK), "mona", next_path=desk.path)
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await expect(page.locator(".none")).to_be_visible()
    await expect(page.locator("[data-keys]")).to_be_hidden()
