"""Episodes of other people, on the open page of a follower: a manager or a seller."""

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
    """As every minute, and when the person returns to the page."""
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_other_peoples_actions_show_in_place_on_their_managers_open_page(
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


async def test_the_first_followed_episode_shows_on_a_page_without_any(visits: Visits) -> None:
    await visits.site.hire("mona", "Mona Adler", email="mona@sales.example")
    page = await _watched(visits, PHONE)
    await open_desk(visits.site)
    await _fetched_again(page)
    await expect(page.locator(".followed > li")).to_contain_text(["Anna Berg has been notified"])


async def test_on_a_desktop_the_open_episode_is_marked_among_the_followed_ones(visits: Visits) -> None:
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


async def test_on_a_desktop_the_part_below_the_rows_is_aligned_with_them(visits: Visits) -> None:
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


async def test_keys_are_not_offered_without_rows(visits: Visits) -> None:
    desk = await taken(visits.site)
    page = await visits.sign_in(await visits.context(DESK), "mona", next_path=desk.path)
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await expect(page.locator(".none")).to_be_visible()
    await expect(page.locator("[data-keys]")).to_be_hidden()


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_the_search_of_the_followed_ones_is_as_wide_as_their_list(visits: Visits, size: tuple[int, int]) -> None:
    await open_desk(visits.site)
    for number in range(6):
        await visits.site.sell(f"o-{number}", account=f"a-{number}")
        episode = await visits.site.request_refund(f"o-{number}", account=f"a-{number}")
    page = await _watched(visits, size)
    for address in ("/", f"/episodes/{episode}") if size == DESK else ("/",):
        await page.goto(address)
        field = await page.get_by_role("search").locator("input").bounding_box()
        rows = await page.locator(".followed").bounding_box()
        assert field is not None
        assert rows is not None
        assert (field["x"], field["width"]) == (rows["x"], rows["width"])
