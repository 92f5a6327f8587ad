"""Sessions: tokens, the cookie, and the checks that a form comes from our own page."""

import hashlib
import hmac
import re
import secrets
from urllib.parse import unquote, urlencode, urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from services.escalation.store import sessions as store
from services.escalation.store.sessions import SignedIn
from services.escalation.store.sign_outs import sign_out_everywhere
from shared.database import Pool
from shared.ids import SalespersonId

REFRESH_HEADER = "x-refresh"
"""The header that an open page sends with automatic requests."""
_TOKEN_OCTETS = 32
_IN_LINK = re.compile(r"[?&]token=(?P<token>[A-Za-z0-9_-]{43})(?:&next=(?P<page>[A-Za-z0-9/%-]*))?")
"""The token, in base64url, and the page in a link."""
_LOCAL_PAGE = re.compile(
    r"/((episodes|history)/[0-9a-f-]{36}|closed|devices|figures|team(/closed|/figures)?)?", re.ASCII
)


class SignedOut(Exception):
    """Nobody is signed in. Carries the requested page."""

    def __init__(self, next_path: str) -> None:
        super().__init__("no one is signed in")
        self.next_path = next_path


class FormRefused(Exception):
    """A form that is not of this session or not of this site. Carries what the person can do."""


class Cookie:
    """The session's cookie. Over https its name makes browsers refuse it from any other host or path."""

    def __init__(self, public_url: str) -> None:
        self._secure = urlsplit(public_url).scheme == "https"
        self._name = "__Host-handoff" if self._secure else "handoff"

    def read(self, request: Request) -> str | None:
        return request.cookies.get(self._name)

    def write(self, response: Response, token: str) -> None:
        """Set the cookie for the longest life of a session; the database decides whether the session has ended."""
        age_seconds = int(store.OLDEST_SESSION.total_seconds())
        response.set_cookie(self._name, token, max_age=age_seconds, secure=self._secure, httponly=True, samesite="lax")

    def clear(self, response: Response) -> None:
        response.delete_cookie(self._name, secure=self._secure, httponly=True, samesite="lax")


class Sessions:
    """The sessions of one service, behind its cookie."""

    def __init__(self, pool: Pool, public_url: str) -> None:
        self._pool = pool
        self._cookie = Cookie(public_url)

    async def reader(self, request: Request) -> SignedIn:
        """The person who sends a request. It prolongs their session unless it is automatic. Raises SignedOut."""
        found = await self.holder(request)
        if found.prolongs and REFRESH_HEADER not in request.headers:
            await store.prolong(self._pool, self.held(request))
        return found

    async def holder(self, request: Request) -> SignedIn:
        """The person of a request's session, without prolonging it. Raises SignedOut."""
        token = self._cookie.read(request)
        found = await store.session(self._pool, hashed(token)) if token else None
        if found is None:
            raise SignedOut(local_page(request.url.path))
        return found

    def held(self, request: Request) -> bytes:
        """The stored hash of a request's session."""
        return hashed(self._cookie.read(request) or "")

    async def open(self, link_token: str, response: Response) -> bool:
        """Sign in by a link, once. Return False if the link is unknown, used or too old."""
        token = new_token()
        opened = await store.use_link(
            self._pool, hashed(link_token), session_hash=hashed(token), csrf_token=new_token()
        )
        if opened:
            self._cookie.write(response, token)
        return opened

    async def end_everywhere(self, signed_in: SignedIn, response: Response) -> None:
        """End all sessions of a person, and the links that would open another."""
        await sign_out_everywhere(self._pool, signed_in.salesperson_id)
        self._cookie.clear(response)

    async def end(self, request: Request, response: Response) -> None:
        token = self._cookie.read(request)
        if token:
            await store.end_session(self._pool, hashed(token))
        self._cookie.clear(response)


async def make_sign_in_link(pool: Pool, salesperson_id: SalespersonId, *, base_url: str, next_path: str = "/") -> str:
    """A link that signs this salesperson in, once, within 24 hours."""
    token = new_token()
    await store.add_link(pool, hashed(token), salesperson_id)
    return link_address(base_url, token, next_path)


def link_address(base_url: str, token: str, next_path: str) -> str:
    query = {"token": token} | ({"next": next_path} if next_path != "/" else {})
    return f"{base_url.rstrip('/')}/sign-in?{urlencode(query)}"


def token_and_page(text: str) -> tuple[str, str] | None:
    """What `link_address` put into a link, found in a text; None without one. Mail programs break links into lines, and
    filters of mail put each, quoted, into an address of their own."""
    whole = "".join(text.split())
    found = next(filter(None, map(_IN_LINK.search, (text, whole, unquote(whole)))), None)
    return None if found is None else (found["token"], local_page(unquote(found["page"] or "/")))


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(_TOKEN_OCTETS)


def hashed(token: str) -> bytes:
    """The stored hash of a token. The token is random enough for a plain hash to be safe from search."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def local_page(path: str) -> str:
    """The path if it is one of our pages, else the inbox: a link must not lead away after sign-in."""
    return path if _LOCAL_PAGE.fullmatch(path) else "/"


def check_token(form: FormData, reader: SignedIn) -> None:
    """Raises FormRefused unless the form carries this session's own token."""
    given = form.get("csrf_token")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), reader.csrf_token.encode()):
        raise FormRefused("This page is from an earlier sign-in. Reload it and try again.")


def check_same_site(request: Request, public_url: str) -> None:
    """Raises FormRefused for a form that another site sent.

    Under `Referrer-Policy: no-referrer` browsers send `Origin: null` even for our own forms, so what they say in
    Sec-Fetch-Site (W3C Fetch Metadata) goes first.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = {_origin(public_url), f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if site not in (None, "same-origin") or (site is None and origin is not None and origin not in ours):
        raise FormRefused(
            "This request came from another website, so it was not carried out. Open your inbox and try again."
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
