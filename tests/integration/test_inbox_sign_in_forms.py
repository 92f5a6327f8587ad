"""Cookies of the inbox, and forms that only our own page can send."""

import asyncio
from urllib.parse import urlsplit

import pytest

from services.escalation.inbox import answers
from tests.builders import SELLER
from tests.inbox import Site, inbox_site, served, token_of
from tests.servers import MakeDatabase

FORM = "application/x-www-form-urlencoded"
CHARSETS = ("utf-8", "punycode", "unicode_escape", "utf-7", "idna", "no-such")


async def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    token = token_of(await site.link_for(SELLER))
    answer = await site.browser().post("/sign-in", data={"token": token})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie


async def test_over_https_the_cookie_belongs_to_this_host_alone(database: MakeDatabase) -> None:
    url = await database("escalation")
    async with inbox_site(url, public_url="https://inbox.test") as site:
        token = token_of(await site.link_for(SELLER))
        answer = await site.browser().post("/sign-in", data={"token": token})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-")
        assert "secure" in cookie.lower()
        assert "path=/" in cookie.lower()
        assert "domain" not in cookie.lower()


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://inbox.test"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
async def test_a_form_of_another_site_signs_no_one_in(site: Site, headers: dict[str, str]) -> None:
    token = token_of(await site.link_for(SELLER))
    refused = await site.browser().post("/sign-in", data={"token": token}, headers=headers)
    assert refused.status_code == 403
    taken = {"origin": "null", "sec-fetch-site": "same-origin"}  # sent by browsers under no-referrer
    assert (await site.browser().post("/sign-in", data={"token": token}, headers=taken)).status_code == 303


async def test_an_oversized_form_is_refused_unread(site: Site) -> None:
    refused = await site.browser().post("/sign-in", data={"token": "x" * 40_000})
    assert refused.status_code == 413
    assert "note" not in refused.text


KINDS = [
    "application/json",
    "text/plain",
    "",
    *(f"multipart/form-data; boundary=x; charset={name}" for name in CHARSETS),
]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_form_of_an_unexpected_content_type_is_refused_in_words(site: Site, kind: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n\\ud800+2AA-\xff\r\n'
    body = b"".join(part % name for name in (b"token", b"email", b"csrf_token")) + b"--x--\r\n"
    browser = await site.signed_in()
    for path in ("/sign-in", "/sign-in/link", "/sign-out", "/check-ins"):
        refused = await browser.post(path, content=body, headers={"Content-Type": kind})
        assert refused.status_code == 403
        assert "Reload the page and try again" in refused.text


@pytest.mark.parametrize("kind", [FORM, f"{FORM}; charset=UTF-8", f"{FORM.title()};charset=punycode"])
async def test_a_form_is_accepted_with_any_stated_charset(site: Site, kind: str) -> None:
    body = f"token={token_of(await site.link_for(SELLER))}".encode()
    taken = await site.browser().post("/sign-in", content=body, headers={"Content-Type": kind})
    assert taken.status_code == 303


async def test_a_slow_form_is_refused_in_words_and_its_connection_closed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "FORM_SECONDS", 0.2)
    async with served(site.app) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        head = f"POST /sign-in HTTP/1.1\r\nHost: inbox.test\r\nContent-Type: {FORM}\r\nContent-Length: 50\r\n\r\n"
        writer.write(head.encode() + b"token=")
        answer = (await asyncio.wait_for(reader.read(), 5)).decode()  # to the end of the connection
        writer.close()
    assert answer.startswith("HTTP/1.1 408 ")
    assert "try again" in answer
