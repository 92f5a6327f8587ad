"""Presses of buttons on an episode's page, by the people who have it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import asyncpg
import httpx2

from services.escalation.inbox import make_sign_in_link
from shared.database import DATABASE_ERRORS, open_pool
from shared.ids import SalespersonId
from tests.faults.history import CLOSED
from tests.faults.world import World
from tests.inbox import form_token

_ACKNOWLEDGE, _OFFER, _CLOSE = "acknowledge", "offer", "close"
_OPEN = """
    select episode_id, account_id, coalesce(acknowledged_by, responsible) as by, acknowledged_at is not null as taken
    from escalation.episodes where closed_at is null and responsible is not null
      and case when $1 then account_id = any($2::text[]) else acknowledged_at is null end
    order by taken desc, random() limit 1
"""
_ENDINGS = (
    "saved:problem_solved",
    "saved:problem_solved",
    "saved:offer_accepted",
    "lost:price",
    "false_alarm:nothing_wrong",
)
_OFFERED = (("what", "A credit."), ("amount", "5"))


@dataclass(frozen=True, slots=True)
class Press:
    """A button of an episode, pressed by a person; `form` has the names and values entered."""

    episode: UUID
    account: str
    by: str
    action: str
    form: Sequence[tuple[str, str]] = ()

    @property
    def what(self) -> str:
        """The kind of line of `accepted.jsonl`."""
        return "button" if self.action == _ACKNOWLEDGE else self.action


async def next_press(world: World, chance: Random, *, of_closed: bool) -> Press | None:
    """A press for a random open episode: its acknowledgement; in accounts to be closed, then an offer or the close."""
    with suppress(*DATABASE_ERRORS):
        connection = await asyncpg.connect(world.wires["escalation"].url, timeout=2)
        try:
            row = await connection.fetchrow(_OPEN, of_closed, list(CLOSED))
        finally:
            connection.terminate()
        if row is None:
            return None
        about = row["episode_id"], row["account_id"], row["by"]
        if not row["taken"]:
            return Press(*about, _ACKNOWLEDGE)
        if chance.random() < 0.3:
            return Press(*about, _OFFER, _OFFERED)
        return Press(*about, _CLOSE, (("ending", chance.choice(_ENDINGS)),))
    return None


async def press_once(world: World, client: httpx2.AsyncClient, press: Press) -> bool | None:
    """Sign in by a link and press. Returns whether it was accepted; None: it has to be tried again.

    A refusal because someone else has the episode, or because it is closed, is final.
    """
    base_url = world.url("escalation")
    pool = await open_pool(world.wires["escalation"].url, name="presser", max_connections=1)
    try:
        link = await make_sign_in_link(pool, SalespersonId(press.by), base_url=base_url)
    finally:
        pool.terminate()
    (token,) = parse_qs(urlsplit(link).query)["token"]
    signed_in = await client.post(f"{base_url}/sign-in", data={"token": token})
    if signed_in.status_code != 303:
        return False if signed_in.status_code < 500 else None  # people who left cannot sign in any more
    page = await client.get(f"{base_url}/episodes/{press.episode}")
    if f"/episodes/{press.episode}/{press.action}" not in page.text:
        return False if page.status_code in (200, 404) else None
    form = {"csrf_token": form_token(page.text), **dict(press.form)}
    answer = await client.post(f"{base_url}/episodes/{press.episode}/{press.action}", data=form)
    if answer.status_code == 303 and not answer.headers["location"].startswith("/sign-in"):
        return True
    return False if answer.status_code in (303, 404, 409) else None
