"""Sign-in and sign-out. Opening a link only shows a button, because mail scanners open links; pressing it signs in."""

import asyncio
from math import ceil
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.rationing import Ration
from services.escalation.inbox.rendering import Pages
from services.escalation.inbox.sessions import (
    Sessions,
    check_token,
    hashed,
    link_address,
    local_page,
    new_token,
    token_and_page,
)
from services.escalation.store import sessions as store

_ASK = "Enter your e-mail address and we'll send you a sign-in link. You don't need a password."
_SENT = (
    "If this address is registered for one person, {which} sign-in link is on its way. Use it within 24 hours; it "
    "works once. If none arrives, ask your manager whether your address is registered."
)
_LONGEST_ADDRESS = 254
_NOT_A_LINK = "Copy the whole link from the e-mail, and paste it below. It contains “/sign-in?token=”."
_SPENT = "Each link works once and only for 24 hours. Request a new one below."


class SignInPages:
    """Sign-in by one-time link, and sign-out."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions, pages: Pages) -> None:
        self._dependencies = dependencies
        self._sessions = sessions
        self._pages = pages
        self._ration = Ration()

    async def door(self, request: Request) -> Response:
        """The button that uses a link, or without a link the form to get one. Changes nothing."""
        token = request.query_params.get("token", "")
        next_path = local_page(request.query_params.get("next", "/"))
        return self._page("Sign in", _ASK, token=token, next=next_path)

    async def sign_in(self, request: Request) -> Response:
        """Use a link up and open a session. A phone opens links of e-mails in its browser, which may share no session
        with the inbox on the home screen: there, the link is pasted."""
        form = await request.form()
        token, next_path = str(form.get("token", "")), local_page(str(form.get("next", "/")))
        if "link" in form:
            found = token_and_page(str(form["link"]))
            if found is None:
                return self._page("This is not a sign-in link", _NOT_A_LINK, next=next_path, pastes=True, status=400)
            token, next_path = found
        response = RedirectResponse(next_path, status_code=303)
        if await self._sessions.open(token, response):
            return response
        return self._page("This link no longer works", _SPENT, next=next_path, status=410)

    async def ask_for_link(self, request: Request) -> Response:
        """Respond equally, and equally fast, for every address; the link is made and sent afterwards."""
        client = request.client.host if request.client else ""
        wait_seconds = self._ration.take(client, asyncio.get_running_loop().time())
        if wait_seconds is not None:
            return self._too_many(wait_seconds)
        form = await request.form()
        address = str(form.get("email", "")).strip().replace("\0", "")[:_LONGEST_ADDRESS]
        next_path = local_page(str(form.get("next", "/")))
        sent = _SENT.format(which="another" if form.get("again") else "a")
        response = self._page("Check your e-mail", sent, next=next_path, shows_form=False, sent_to=address)
        response.background = BackgroundTask(self._send_link, address, next_path)
        return response

    def _too_many(self, wait_seconds: float) -> Response:
        minutes = ceil(wait_seconds / 60)
        sentence = (
            f"Too many links were requested from your network. Try again in {minutes} minute{'s'[: minutes > 1]}."
        )
        response = self._page("Too many requests", sentence, shows_form=False, status=429)
        response.headers["Retry-After"] = str(ceil(wait_seconds))
        return response

    async def sign_out(self, request: Request) -> Response:
        signed_in = await self._sessions.reader(request)
        form = await request.form()
        check_token(form, signed_in)
        if form.get("everywhere"):
            response = self._page("You are signed out everywhere", _ASK)
            await self._sessions.end_everywhere(signed_in, response)
            return response
        response = self._page("You are signed out", _ASK)
        await self._sessions.end(request, response)
        return response

    async def _send_link(self, address: str, next_path: str) -> None:
        token = new_token()
        person = await store.add_requested_link(self._dependencies.pool, hashed(token), address)
        if person is not None:
            link = link_address(self._dependencies.public_url, token, next_path)
            await self._dependencies.send_sign_in_link(person, link)

    def _page(self, heading: str, message: str, *, status: int = 200, **values: Any) -> Response:
        shown = {"token": "", "next": "/", "shows_form": True, "heading": heading, "message": message, "sent_to": ""}
        shown["pastes"] = bool(values.get("sent_to"))
        return self._pages.page("sign_in.html", shown | values, status=status)
