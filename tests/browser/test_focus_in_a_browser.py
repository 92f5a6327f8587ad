"""After a press the focus is on the next step, and in view; rows and pages hold no invisible remainders."""

from datetime import timedelta

import pytest
from playwright.async_api import Locator, Page, expect

from shared.contracts.order_parts import Customer
from tests.browser.conftest import DESK, PHONE, Visits
from tests.builders import cancellation_requested, case_opened, contact_made, delivery_late, order_placed
from tests.inbox_desk import done, open_desk

pytestmark = pytest.mark.browser


async def _more(page: Page, action: str) -> Locator:
    await page.locator("article summary", has_text="More actions").click()
    return page.locator(f"article form[action$='/{action}']").first


async def _taken(visits: Visits, size: tuple[int, int]) -> Page:
    """Anna has an episode with a long story open."""
    desk = await open_desk(visits.site)
    await visits.site.receive(case_opened(title="The pump is loud"), minutes_ago=900, about="c-17")
    for place in range(9):
        await visits.site.receive(
            contact_made("voicemail", words=f"Call {place}"), minutes_ago=800 - place, about="c-17"
        )
    assert done(await desk.press("acknowledge"))
    return await visits.open(size, next_path=desk.path)


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize(("action", "button", "then"), [("snooze", "In 1 hour", "Call"), ("not-mine", "Not mine", "")])
async def test_after_a_button_in_more_the_focus_stays_in_the_episode(
    visits: Visits, size: tuple[int, int], action: str, button: str, then: str
) -> None:
    page = await _taken(visits, size)
    version = await page.locator("article").get_attribute("data-version") or ""
    form = await _more(page, action)
    await form.get_by_role("button", name=button).press("Enter")
    await expect(page.locator("article")).not_to_have_attribute("data-version", version)
    focused = page.locator("[data-detail]:focus, [data-detail] :focus")
    await expect(focused).to_have_count(1)
    await expect(focused).to_contain_text(then)


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_after_a_close_the_undo_is_in_view(visits: Visits, size: tuple[int, int]) -> None:
    page = await _taken(visits, size)
    form = await _more(page, "close")
    await form.locator("select[name=ending]").select_option("lost:price")
    await page.evaluate("(document.querySelector('[data-detail]').scrollTop = 500, scrollTo(0, 500))")
    await form.get_by_role("button", name="Close").click()
    undo = page.locator("article .undo .button")
    await expect(undo).to_be_in_viewport(ratio=1)
    await expect(undo).to_be_focused()


async def test_on_a_desk_the_page_is_as_high_as_the_screen(visits: Visits) -> None:
    site = visits.site
    for number in range(8):
        customer = Customer(name=f"Company {number}", phone="+49 30 901820", zone="Europe/Berlin")
        sale = order_placed(f"o-{number}", sold_at=await site.service.now(), customer=customer)
        await site.receive(sale, about=f"a-{number}")
    await site.service.move_clock(timedelta(days=13))
    await site.request_refund("o-0", account="a-0", case=None)
    page = await visits.open(DESK)
    await expect(page.locator(".duties > ol > li").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollHeight") == DESK[1]


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_a_row_that_has_left_the_inbox_shows_no_other_state(visits: Visits, size: tuple[int, int]) -> None:
    desk = await open_desk(visits.site)
    assert done(await desk.press("acknowledge"))
    await visits.site.sell("o-2", account="a-2", customer=Customer(name="Other"))
    await visits.site.receive(delivery_late("o-2"), minutes_ago=5, about="a-2")
    page = await visits.open(size)
    row = page.locator(".row", has_text="Petra Weiss")
    await expect(row.locator(".mine")).to_be_visible()
    assert done(await desk.press("close", ending="lost:price"))
    await expect(row).to_have_attribute("inert", "")
    await expect(row.locator(".mine")).to_be_hidden()
    await expect(row.locator(".state time")).to_be_hidden()
    assert "No longer here" in await row.locator(".state .quiet").evaluate(
        "(e) => getComputedStyle(e, '::before').content"
    )


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_an_episode_that_the_keyboard_opens_has_the_focus_and_keeps_it(
    visits: Visits, size: tuple[int, int]
) -> None:
    await open_desk(visits.site)
    await visits.site.sell("o-2", account="a-2", customer=Customer(name="Other"))
    await visits.site.receive(delivery_late("o-2"), minutes_ago=5, about="a-2")
    page = await visits.open(size)
    await expect(page.locator(".row")).to_have_count(2)
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    heading = page.locator("[data-detail] h2")
    await page.wait_for_url("**/episodes/*")
    await expect(heading).to_have_text("Petra Weiss")
    await expect(heading).to_be_focused()
    await visits.site.receive(cancellation_requested(words="Once more"), minutes_ago=1, about="c-17")
    await expect(page.locator("article")).to_contain_text("Once more")
    await expect(heading).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("article :focus")).to_have_count(1)
