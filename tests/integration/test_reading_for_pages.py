"""A page reads the signals and stories it shows once, in however many places it shows them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.escalation.inbox import episodes
from services.escalation.store import episode_parts
from services.escalation.store.inbox import open_episodes
from services.escalation.store.stories import stories_of
from shared.database import Connection
from tests.builders import SELLER
from tests.inbox import Site, words_of

PLANS = "select * from pg_prepared_statements where statement like $1"


class SameConnection:
    """A pool of the one connection that it is given."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        yield self._connection

    async def fetch(self, *given: Any) -> Any:
        return await self._connection.fetch(*given)


def counting(read: list[str], of: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def counted(*given: Any) -> Any:
        read.append(of.__name__)
        return await of(*given)

    return counted


async def test_signals_and_stories_are_read_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.hire("mona", "Mona Adler")
    episode = await site.trouble("ben", order="4800", account="c-80")
    await site.hire(manager="mona")
    await site.hire("ben", "Ben Ahlers", manager="anna")
    await site.sell()
    await site.request_refund()
    browser = await site.signed_in()
    read: list[str] = []
    monkeypatch.setattr(episode_parts, "signals_of", counting(read, episode_parts.signals_of))
    monkeypatch.setattr(episodes, "stories_of", counting(read, stories_of))
    page = await browser.get("/")
    assert f"/episodes/{episode}" in page.text, "Ben has it, and Anna manages his team"
    assert "I want my money back." in words_of(page.text)
    assert sorted(read) == ["signals_of", "stories_of"]


async def test_each_page_is_planned_for_its_reader(site: Site) -> None:
    """A shared plan costs many times as much for a seller with thousands of episodes."""
    await site.trouble()
    pool = site.service.pool
    async with pool.acquire() as used:
        pages = SameConnection(used)
        for _ in range(8):
            assert len(await open_episodes(pages, SELLER)) == 1  # type: ignore[arg-type]
        plans = await used.fetch(PLANS, "%join ranked on%")
    assert [(plan["generic_plans"], plan["custom_plans"]) for plan in plans] == [(0, 8)]
