"""An episode for information on a telephone: one press closes it."""

from playwright.async_api import expect

from tests.browser.conftest import PHONE, Visits


async def test_an_episode_for_information_is_seen_with_one_press(visits: Visits) -> None:
    await visits.site.sell()
    episode = await visits.site.request_refund(kind="chargeback", amount_minor=120_000)
    page = await visits.open(PHONE, next_path=f"/episodes/{episode}")
    article = page.locator("article.episode")
    await expect(article.get_by_text("Nothing is due from you. Mark it as seen.")).to_be_visible()
    filled = await article.locator(".button.next").all_inner_texts()
    assert [" ".join(text.split()) for text in filled] == ["Mark as seen Petra Weiss"]
    assert await article.locator('a[href^="tel:"]').count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await article.get_by_role("button", name="Mark as seen").click()
    await expect(page.get_by_text("Seen. Closed")).to_be_visible()
    assert visits.watched.complaints == []
