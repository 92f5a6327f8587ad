"""The responses of all page routes: refusals and an unavailable database become pages that a person can act on."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeAlias
from urllib.parse import urlencode

from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.forms import NotUnderstood
from services.escalation.inbox.overtaken import Overtaken
from services.escalation.inbox.rendering import Pages, secured
from services.escalation.inbox.sessions import FormRefused, SignedOut, check_same_site, local_page
from shared.database import DATABASE_ERRORS, is_transient
from shared.http.request_body import discard_rest
from shared.transaction import Refused

Answer: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]

RETRY_SECONDS = 5
FORM_SECONDS = 10.0
_MAX_FORM_BYTES = 32_768
"""Two texts of 1,000 characters that take four bytes each, as a form encodes them, and the other fields."""
_FORM_KIND = "application/x-www-form-urlencoded"
_JSON_KIND = "application/json"
_TOO_LARGE = {
    _FORM_KIND: "This form is too large to send. Shorten what you entered and try again.",
    _JSON_KIND: "This press is too large to be one of a notification. Open the episode instead.",
}
_HOME = ("/", "Go to your inbox")
_Link: TypeAlias = tuple[str, str]


class WhyRefused(NamedTuple):
    """The counted code, the status, and the sentence shown."""

    code: str
    status: int
    sentence: str


class NotHere(Exception):
    """There is no such page for this reader: it does not exist, or it belongs to someone else."""

    def __str__(self) -> str:
        return "This page does not exist, or you do not have access to it."


class NotYours(NotHere):
    """There is no such episode for the signed-in person; the words are the same for another person's episode as for a
    missing one. Carries the reader's name and their manager's."""

    def __init__(self, reader: str, manager: str | None) -> None:
        super().__init__()
        self.reader = reader
        self.manager = manager

    def __str__(self) -> str:
        manager = f" or your manager, {self.manager}," if self.manager else ""
        ask = f"If someone sent you the link, ask them{manager} who is looking after this customer."
        return f"You are signed in as {self.reader}. {super().__str__()} {ask}"


class _NotReceived(FormRefused):
    """A form that was not read. If the rest may still arrive, the connection is closed."""

    def __init__(self, status: int, sentence: str, *, closes: bool = True) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {"Connection": "close"} if closes else {}


class Say(Protocol):
    """Makes a response of a message, with a link onwards."""

    def __call__(self, heading: str, message: str, *, status: int, link: _Link) -> Response: ...


def page_route(pages: Pages, given: InboxDependencies) -> type[APIRoute]:
    """The route class of the pages."""
    return _route(pages.message, given, _FORM_KIND)


def notification_route(given: InboxDependencies) -> type[APIRoute]:
    """The route class for the buttons of notifications: both requests and responses are JSON."""
    return _route(_as_json, given, _JSON_KIND)


def as_json(*, done: bool, message: str, url: str, status: int = 200) -> Response:
    """What a notification shows after its button was pressed."""
    return JSONResponse({"done": done, "message": message, "url": url}, status)


def _as_json(heading: str, message: str, *, status: int, link: _Link) -> Response:
    return as_json(done=False, message=message or heading, url=link[0], status=status)


def _route(say: Say, given: InboxDependencies, kind: str) -> type[APIRoute]:
    class Route(APIRoute):
        def get_route_handler(self) -> Answer:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                return secured(await _answered(handle, request, say, given, kind))

            return answer

    return Route


async def _answered(handle: Answer, request: Request, say: Say, given: InboxDependencies, kind: str) -> Response:
    def refused_for(code: str) -> None:
        given.metrics.process.requests_refused.labels("", code).inc()

    failed = partial(say, "That didn't work")
    try:
        if request.method == "POST":
            await _check_form(request, given.public_url, kind)
        return await handle(request)
    except SignedOut as signed_out:
        return _to_sign_in(signed_out.next_path)
    except _NotReceived as refused:
        refused_for("form_not_received")
        response = failed(str(refused), status=refused.status, link=_HOME)
        response.headers.update(refused.headers)
        return response
    except FormRefused as refused:
        refused_for("form_refused")
        return failed(str(refused), status=403, link=_HOME)
    except (NotUnderstood, Refused, Overtaken) as refused:
        why = why_refused(refused)
        refused_for(why.code)
        return say(_heading(refused), why.sentence, status=why.status, link=_back(request))
    except NotHere as not_here:
        refused_for("not_here")
        return say("Not in your inbox", str(not_here), status=404, link=_HOME)
    except DATABASE_ERRORS as error:
        if not is_transient(error):
            raise
        return _unavailable(say, pressed=request.method == "POST")


def _back(request: Request) -> _Link:
    """The link to the page whose button was pressed."""
    if request.url.path.startswith("/devices"):
        return "/devices", "Back to your devices"
    episode = request.path_params.get("episode_id")
    page = local_page(f"/episodes/{episode}") if episode else "/"
    return (page, "Back to this sale") if page != "/" else _HOME


def _unavailable(say: Say, *, pressed: bool) -> Response:
    sentence = "Handoff is briefly unavailable. Try again in a few seconds."
    if pressed:
        sentence += " Your last action may not have been saved; trying twice does no harm."
    response = say("Back in a moment", sentence, status=503, link=_HOME)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def why_refused(refused: NotUnderstood | Refused | Overtaken) -> WhyRefused:
    """The reason to refuse a form: it cannot be read, is not possible now, or others have acted since."""
    if isinstance(refused, Overtaken):
        return WhyRefused("overtaken", 409, str(refused))
    if isinstance(refused, NotUnderstood):
        return WhyRefused("not_understood", 422, str(refused))
    reasons = " ".join(one.reason for one in refused.rejected)
    return WhyRefused(refused.rejected[0].code, 409, reasons[:1].upper() + reasons[1:])


def _heading(refused: Exception) -> str:
    return "This changed in the meantime" if isinstance(refused, Overtaken) else "That didn't work"


def _to_sign_in(next_path: str) -> Response:
    query = "?" + urlencode({"next": next_path}) if next_path != "/" else ""
    return RedirectResponse(f"/sign-in{query}", status_code=303)


async def _check_form(request: Request, public_url: str, kind: str) -> None:
    """Reads a form for its handler. Raises FormRefused for a form that our pages do not send."""
    await _check_size(request, kind)
    await _read(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        raise FormRefused("Your browser could not send this form. Reload the page and try again.")
    check_same_site(request, public_url)


async def _check_size(request: Request, kind: str) -> None:
    length = request.headers.get("content-length", "")
    chunked = "transfer-encoding" in request.headers
    if chunked or not (length.isascii() and length.isdecimal()) or int(length) > _MAX_FORM_BYTES:
        closes = not await discard_rest(request)
        raise _NotReceived(413, _TOO_LARGE[kind], closes=closes)


async def _read(request: Request) -> None:
    try:
        async with asyncio.timeout(FORM_SECONDS):
            await request.body()  # kept by the request, which parses the form from it
    except TimeoutError:
        sentence = f"This form did not arrive within {FORM_SECONDS:g} seconds. Check your connection and try again."
        raise _NotReceived(408, sentence) from None
    except ClientDisconnect:
        raise _NotReceived(400, "The connection was lost before this form arrived. Try again.") from None
