"""A salesperson's way into the inbox: a link that signs in, and a browser without JavaScript for pages and buttons."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
_PARTS = (
    re.compile(r'class="to-do">([^<]*)<'),
    re.compile(r"<h3><bdi>([^<]*)<"),
    re.compile(r"<time[^>]*>([^<]*)<"),
)
"""What to do, the customer, and when it is due."""
_FORM = re.compile(r"<form.*?</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


async def sign_in_link(addresses: Mapping[str, str], seller: Seller) -> str:
    """A link that signs this person in, once."""
    pool = await open_pool(addresses["ESCALATION_DATABASE_URL"], name="handoff-demo", max_connections=1)
    try:
        return await make_sign_in_link(pool, SalespersonId(seller.id), base_url=addresses["INBOX_URL"])
    finally:
        pool.terminate()


def press(link: str, episode: str, button: str, **entered: str) -> None:
    """Sign in with a link, open an episode's page, and send the form of a button. Raises NotAsExpected. Blocks."""
    address = f"/episodes/{episode}/{button}"
    with _inbox_at(link) as (_, request):
        forms = [form for form in _FORM.findall(request(f"/episodes/{episode}")) if f'"{address}"' in form]
        if not forms:
            raise NotAsExpected(f"a page with the button “{button}”", "a page without it")
        request(address, **dict(_HIDDEN.findall(forms[0])) | entered)


@dataclass(frozen=True, slots=True)
class ListedDuty:
    """A duty on a page: all its text, and a line of its own: "“Keep the promise”, Elif Yılmaz, due tomorrow, 10:00"."""

    text: str
    line: str


def listed_duties(link: str) -> list[ListedDuty]:
    """Sign in with a link, and read what the page lists as duties. Raises NotAsExpected. Blocks."""
    with _inbox_at(link) as (page, _):
        (section,) = _DUTIES.findall(page) or [""]
        return [_listed(duty) for duty in section.split("<li id=")[1:]]


def _listed(duty: str) -> ListedDuty:
    to_do, customer, due = (_text(found[1]) if (found := part.search(duty)) else "" for part in _PARTS)
    return ListedDuty(_text(_MARKUP.sub(" ", duty)), f"“{to_do}”, {customer}, {due}")


def _text(markup: str) -> str:
    return " ".join(unescape(markup).split())


@contextmanager
def _inbox_at(link: str) -> Iterator[tuple[str, Callable[..., str]]]:
    """The first page, and how to open another one, or send a form."""
    parts = urlsplit(link)
    site = f"{parts.scheme}://{parts.netloc}"
    opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def request(path: str, **form: str) -> str:
        with opener.open(f"{site}{path}", urlencode(form).encode() or None, timeout=_SECONDS) as answer:
            text: str = answer.read().decode()
            return text

    try:
        yield request("/sign-in", token=parse_qs(parts.query)["token"][0]), request
    except HTTPError as error:
        raise NotAsExpected("the inbox to accept the button", f"status {error.code}") from None
    except (URLError, OSError) as error:
        raise NotAsExpected("the inbox to answer", str(error)) from None
