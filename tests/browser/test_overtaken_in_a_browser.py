"""A page that heard of nothing meanwhile: the button answers with what is so, and the page shows it."""

from datetime import timedelta

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import DESK, PHONE, Visits
from tests.inbox_desk import Desk, done, open_desk

pytestmark = pytest.mark.browser


async def never(_: Route) -> None:
    """The live connection opens for ever."""


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_whoever_presses_second_sees_at_once_who_has_it(visits: Visits, size: tuple[int, int]) -> None:
    anna = await open_desk(visits.site)
    await visits.site.wait(timedelta(minutes=16))
    context = await visits.context(size)
    await context.route("**/live*", never)
    page = await visits.sign_in(context, next_path=anna.path)
    episode = (await visits.site.service.row("escalation.episodes"))["episode_id"]
    assert done(await Desk(await visits.site.signed_in("ben"), episode).press("acknowledge"))
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").first.click()
    detail = page.locator("[data-detail]")
    await expect(detail.get_by_text("You sold this order. Ben Ahlers has had it since 10:16.")).to_be_visible()
    await expect(page.locator("[data-announce]")).to_have_text("Ben Ahlers has had it since 10:16.")
    await expect(detail.get_by_role("button", name="Acknowledge")).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE])
async def test_the_time_follows_the_chosen_colleague_until_another_is_entered(
    visits: Visits, size: tuple[int, int]
) -> None:
    anna = await open_desk(visits.site)
    assert done(await anna.press("acknowledge"))
    page = await visits.open(size, next_path=anna.path)
    await page.locator("summary", has_text="More:").locator("visible=true").click()
    people = page.locator("[data-takers]").locator("visible=true")
    field = page.locator("form[action$='/hand-over'] [name=at]").locator("visible=true")
    await expect(field).to_have_value("")
    await people.select_option(await people.locator("[data-who=ben]").get_attribute("value"))
    offered = await people.locator("[data-who=ben]").get_attribute("data-until")
    assert offered
    await expect(field).to_have_value(offered)
    entered = f"{offered[:-5]}23:59"
    await field.fill(entered)
    await people.select_option(await people.locator("[data-who=mona]").get_attribute("value"))
    await expect(field).to_have_value(entered)
