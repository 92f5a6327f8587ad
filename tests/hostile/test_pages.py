"""The salespeople's pages under requests that no browser sends: refused or answered, with no 5xx
and no injected header.
"""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote_from_bytes

import httpx2
import pytest

from tests.hostile.events import CANARY
from tests.hostile.overheard import Overheard
from tests.inbox import form_token
from tests.stories import Company
from tests.waiting import eventually

GETS = ("/", "/episodes/{}", "/sign-in", "/assets/{}/{}", "/{}")
POSTS = ("/episodes/{}/acknowledge", "/acknowledge-all", "/sign-in", "/sign-in/link", "/sign-out")
FIELDS = ("token", "next", "email", "return_to", "csrf_token")
VALUES = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u202e\ufeff".encode(),
    b"../../etc/passwd",
    b"//elsewhere.example/",
    b"\r\nX-Injected: yes",
    b"{{ 7 * 7 }}<script>",
    b"00000000-0000-0000-0000-000000000000",
    CANARY.encode() * 20,
)
_FORM = "application/x-www-form-urlencoded"
_PART = b'--x\r\nContent-Disposition: form-data; name="token"'
BODIES: tuple[tuple[str, bytes], ...] = (
    ("", b"token=1"),
    ("application/json", b'{"token": 1}'),
    (_FORM, b"&&&=%ff&token&%00=%"),
    (_FORM, b"&".join(b"token=%d" % number for number in range(1_500))),
    (_FORM, b"token=" + b"t" * 100_000),
    ("multipart/form-data", b"--x\r\n\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", _PART + b'; filename="a"\r\n\r\n1\r\n--x--\r\n'),
    ("multipart/form-data; boundary=x; charset=utf-16", _PART + b"\r\n\r\n\xff\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x; charset=punycode", _PART + b"\r\n\r\n\xff-\r\n--x--\r\n"),
    ("multipart/form-data; boundary=" + "x" * 300, b"--x"),
    (_FORM + "; charset=unicode_escape", b"token=\\ud800&csrf_token=\\ud800"),
    (_FORM + "; charset*=punycode''%ff; a*0*=x''%80", b"token=1"),
)


@pytest.fixture
async def browser(company: Company) -> AsyncIterator[httpx2.AsyncClient]:
    """A signed-in person's browser that follows no redirects."""
    story = company.story()
    await story.hire()
    known = "select count(*) from escalation.salespeople where salesperson_id = $1"
    await eventually(lambda: company.pools["escalation"].fetchval(known, story.seller), 1)
    async with story.signed_in() as browser:
        yield browser


async def test_no_path_or_query_of_a_page_is_a_5xx(browser: httpx2.AsyncClient) -> None:
    for value in VALUES:
        encoded = quote_from_bytes(value, safe="")
        query = "&".join(f"{field}={encoded}" for field in FIELDS)
        for path in GETS:
            _check(await browser.get(f"{path.replace('{}', encoded)}?{query}"))


async def test_no_form_is_a_5xx_with_or_without_the_token_of_its_page(browser: httpx2.AsyncClient) -> None:
    token = form_token((await browser.get("/")).text)
    for path in POSTS:
        for kind, body in _forms(token):
            address = path.replace("{}", "00000000-0000-0000-0000-000000000000")
            _check(await browser.post(address, content=body, headers={"Content-Type": kind}))


async def test_no_cookie_is_a_5xx(company: Company) -> None:
    async with httpx2.AsyncClient(base_url=company.machine.service("escalation").url) as stranger:
        for value in VALUES:
            cookie = b"session=" + value.replace(b"\0", b"").replace(b"\r\n", b"")
            for path in ("/", "/live", "/accounts/c-17/timeline"):
                _check(await stranger.get(path, headers={b"cookie": cookie}))


def test_no_page_failed(overheard: Overheard) -> None:
    assert "a request failed" not in overheard.logs()
    assert "Exception in ASGI application" not in overheard.logs()


def _forms(token: str) -> Iterator[tuple[str, bytes]]:
    yield from BODIES
    for value in VALUES:
        encoded = quote_from_bytes(value, safe="")
        for fields in (FIELDS, FIELDS[:-1]):
            body = "&".join(f"{field}={encoded}" for field in fields)
            yield _FORM, f"{body}&csrf_token={token}".encode()


def _check(answer: httpx2.Response) -> None:
    assert answer.status_code < 500, (answer.request.url, answer.status_code)
    assert "x-injected" not in answer.headers
    assert answer.headers.get("location", "/").startswith("/")
    assert not answer.headers.get("location", "/").startswith("//")
