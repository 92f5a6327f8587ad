"""The pages of figures in a real browser: live, without JavaScript, for every eye and screen."""

import os
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from services.escalation.domain.own_facts import AcknowledgePressed, ClosePressed, CustomerReachedLogged
from shared.contracts.escalation import EpisodeResult
from shared.contracts.order_parts import Line
from tests.browser.conftest import DESK, PHONE, Visits
from tests.browser.test_inbox_for_everyone import CONTRASTS, FAULTS
from tests.escalation import button
from tests.inbox import Site
from tests.integration.test_figures import allow_groups_of_three

pytestmark = pytest.mark.browser

_SELLERS = ("anna", "ben", "clara", "dora", "emil", "finn", "gerd")
_PRODUCTS = ("Heat pump with hot water tank, 12 kW", "Boiler", "Solar panels")


async def _a_busy_year(site: Site) -> None:
    """Mona's seven sellers: some reached their customers, one lost the sale, others have not acted yet."""
    await site.hire("mona", "Mona Adler", email="mona@sales.example")
    await allow_groups_of_three(site, individual="manager", by="mona")
    for number, seller in enumerate(_SELLERS):
        await site.hire(seller, seller.title(), email=f"{seller}@sales.example", manager="mona")
        order, account = f"48{number:02}", f"c-{number}"
        lines = (Line(product=_PRODUCTS[number % 2]),)
        await site.sell(order, account=account, by=seller, lines=lines, amount_minor=90_000 * number, currency="EUR")
        episode = await site.request_refund(order, account=account, currency="EUR")
        if number % 2:
            await site.service.move_clock(timedelta(hours=number))
            await site.service.receive(button(AcknowledgePressed, episode, seller, account=account))
            await site.service.receive(button(CustomerReachedLogged, episode, seller, account=account))
            result, reason = (EpisodeResult.LOST, "price") if number == 5 else (EpisodeResult.SAVED, "problem_solved")
            closes = {"result": result, "reason": reason}
            await site.service.receive(button(ClosePressed, episode, seller, account=account, **closes))


async def _opened(visits: Visits, path: str, size: tuple[int, int], **like: str) -> Page:
    page = await visits.sign_in(await visits.context(size, **like), "mona", next_path=path)
    await expect(page.locator("h1")).to_have_text("Figures")
    return page


async def test_the_pages_are_for_every_eye_and_screen(visits: Visits) -> None:
    await _a_busy_year(visits.site)
    for size, name in ((PHONE, "phone"), (DESK, "desk")):
        for scheme in ("light", "dark"):
            page = await _opened(visits, "/team/figures", size, scheme=scheme)
            for path in ("/team/figures?by=product", "/figures?person=anna"):
                await page.goto(path)
                assert await page.evaluate(FAULTS) == []
                assert await page.evaluate(CONTRASTS) == []
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                if "FIGURES" in os.environ:
                    shot = f"{os.environ['FIGURES']}/{'own' if 'person' in path else 'team'}-{name}-{scheme}.png"
                    await page.screenshot(path=shot, full_page=True)
            await page.context.close()
    assert not visits.watched.complaints


async def test_the_open_page_is_live(visits: Visits) -> None:
    await _a_busy_year(visits.site)
    page = await _opened(visits, "/team/figures", PHONE)
    await expect(page.locator("[data-connection]")).to_have_text("Live")
    requests = page.locator(".chart", has=page.locator("#requests"))
    await expect(requests.locator("tbody tr").first).to_have_text("All77")
    await visits.site.sell("4899", account="c-99", by="ben")
    await visits.site.request_refund("4899", account="c-99", case=None)
    await expect(requests.locator("tbody tr").first).to_have_text("All88", timeout=10_000)
    await page.get_by_role("link", name="Month").click()
    await expect(page.get_by_role("link", name="Month")).to_have_attribute("aria-current", "page")
    assert not visits.watched.complaints
