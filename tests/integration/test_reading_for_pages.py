"""A page reads the signals and the story of what it shows once, however many places show it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.escalation.inbox import episodes
from services.escalation.store import episode_parts
from services.escalation.store.stories import stories_of
from tests.inbox import Site, words_of


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
    assert f"/episodes/{episode}" in page.text, "it is with Ben, of whose team Anna is the manager"
    assert "I want my money back." in words_of(page.text)
    assert sorted(read) == ["signals_of", "stories_of"]
