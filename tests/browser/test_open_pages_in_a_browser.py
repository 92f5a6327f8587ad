"""The requests that an open page makes by itself: none twice, and none that prolongs its session."""

from datetime import datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DESK, MINE, Visits

pytestmark = pytest.mark.browser


async def live(page: Page) -> None:
    await expect(page.locator("[data-connection]")).to_have_text("Live")


async def ends_at(visits: Visits) -> datetime:
    at: datetime = await visits.site.service.pool.fetchval("select expires_at from escalation.sessions")
    return at


@pytest.mark.parametrize("path", ["/", "/episodes/{}"])
async def test_opening_a_page_requests_it_once(visits: Visits, path: str) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(DESK)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.resource_type))
    await page.goto(path.format(episode))
    await live(page)
    assert [kind for kind in asked if kind in ("document", "fetch")] == ["document"]
    await visits.site.request_refund(words="I ask for it once more.")
    await expect(page.get_by_text("I ask for it once more.").locator("visible=true").first).to_be_visible()
    assert asked.count("fetch") == 1


async def test_only_a_persons_actions_prolong_the_session(visits: Visits) -> None:
    page = await visits.open(DESK)
    await live(page)
    opened = await ends_at(visits)
    await visits.site.service.move_clock(timedelta(days=3))
    await visits.site.trouble()
    await expect(page.get_by_role("link", name="Petra Weiss")).to_be_visible()
    assert await ends_at(visits) == opened
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(page.get_by_text(MINE).locator("visible=true").first).to_be_visible()
    assert await ends_at(visits) > opened


async def test_a_deadline_becomes_urgent_while_the_page_is_open(visits: Visits) -> None:
    await visits.site.sell(amount_minor=50_000)
    episode = await visits.site.request_refund(amount_minor=50_000)
    page = await visits.open(DESK, next_path=f"/episodes/{episode}")
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(page.locator("article").get_by_text("You are handling this")).to_be_visible()
    clock = page.locator("article .deadline")
    await expect(clock).not_to_have_class("deadline urgent")
    until = datetime.fromisoformat(await clock.locator("time").get_attribute("datetime") or "")
    left = until - timedelta(minutes=59) - await visits.site.service.now()
    shift = "left => { const now = Date.now; Date.now = () => now() + left; }"
    await page.evaluate(shift, left / timedelta(milliseconds=1))
    await expect(clock).to_have_class("deadline urgent")
