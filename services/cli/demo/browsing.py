"""A salesperson's way into the inbox: a link that signs in, and a browser without JavaScript for pages and buttons."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

from services.cli.demo.cast import Seller
from services.cli.demo.observing import NotAsExpected
from services.escalation.inbox import make_sign_in_link
from shared.database import open_pool
from shared.ids import SalespersonId

_SECONDS = 10
_DUTIES = re.compile(r"<section[^>]* data-duties.*?</section>", re.DOTALL)
_MARKUP = re.compile(r"^[^>]*>|<[^>]+>")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


async def sign_in_link(addresses: Mapping[str, str], seller: Seller) -> str:
    """A link that signs this person in, once."""
    pool = await open_pool(addresses["ESCALATION_DATABASE_URL"], name="handoff-demo", max_connections=1)
    try:
        return await make_sign_in_link(pool, SalespersonId(seller.id), base_url=addresses["INBOX_URL"])
    finally:
        pool.terminate()


def press(link: str, episode: str, button: str) -> None:
    """Sign in with a link and press an episode's button, as its page would. Raises NotAsExpected. Blocks."""
    with _inbox_at(link) as (page, post):
        token = _TOKEN.search(page)
        if token is None:
            raise NotAsExpected("a page with a form", "a page without one")
        post(f"/episodes/{episode}/{button}", csrf_token=token[1])


def listed_duties(link: str) -> list[str]:
    """Sign in with a link, and read what the page lists as duties. Raises NotAsExpected. Blocks."""
    with _inbox_at(link) as (page, _):
        (section,) = _DUTIES.findall(page) or [""]
        return [" ".join(unescape(_MARKUP.sub(" ", duty)).split()) for duty in section.split("<li id=")[1:]]


@contextmanager
def _inbox_at(link: str) -> Iterator[tuple[str, Callable[..., str]]]:
    """The first page, and how to send a form from it."""
    parts = urlsplit(link)
    site = f"{parts.scheme}://{parts.netloc}"
    opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def post(path: str, **form: str) -> str:
        with opener.open(f"{site}{path}", urlencode(form).encode(), timeout=_SECONDS) as answer:
            text: str = answer.read().decode()
            return text

    try:
        yield post("/sign-in", token=parse_qs(parts.query)["token"][0]), post
    except HTTPError as error:
        raise NotAsExpected("that the inbox takes what is pressed", f"status {error.code}") from None
    except (URLError, OSError) as error:
        raise NotAsExpected("that the inbox answers", str(error)) from None
