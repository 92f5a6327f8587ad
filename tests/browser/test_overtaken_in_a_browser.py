"""A page that missed a change: the button answers with the current state, and the page shows it."""

from datetime import timedelta

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import DESK, PHONE, Visits
from tests.inbox_desk import Desk, done, open_desk

pytestmark = pytest.mark.browser


async def never(_: Route) -> None:
    """The live connection stays in the state of opening."""


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_the_second_to_press_sees_at_once_who_has_it(visits: Visits, size: tuple[int, int]) -> None:
    anna = await open_desk(visits.site)
    await visits.site.wait(timedelta(minutes=16))
    context = await visits.context(size)
    await context.route("**/live*", never)
    page = await visits.sign_in(context, next_path=anna.path)
    episode = (await visits.site.service.row("escalation.episodes"))["episode_id"]
    assert done(await Desk(await visits.site.signed_in("ben"), episode).press("acknowledge"))
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").first.click()
    detail = page.locator("[data-detail]")
    await expect(
        detail.get_by_text("You sold this order. Ben Ahlers has been handling this since 10:16.")
    ).to_be_visible()
    await expect(page.locator("[data-announce]")).to_have_text("Ben Ahlers has been handling this since 10:16.")
    await expect(detail.get_by_role("button", name="Acknowledge")).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_the_page_says_until_when_the_chosen_colleague_may_accept(visits: Visits, size: tuple[int, int]) -> None:
    anna = await open_desk(visits.site)
    assert done(await anna.press("acknowledge"))
    page = await visits.open(size, next_path=anna.path)
    await page.locator("summary", has_text="More actions").locator("visible=true").click()
    form = page.locator("form[action$='/hand-over']").locator("visible=true")
    await expect(form).to_contain_text("Must accept by (optional; otherwise 2 hours of their working time)")
    await form.locator("[data-takers]").select_option("ben")
    await expect(form).to_contain_text("Must accept by (optional; otherwise 12:00)")
    await expect(form.locator("[name=at]")).to_have_value("")


async def test_an_offer_from_a_page_open_for_long_ends_two_hours_after_the_press(visits: Visits) -> None:
    anna = await open_desk(visits.site)
    assert done(await anna.press("acknowledge"))
    page = await visits.open(DESK, next_path=anna.path)
    await page.locator("summary", has_text="More actions").locator("visible=true").click()
    form = page.locator("form[action$='/hand-over']").locator("visible=true")
    await form.locator("[data-takers]").select_option(await form.locator("[data-who=ben]").get_attribute("value"))
    await visits.site.service.move_clock(timedelta(hours=3))
    await form.get_by_role("button", name="Ask to take over").click()
    waiting = page.get_by_text("Waiting for Ben Ahlers to accept (until 15:00)")
    await expect(waiting.locator("visible=true")).to_be_visible()
