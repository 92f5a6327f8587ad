"""A close that is undone, and notes, in a real browser: on a telephone, and without JavaScript."""

from playwright.async_api import expect

from tests.browser.conftest import PHONE, Visits
from tests.builders import contact_preference_changed

NOTE = "She wants a call after six."


async def test_a_close_is_undone_on_a_telephone_and_notes_are_read_at_once(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(PHONE, next_path=f"/episodes/{episode}")
    article = page.locator("article.episode")
    await article.get_by_role("button", name="Acknowledge").click()
    await article.get_by_text("Add a note").click()
    await article.locator("form.talked textarea").fill(NOTE)
    await article.get_by_role("button", name="I couldn't reach them").first.click()
    await expect(article.locator(".story").get_by_text(NOTE)).to_be_visible()
    await article.get_by_text("More actions").click()
    closing = article.locator('form[action$="/close"]')
    await closing.locator("select[name=ending]").select_option("lost:price")
    await closing.get_by_role("button", name="Close").click()
    undo = article.get_by_role("button", name="Undo")
    await expect(undo).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await undo.click()
    await expect(article.get_by_text("You are handling this")).to_be_visible()
    assert visits.watched.complaints == []


async def test_typed_text_stays_while_the_page_changes(visits: Visits) -> None:
    episode = await visits.site.trouble()
    page = await visits.open(next_path=f"/episodes/{episode}")
    article = page.locator("article.episode")
    await article.get_by_role("button", name="Acknowledge").click()
    await article.get_by_text("Add a note").click()
    typed = article.locator("form.talked textarea")
    await typed.fill(NOTE)
    await article.locator("h2").click()
    await visits.site.receive(contact_preference_changed())
    await expect(article.locator(".forbidden")).to_be_visible(timeout=15_000)
    await expect(typed).to_have_value(NOTE)


async def test_without_scripts_a_close_is_undone_from_the_list_of_closed_episodes(visits: Visits) -> None:
    episode = await visits.site.trouble()
    context = await visits.context(PHONE, scripts="off")
    page = await visits.sign_in(context, next_path=f"/episodes/{episode}")
    await page.get_by_text("More actions").click()
    closing = page.locator(f'form[action="/episodes/{episode}/close"]')
    await closing.locator("select[name=ending]").select_option("lost:price")
    await closing.locator("textarea[name=note]").fill(NOTE)
    await closing.get_by_role("button", name="Close").click()
    await page.goto("/closed")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("article.episode").get_by_role("button", name="Acknowledge")).to_be_visible()
    await expect(page.locator("article.episode").get_by_text(NOTE)).to_be_visible()
