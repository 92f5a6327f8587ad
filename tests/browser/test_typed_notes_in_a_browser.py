"""A typed note outlives other people's changes to its episode: it stays visible until it is saved or dismissed."""

from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, Route, expect

from shared.contracts.support_inbound import Direction
from tests.browser.conftest import DESK, MINE, PHONE, Visits
from tests.builders import ACCOUNT, SELLER, contact_made, contact_preference_changed
from tests.inbox_desk import Desk, done

pytestmark = pytest.mark.browser

NOTE = "She wants a call after six."


async def _refreshed(page: Page) -> None:
    """The page has fetched itself again."""
    async with page.expect_response(lambda response: response.request.headers.get("x-refresh") == "yes"):
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


async def _acknowledged(visits: Visits, size: tuple[int, int]) -> tuple[Page, Desk]:
    """Anna has an episode open, in a second browser as well."""
    episode: UUID = await visits.site.trouble()
    page = await visits.open(size, next_path=f"/episodes/{episode}")
    await page.get_by_role("button", name="Acknowledge").locator("visible=true").click()
    await expect(page.get_by_text(MINE).locator("visible=true").first).to_be_visible()
    return page, Desk(await visits.site.signed_in(), episode)


async def _typed_into_close(page: Page) -> Locator:
    """Choose a reason and type a note. Returns the form."""
    await page.locator("article summary", has_text="More actions").click()
    form = page.locator("article form[action$='/close']")
    await form.locator("select[name=ending]").select_option("lost:price")
    await form.locator("textarea[name=note]").fill(NOTE)
    return form


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_an_overtaken_note_stays_visible_with_the_reason(visits: Visits, size: tuple[int, int]) -> None:
    page, elsewhere = await _acknowledged(visits, size)
    form = await _typed_into_close(page)
    await page.route("**/live*", lambda route: route.abort())
    assert done(await elsewhere.press("close", ending="lost:price"))
    await form.get_by_role("button", name="Close").click()
    kept = page.locator(".unsaved")
    await expect(kept).to_contain_text("You closed it at 10:00.")
    await expect(kept.locator("blockquote")).to_have_text(NOTE)
    await _refreshed(page)
    await expect(page.locator("article.closed")).to_be_visible()
    await expect(kept.locator("blockquote")).to_be_in_viewport()
    await kept.get_by_role("button", name="Dismiss").click()
    await _refreshed(page)
    await expect(kept).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_a_note_stays_visible_with_the_reason_when_the_acknowledgement_has_expired(
    visits: Visits, size: tuple[int, int]
) -> None:
    page, _ = await _acknowledged(visits, size)
    await page.route("**/live*", lambda route: route.abort())
    await page.get_by_text("Add a note").locator("visible=true").click()
    form = page.locator("article form.talked")
    await form.locator("textarea[name=note]").fill(NOTE)
    await visits.site.wait(timedelta(minutes=61))
    await form.get_by_role("button", name="I reached them").first.click()
    await expect(page.locator("article").get_by_role("button", name="Acknowledge")).to_be_visible()
    kept = page.locator(".unsaved")
    await expect(kept).to_contain_text("Acknowledge this first.")
    await expect(kept.locator("blockquote")).to_have_text(NOTE)
    await expect(kept.locator("blockquote")).to_be_in_viewport()
    await _refreshed(page)
    await expect(kept).to_contain_text("Acknowledge this first.")


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_a_note_about_a_talk_reported_in_between_moves_to_the_remaining_form(
    visits: Visits, size: tuple[int, int]
) -> None:
    page, elsewhere = await _acknowledged(visits, size)
    await page.get_by_text("Add a note").locator("visible=true").click()
    await page.locator("article form.talked textarea").fill(NOTE)
    await page.locator("article h2").click()
    talk = contact_made("answered", direction=Direction.OUTBOUND, agent=SELLER)
    await visits.site.receive(talk, about=ACCOUNT)
    closing = page.locator("article form[action$='/close']")
    await expect(closing.locator("textarea[name=note]")).to_have_value(NOTE)
    await expect(page.locator(".unsaved blockquote")).to_have_text(NOTE)
    await closing.locator("select[name=ending]").select_option("lost:price")
    await closing.get_by_role("button", name="Close").click()
    await expect(page.locator("article .story").get_by_text(NOTE)).to_be_visible()
    await expect(page.locator(".unsaved")).to_have_count(0)
    assert NOTE in await elsewhere.page()


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_a_note_stays_visible_when_its_episode_and_the_list_are_gone(
    visits: Visits, size: tuple[int, int]
) -> None:
    page, _ = await _acknowledged(visits, size)
    await _typed_into_close(page)
    await page.locator("article h2").click()
    await visits.site.hire("vera", "Vera Sand", email="vera@sales.example")
    nothing = (await (await visits.site.signed_in("vera")).get("/")).text

    async def gone(route: Route) -> None:
        here = route.request.url.endswith(visits.site.public_url.rsplit(":", 1)[1] + "/")
        await route.fulfill(status=200 if here else 404, body=nothing, content_type="text/html")

    await page.route(lambda url: "/live" not in url, gone)
    await _refreshed(page)
    await expect(page.get_by_role("heading", name="You're all clear.")).to_be_visible()
    await expect(page.locator(".unsaved blockquote")).to_have_text(NOTE)
    await expect(page.locator(".unsaved blockquote")).to_be_in_viewport()


async def test_a_forms_error_stays_beside_it_while_the_page_changes(visits: Visits) -> None:
    page, _ = await _acknowledged(visits, DESK)
    form = await _typed_into_close(page)
    longer = "each => { each.removeAttribute('maxlength'); each.value = 'x'.repeat(1001) }"
    await form.locator("textarea[name=note]").evaluate(longer)
    await form.get_by_role("button", name="Close").click()
    wrong = form.locator(".trouble")
    await expect(wrong).to_contain_text("This note has 1001 characters")
    await visits.site.receive(contact_preference_changed())
    await expect(page.locator("article .forbidden")).to_be_visible(timeout=15_000)
    await expect(wrong).to_contain_text("This note has 1001 characters")
    await expect(wrong).to_be_visible()
