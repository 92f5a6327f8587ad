"""A person at an open episode of the inbox: reads the page as words, presses its buttons."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from services.escalation.inbox.moments import field_value
from tests.builders import SELLER, ZONE
from tests.inbox import Site, form_token, words_of


class Desk:
    """One person's browser with an episode open in it."""

    def __init__(self, browser: httpx2.AsyncClient, episode: UUID) -> None:
        self.browser = browser
        self.path = f"/episodes/{episode}"

    async def page(self) -> str:
        answer = await self.browser.get(self.path)
        assert answer.status_code == 200, answer.text
        return words_of(answer.text)

    async def press(self, action: str, **fields: str) -> httpx2.Response:
        """Press a button of the page as it is now."""
        return await self.send(action, await self.form(), **fields)

    async def form(self) -> dict[str, str]:
        page = (await self.browser.get(self.path)).text
        found = re.search(r'name="round" value="([^"]+)"', page)
        return {
            "csrf_token": form_token((await self.browser.get("/")).text),
            "round": found[1] if found else "1-0",
            "return_to": self.path,
        }

    async def send(self, action: str, form: dict[str, str], **fields: str) -> httpx2.Response:
        return await self.browser.post(f"{self.path}/{action}", data=form | fields)


async def open_desk(site: Site, person: str = SELLER, **hired: Any) -> Desk:
    """Anna sold it, Ben is her backup and Mona her manager; the customer requests a refund."""
    await site.hire("ben", "Ben Ahlers", email="ben@sales.example")
    await site.hire("mona", "Mona Adler", email="mona@sales.example")
    await site.hire(**({"manager": "mona", "backup": "ben"} | hired))
    await site.sell()
    return Desk(await site.signed_in(person), await site.request_refund())


async def taken(site: Site) -> Desk:
    desk = await open_desk(site)
    assert (await desk.press("acknowledge")).status_code == 303
    return desk


async def state(site: Site) -> dict[str, Any]:
    return dict(await site.service.row("escalation.episodes"))


async def at_in(site: Site, **ahead: int) -> str:
    return field_value(await site.service.now() + timedelta(**ahead), ZONE)


def done(answer: httpx2.Response) -> bool:
    return answer.status_code == 303
