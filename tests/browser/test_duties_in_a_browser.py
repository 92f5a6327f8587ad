"""Follow-ups in a browser: logged in place, beside episodes or alone, with and without scripts."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from shared.contracts.order_parts import Customer, Promise
from tests.browser.conftest import DESK, PHONE, Visits
from tests.builders import order_placed

pytestmark = pytest.mark.browser
DAY = timedelta(days=1)
_TALKED_ABOUT = "select order_id from escalation.facts where kind = 'customer_reached'"


async def sell_lately(visits: Visits) -> None:
    """Two sales of thirteen days ago, one with a promise that is due tomorrow."""
    site = visits.site
    now = await site.service.now()
    promise = Promise(what="Training for the caretaker, on site", due_at=now + 14 * DAY)
    await site.receive(order_placed(sold_at=now, promises=(promise,)))
    other = Customer(name="Café Morgenrot", phone="+43 1 58858", zone="Europe/Vienna")
    await site.receive(order_placed("4712", sold_at=now, customer=other), about="c-18")
    await site.service.move_clock(13 * DAY)


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_a_check_in_is_logged_in_place(visits: Visits, size: tuple[int, int]) -> None:
    await sell_lately(visits)
    page = await visits.open(size)
    duties = page.locator("[data-duties]")
    await expect(duties.locator("li[id]")).to_have_count(3)
    await page.evaluate("window.neverLeft = true")
    await duties.get_by_role("button", name="We spoke with Café Morgenrot").click()
    await expect(duties.locator("li[id]")).to_have_count(2)
    assert await page.evaluate("window.neverLeft === true")
    await expect(duties.locator(":focus"), "the keyboard goes on with the next duty").to_contain_text("Call")
    assert await visits.site.service.pool.fetchval(_TALKED_ABOUT) == "4712"


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_follow_ups_come_after_urgent_episodes(visits: Visits, size: tuple[int, int]) -> None:
    await sell_lately(visits)
    await visits.site.request_refund()
    page = await visits.open(size)
    episode = await page.get_by_role("link", name="Petra Weiss").first.bounding_box()
    duties = await page.get_by_role("heading", name="Follow-ups").bounding_box()
    assert episode is not None
    assert duties is not None
    assert duties["y"] > episode["y"]


async def test_a_check_in_is_logged_without_scripts(visits: Visits) -> None:
    await sell_lately(visits)
    page = await visits.sign_in(await visits.context(PHONE, scripts="off"))
    await page.get_by_role("button", name="We spoke with Petra Weiss").click()
    await expect(page.locator("[data-duties] li[id]")).to_have_count(2)
    await expect(page.get_by_text("Training for the caretaker, on site")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_a_promise_confirmed_by_the_customer_is_finished_in_place(visits: Visits, size: tuple[int, int]) -> None:
    await sell_lately(visits)
    page = await visits.open(size)
    await page.evaluate("window.neverLeft = true")
    await page.get_by_role("button", name="They say it was kept").click()
    finished = page.get_by_role("list", name="Reported, not yet confirmed")
    await expect(finished.get_by_role("listitem")).to_have_count(1)
    await expect(finished).to_contain_text("You reported this at 10:00, not yet confirmed")
    others = page.locator("[data-duties] > ol > li")
    await expect(others, "the talk was this customer's check-in too").to_have_count(1)
    assert await page.evaluate("window.neverLeft === true")


async def test_follow_ups_that_change_while_the_first_episode_arrives_stay_on_the_page(visits: Visits) -> None:
    await sell_lately(visits)
    page = await visits.open(DESK)
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await visits.site.service.move_clock(2 * DAY)
    await visits.site.request_refund()
    await expect(page.get_by_role("link", name="Petra Weiss")).to_be_visible()
    await expect(page.locator("[data-duties] li[id]").first).to_contain_text("overdue")
