"""The page of a manager in a real browser: live, without JavaScript, for every eye and screen."""

import pytest
from playwright.async_api import Page, expect

from services.escalation.domain.own_facts import AcknowledgePressed
from tests.browser.conftest import DESK, PHONE, Visits
from tests.browser.test_inbox_for_everyone import CONTRASTS, FAULTS
from tests.escalation import button
from tests.inbox import Site

pytestmark = pytest.mark.browser


async def _busy_team(site: Site) -> None:
    """Mona's team: Anna is away and has been notified, Ben has acknowledged an episode."""
    today = (await site.service.now()).date().isoformat()
    await site.hire("mona", "Mona Adler", email="mona@sales.example")
    await site.hire("ben", "Ben Ortiz", email="ben@sales.example", manager="mona")
    await site.hire("clara", "Clara Voss", manager="mona", away=[{"since": today, "until": today}])
    await site.hire(manager="mona")
    await site.sell()
    await site.request_refund()
    await site.sell("4712", account="c-18", by="ben")
    taken = await site.request_refund("4712", account="c-18", case=None)
    await site.service.receive(button(AcknowledgePressed, taken, "ben", account="c-18"))


async def _opened(visits: Visits, size: tuple[int, int], **like: str) -> Page:
    page = await visits.sign_in(await visits.context(size, **like), "mona", next_path="/team")
    await expect(page.locator(".row")).to_have_count(2)
    return page


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_is_for_every_eye_and_screen(visits: Visits, size: tuple[int, int], scheme: str) -> None:
    await _busy_team(visits.site)
    page = await _opened(visits, size, scheme=scheme)
    await page.locator("details").evaluate_all("all => { for (const one of all) one.open = true; }")
    assert await page.evaluate(FAULTS) == []
    assert await page.evaluate(CONTRASTS) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not visits.watched.complaints


async def test_the_open_page_is_live_and_a_press_shows_in_place(visits: Visits) -> None:
    await _busy_team(visits.site)
    page = await _opened(visits, PHONE)
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    await visits.site.sell("4713", account="c-19", by="ben")
    await visits.site.request_refund("4713", account="c-19", case=None)
    await expect(page.locator(".row")).to_have_count(3, timeout=10_000)
    await expect(page.locator(".row").last).to_contain_text("order 4713")
    await expect(page.locator(".summary h2")).to_have_text("3 sales at risk")
    row = page.locator(".row", has_text="4711")
    await row.get_by_role("button", name="Take over").click()
    await expect(page.locator(".row", has_text="4711")).to_contain_text("You since")
    assert not visits.watched.complaints


async def test_the_page_works_without_javascript(visits: Visits) -> None:
    await _busy_team(visits.site)
    page = await _opened(visits, DESK, scripts="off")
    await page.locator("summary", has_text="Filter and sort").click()
    await page.get_by_label("Now with").select_option("ben")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator(".row")).to_have_count(1)
    await page.get_by_role("link", name="Reassign").click()
    await page.locator("summary", has_text="Manage").click()
    await page.get_by_label("Assign to").select_option("anna")
    await page.get_by_label("Reason").fill("She knows them.")
    await page.get_by_role("button", name="Assign").click()
    await expect(page.locator(".ladder")).to_contain_text("assigned it to a colleague")
