"""Offers in a real browser: the seller on the phone with the customer, and the manager who is asked to approve more."""

import os
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import DESK, PHONE, Visits
from tests.browser.test_inbox_for_everyone import CONTRASTS, FAULTS
from tests.inbox import Site

pytestmark = pytest.mark.browser
WORDS = "A credit for the delay, on the next invoice."


async def _anna_and_mona(site: Site) -> UUID:
    """Mona manages Anna; the customer wants €14,900.00 back, and the play allows a credit of €500.00."""
    await site.hire("mona", "Mona Adler", email="mona@sales.example")
    await site.hire(manager="mona")
    await site.sell()
    return await site.request_refund()


async def _acknowledged(page: Page) -> Locator:
    """Acknowledge, and open the form of offers."""
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(page.get_by_text("You are handling this")).to_be_visible()
    await page.get_by_text("Record an offer or ask for approval").click()
    return page.locator("form[action$='/offer']")


async def _is_for_everyone(page: Page) -> None:
    assert await page.evaluate(FAULTS) == []
    assert await page.evaluate(CONTRASTS) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder := os.environ.get("SHOTS"):
        n = len(os.listdir(folder))
        await page.screenshot(path=f"{folder}/{await page.evaluate('innerWidth')}-{n:02d}.png", full_page=True)


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")])
async def test_more_than_the_limit_is_asked_for_and_approved_with_another_amount(
    visits: Visits, size: tuple[int, int], scheme: str
) -> None:
    path = f"/episodes/{await _anna_and_mona(visits.site)}"
    anna = await visits.open(size, next_path=path, scheme=scheme)
    form = await _acknowledged(anna)
    await form.get_by_label("What you offer").fill(WORDS)
    await form.get_by_label("Amount (EUR)").fill("800")
    await form.get_by_role("button", name="I made an offer").click()
    await expect(form.locator(".trouble")).to_have_text(
        "You may offer up to €500.00 without approval. Ask for approval instead."
    )
    await _is_for_everyone(anna)
    await form.get_by_role("button", name="Ask for approval").click()
    asked = anna.locator("header .with", has_text="Asked Mona Adler to approve €800.00 until 10:30.")
    await expect(asked).to_be_visible()
    await expect(asked, "the answer to the press is in view").to_be_in_viewport()

    mona = await visits.sign_in(await visits.context(size, scheme=scheme), "mona", next_path="/team")
    await _is_for_everyone(mona)
    await mona.get_by_role("link", name="Approve or decline €800.00").click()
    await _is_for_everyone(mona)
    await mona.goto("/")
    card = mona.locator("li.row" if size == PHONE else "[data-detail]")
    await expect(card).to_contain_text("Anna Berg asks you to approve €800.00.")
    await expect(card.get_by_text(WORDS).first).to_be_visible()
    await expect(card.get_by_role("button", name="Approve €800.00")).to_be_visible()
    await expect(card.get_by_role("button", name="Decline")).to_be_visible()
    await expect(card.get_by_role("link", name="Call"), "the seller talks with the customer").to_have_count(0)
    await card.get_by_text("Approve another amount").click()
    await _is_for_everyone(mona)
    await card.get_by_label("Amount (EUR)").fill("5000")
    await mona.keyboard.press("Enter")
    await expect(card.get_by_text("You may approve up to €1,000.00 for this customer now.")).to_be_visible()
    await card.get_by_label("Amount (EUR)").fill("600")
    await mona.keyboard.press("Enter")
    await expect(mona.locator("[data-announce]")).to_contain_text("Approved")
    approved = anna.locator("header .with", has_text="Mona Adler approved €600.00, not €800.00, at 10:00.")
    await expect(approved).to_be_visible()
    await mona.goto("/")
    await expect(mona.get_by_text("Nothing is waiting for you.")).to_be_visible()
    await anna.get_by_text("More actions").click()
    closing = anna.locator('form[action$="/close"]')
    await closing.locator("select[name=ending]").select_option("saved:concession")
    await closing.get_by_role("button", name="Close").click()
    await anna.goto(path)
    await expect(anna.locator("article header")).to_contain_text("Given away: €600.00")
    await expect(anna.get_by_text("€600.00 instead of €800.00: approved by Mona Adler")).to_be_visible()
    await _is_for_everyone(anna)
    await anna.goto("/closed")
    await expect(anna.locator(".followed")).to_contain_text("Given away: €600.00.")


async def test_an_offer_is_asked_for_and_declined_without_javascript(visits: Visits) -> None:
    path = f"/episodes/{await _anna_and_mona(visits.site)}"
    anna = await visits.sign_in(await visits.context(PHONE, scripts="off"), next_path=path)
    form = await _acknowledged(anna)
    await form.get_by_label("What you offer").fill(WORDS)
    await form.get_by_label("percent").fill("50")
    await form.get_by_role("button", name="I made an offer").click()
    await expect(anna.get_by_role("alert").filter(visible=True)).to_contain_text("up to €500.00 without approval")
    await expect(form.get_by_label("What you offer"), "nothing is to be written again").to_have_value(WORDS)
    await form.get_by_label("percent").fill("")
    await form.get_by_label("Amount (EUR)").fill("1000")
    await form.get_by_role("button", name="Ask for approval").click()
    await expect(anna.get_by_text("Asked Mona Adler to approve €1,000.00")).to_be_visible()

    mona = await visits.sign_in(await visits.context(PHONE, scripts="off"), "mona")
    card = mona.locator("li.row")
    await card.get_by_text("Approve another amount").click()
    await card.get_by_label("Amount (EUR)").fill("1.000,00")
    await card.get_by_role("button", name="Approve this amount").click()
    await expect(mona.get_by_role("alert").filter(visible=True)).to_contain_text("without thousands separators")
    await mona.get_by_role("button", name="Decline").click()
    await anna.reload()
    await expect(anna.get_by_text("Mona Adler declined €1,000.00 at 10:00.")).to_be_visible()
    await expect(anna.get_by_text("€1,000.00: declined by Mona Adler")).to_be_visible()
