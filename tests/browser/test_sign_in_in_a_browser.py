"""Requesting a sign-in link in a real browser, which changes the spelling of addresses unless it is prevented."""

from urllib.parse import quote

import pytest
from playwright.async_api import expect

from services.escalation.store.sessions import Person
from tests.browser.conftest import PHONE, Visits
from tests.waiting import until


@pytest.mark.parametrize("address", ["anna@münchen.example", "jürgen@sales.example", "anna@sales.example"])
async def test_a_link_is_sent_for_the_address_as_typed(visits: Visits, address: str) -> None:
    await visits.site.hire(email=address)
    page = await (await visits.context()).new_page()
    await page.goto("/sign-in")
    field = page.get_by_label("Work e-mail address")
    await field.fill(f" {address} ")
    await page.get_by_role("button", name="Send me a link").click()
    await page.get_by_role("heading", name="Check your e-mail").wait_for()
    assert await page.locator(".sent-to").inner_text() == address
    person, _ = await _sent(visits)
    assert person.email == address


@pytest.mark.parametrize("is_quoted", [False, True], ids=["as it is", "quoted by a filter of mail"])
async def test_a_link_that_opens_elsewhere_is_pasted(visits: Visits, is_quoted: bool) -> None:
    await visits.site.hire(email="anna@sales.example")
    app = await (await visits.context()).new_page()
    await app.goto("/sign-in")
    await app.get_by_label("Work e-mail address").fill("anna@sales.example")
    await app.get_by_role("button", name="Send me a link").click()
    await app.get_by_role("heading", name="Check your e-mail").wait_for()
    _, link = await _sent(visits)
    pasted = f"https://filter.example/?url={quote(link, safe='')}" if is_quoted else link
    await app.get_by_label("Link from the e-mail").fill(pasted)
    await app.get_by_role("button", name="Sign in").click()
    await app.get_by_role("heading", name="You're all clear.").wait_for()


async def test_the_field_is_for_addresses_and_text_without_an_at_sign_is_not_sent(visits: Visits) -> None:
    page = await (await visits.context()).new_page()
    await page.goto("/sign-in")
    field = page.get_by_label("Work e-mail address")
    wanted = {"inputmode": "email", "autocapitalize": "off", "spellcheck": "false", "autocomplete": "email"}
    assert {name: await field.get_attribute(name) for name in wanted} == wanted
    await field.fill("anna")
    await page.get_by_role("button", name="Send me a link").click()
    assert await field.evaluate("field => field.validity.patternMismatch")
    assert visits.site.sent_links == []


@pytest.mark.parametrize("path", ["/closed", "/devices", "/history/{}"])
async def test_the_menu_under_the_name_is_on_every_page(visits: Visits, path: str) -> None:
    page = await visits.open(PHONE, next_path=path.format(await visits.site.trouble()))
    name = page.locator(".who summary")
    await name.click()
    await expect(page.locator(".who").get_by_role("link", name="Notifications")).to_be_visible()
    assert await name.evaluate("(each) => innerWidth - each.getBoundingClientRect().right") <= 16, (
        "at the edge, as in the inbox"
    )
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


async def _sent(visits: Visits) -> tuple[Person, str]:
    """The only link that was sent, with its recipient. It is sent after the page that says so."""

    async def links() -> list[tuple[Person, str]]:
        return list(visits.site.sent_links)

    (sent,) = await until(links, bool, wanted="a link")
    return sent
