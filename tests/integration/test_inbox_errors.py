"""Errors outside the pages: a page for a person's browser, JSON for a program; and the sign-in pages explain more."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.exceptions import HTTPException

from tests.builders import SELLER
from tests.inbox import Site, inbox_site, words_of
from tests.servers import MakeDatabase

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire(SELLER, email="anna@sales.example")
        yield site


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nonsense", 404), ("DELETE", "/sign-in", 405)])
async def test_a_browser_gets_a_page_and_a_program_gets_json(site: Site, method: str, path: str, status: int) -> None:
    browser = site.browser()
    page = await browser.request(method, path, headers={"Accept": BROWSER})
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert "Go to your inbox" in words_of(page.text)
    assert "style-src 'self'" in page.headers["content-security-policy"]
    for accepted in ("application/json", "*/*", "text/html;q=0.5, application/json"):
        reported = await browser.request(method, path, headers={"Accept": accepted})
        assert reported.status_code == status
        assert reported.json()["errors"][0]["code"]
    assert page.headers.get("allow") == reported.headers.get("allow")


async def test_a_page_with_an_explanation_of_its_own_keeps_it(site: Site) -> None:
    @site.app.get("/accounts/c-9/timeline")
    async def not_theirs() -> None:
        raise HTTPException(404, "you are not responsible for a customer with this ID")

    page = await site.browser().get("/accounts/c-9/timeline", headers={"Accept": BROWSER})
    assert page.status_code == 404
    words = words_of(page.text)
    assert "That didn't work You are not responsible for a customer with this ID." in words
    assert "There is no page" not in words


async def test_a_fault_of_the_service_is_a_page_for_a_browser(site: Site) -> None:
    @site.app.get("/broken")
    async def broken() -> None:
        raise LookupError("a fault")

    transport = httpx2.ASGITransport(app=site.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=site.public_url) as browser:
        page = await browser.get("/broken", headers={"Accept": BROWSER})
        reported = await browser.get("/broken")
    assert page.status_code == reported.status_code == 500
    assert "The fault is ours, not yours" in words_of(page.text)
    assert "a fault" not in words_of(page.text)
    assert reported.json()["errors"][0]["code"] == "internal_error"


async def test_the_page_after_requesting_a_link_shows_the_address_and_allows_another_request(site: Site) -> None:
    browser = site.browser()
    typed = {"email": " anna@sales.example<b> ", "next": "/"}
    sent = await browser.post("/sign-in/link", data=typed)
    assert "anna@sales.example&lt;b&gt;" in sent.text
    words = words_of(sent.text)
    assert words.index("Handoff") < words.index("Check your e-mail")
    assert "Use a different address" in words
    assert 'action="/sign-in/link"' in sent.text
    assert 'name="email" value="anna@sales.example&lt;b&gt;"' in sent.text
    assert words.index("Send again") > 0
    known = await browser.post("/sign-in/link", data={"email": "anna@sales.example"})
    unknown = await browser.post("/sign-in/link", data={"email": "nobody@sales.example"})
    assert known.text == unknown.text.replace("nobody@", "anna@")


async def test_sending_a_link_again_says_that_it_is_another_one(site: Site) -> None:
    first = await site.browser().post("/sign-in/link", data={"email": "anna@sales.example"})
    assert "a sign-in link is on its way" in words_of(first.text)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', first.text))
    again = await site.browser().post("/sign-in/link", data=fields)
    assert "another sign-in link is on its way" in words_of(again.text)
