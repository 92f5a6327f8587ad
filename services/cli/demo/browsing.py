"""A salesperson's way into the inbox: a link that signs in, and a browser without JavaScript that presses a button."""

import re
from collections.abc import Mapping
from http.cookiejar import CookieJar
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

from services.cli.demo.cast import Seller
from services.cli.demo.observing import NotAsTold
from services.escalation.inbox import make_sign_in_link
from shared.database import open_pool
from shared.ids import SalespersonId

_SECONDS = 10
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


async def sign_in_link(addresses: Mapping[str, str], seller: Seller) -> str:
    """A link that signs this person in, once."""
    pool = await open_pool(addresses["ESCALATION_DATABASE_URL"], name="handoff-demo", max_connections=1)
    try:
        return await make_sign_in_link(pool, SalespersonId(seller.id), base_url=addresses["INBOX_URL"])
    finally:
        pool.terminate()


def press(link: str, episode: str, button: str) -> None:
    """Sign in with a link and press an episode's button, as its page would. Raises NotAsTold. Blocks."""
    parts = urlsplit(link)
    site = f"{parts.scheme}://{parts.netloc}"
    opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def posted(path: str, **form: str) -> str:
        with opener.open(f"{site}{path}", urlencode(form).encode(), timeout=_SECONDS) as answer:
            text: str = answer.read().decode()
            return text

    try:
        page = posted("/sign-in", token=parse_qs(parts.query)["token"][0])
        token = _TOKEN.search(page)
        if token is None:
            raise NotAsTold("a page with a form", "a page without one")
        posted(f"/episodes/{episode}/{button}", csrf_token=token[1])
    except HTTPError as error:
        raise NotAsTold(f"that the inbox takes “{button}”", f"status {error.code}") from None
    except (URLError, OSError) as error:
        raise NotAsTold("that the inbox answers", str(error)) from None
