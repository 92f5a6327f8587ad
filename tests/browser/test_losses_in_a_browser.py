"""The questions about a loss in a real browser: on a telephone, and without JavaScript."""

from typing import Literal

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PHONE, Visits

ANSWER = "Called them back on Monday."


@pytest.mark.parametrize("scripts", ["on", "off"])
async def test_the_questions_about_a_loss_appear_only_for_a_loss(visits: Visits, scripts: Literal["on", "off"]) -> None:
    episode = await visits.site.trouble()
    context = await visits.context(PHONE, scripts=scripts)
    page = await visits.sign_in(context, next_path=f"/episodes/{episode}")
    article = page.locator("article.episode")
    await article.get_by_text("More actions").click()
    closing = article.locator('form[action$="/close"]')
    questions, ending = closing.locator(".if-lost"), closing.locator("select[name=ending]")
    for value, asked in (("saved:concession", False), ("lost:price", True)):
        await ending.select_option(value)
        await expect(questions).to_be_visible(visible=asked)
    await closing.locator("textarea[name=could_have]").fill(ANSWER)
    await closing.locator("select[name=may_call_again]").select_option("no")
    await closing.get_by_role("button", name="Close").click()
    await page.goto(f"{visits.site.public_url}/episodes/{episode}")
    left = page.locator(".why-lost")
    for text in ("Too expensive", "Not yet known", "Nobody reached them", ANSWER, "Not answered", "No"):
        await expect(left.get_by_text(text, exact=text == "No").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
