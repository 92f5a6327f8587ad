"""A storm in a browser: thirty rows fit on a few screens, one press covers one cause, and keys move between rows."""

import pytest
from playwright.async_api import Page, expect

from shared.contracts.order_parts import Customer
from tests.browser.conftest import DESK, PHONE, Visits
from tests.builders import delivery_late

pytestmark = pytest.mark.browser


async def storm(visits: Visits, number: int, *, first: int = 0) -> None:
    site = visits.site
    for each in range(first, first + number):
        await site.sell(f"o-{each}", account=f"a-{each}", customer=Customer(name=f"Company {each:02}"))
        await site.receive(delivery_late(f"o-{each}"), minutes_ago=5, about=f"a-{each}")


async def live(page: Page) -> None:
    await expect(page.locator("[data-connection]")).to_have_text("Live")


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_thirty_fit_on_a_few_screens_and_a_new_one_moves_nothing(visits: Visits, size: tuple[int, int]) -> None:
    await storm(visits, 29)
    page = await visits.open(size)
    await live(page)
    first = page.locator(".row h3 a").first
    before = await first.bounding_box()
    await storm(visits, 1, first=29)
    await expect(page.locator(".row")).to_have_count(30)
    assert await first.bounding_box() == before
    await expect(page.locator(".row").last).to_have_attribute("data-arrived", "")
    rows = await page.locator(".rows").bounding_box()
    assert rows is not None
    assert rows["height"] < 3.5 * size[1]
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    await expect(page.get_by_role("button", name="Acknowledge all 29")).to_be_visible()


@pytest.mark.parametrize("scripts", ["on", "off"])
async def test_all_of_one_cause_are_acknowledged_in_a_filtered_list(visits: Visits, scripts: str) -> None:
    await storm(visits, 7)
    page = await visits.sign_in(await visits.context(PHONE, scripts=scripts))
    await page.get_by_role("link", name="Waiting for you 7").click()
    await page.wait_for_url("**/?show=waiting")
    await page.get_by_role("button", name="Acknowledge all 7").click()
    await expect(page.get_by_text("7 acknowledged.")).to_be_visible()
    if scripts == "on":
        await page.wait_for_url("**/?show=waiting")
    await page.get_by_role("link", name="Acknowledged by you 7").click()
    await expect(page.get_by_text("1st to call")).to_be_visible()
    await page.get_by_role("link", name="Company 02").click()
    await expect(page.get_by_text(", 3rd in your queue", exact=True)).to_be_visible()
    assert not visits.watched.complaints


async def test_counts_and_places_are_updated_and_the_button_keeps_the_shown_selection(visits: Visits) -> None:
    await storm(visits, 7)
    page = await visits.open(DESK)
    other = await visits.open(DESK)
    await live(page)
    await storm(visits, 1, first=7)
    await expect(page.get_by_role("link", name="Waiting for you 8")).to_be_visible()
    await expect(page.get_by_role("button", name="Acknowledge all 7")).to_be_visible()
    await other.get_by_role("button", name="Acknowledge", exact=False).locator("visible=true").last.click()
    await expect(page.get_by_role("link", name="Acknowledged by you 1")).to_be_visible()
    await expect(page.get_by_role("button", name="Acknowledge all 7")).to_be_visible()
    await page.get_by_role("button", name="Acknowledge all 7").click()
    await expect(page.get_by_text("7 acknowledged.")).to_be_visible()
    await expect(page.get_by_role("link", name="Waiting for you 1")).to_be_visible()


async def test_a_press_for_many_without_an_answer_says_so_and_blocks_nothing(visits: Visits) -> None:
    await storm(visits, 7)
    page = await visits.open(PHONE)
    await live(page)
    await page.route("**/acknowledge-all*", lambda press: press.abort())
    await page.get_by_role("button", name="Acknowledge all 7").click()
    await expect(page.locator(".together").get_by_role("alert")).to_contain_text("the server did not respond.")
    await storm(visits, 1, first=7)
    await expect(page.locator(".row")).to_have_count(8)
    await page.unroute("**/acknowledge-all*")
    await page.get_by_role("button", name="Acknowledge all 7").click()
    await expect(page.get_by_text("7 acknowledged.")).to_be_visible()
    await expect(page.locator("[data-news]")).to_be_hidden()
    await storm(visits, 1, first=8)
    await expect(page.locator(".row")).to_have_count(9)
    await live(page)


async def test_a_press_for_many_beside_an_episode_shows_the_list(visits: Visits) -> None:
    await storm(visits, 7)
    page = await visits.open(DESK)
    await page.locator(".row h3 a").nth(3).click()
    await page.wait_for_url("**/episodes/*")
    await page.get_by_role("button", name="Acknowledge all 7").click()
    await expect(page.locator(".results")).to_be_focused()
    await page.wait_for_url(f"{visits.site.public_url}/")
    await page.keyboard.press("j")
    await expect(page.locator(".row h3 a:focus")).to_have_count(1)
    assert not visits.watched.complaints


async def test_keys_move_between_rows_except_while_typing(visits: Visits) -> None:
    await storm(visits, 7)
    page = await visits.open(DESK)
    names = await page.locator(".row h3 a").all_inner_texts()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator(":focus")).to_have_text(names[2])
    await page.keyboard.press("k")
    await expect(page.locator(":focus")).to_have_text(names[1])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/episodes/*")
    await expect(page.get_by_role("heading", name=names[1], level=2)).to_be_visible()
    await page.get_by_role("searchbox").click()
    await page.keyboard.type("jk")
    await expect(page.get_by_role("searchbox")).to_have_value("jk")
    await page.get_by_role("button", name="Shortcuts: j/k to move").click()
    await page.keyboard.press("j")
    await expect(page.get_by_role("button", name="Shortcuts are off")).to_be_focused()
