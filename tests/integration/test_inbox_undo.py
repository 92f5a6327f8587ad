"""Undoing a close on the pages: who is offered it and for how long, where it leads, and who is notified of it."""

import re
from datetime import timedelta

from tests.inbox import Site, served, words_of
from tests.inbox_desk import Desk, done, open_desk, state, taken
from tests.integration.test_inbox_live import opened


async def closed(site: Site) -> Desk:
    desk = await taken(site)
    assert done(await desk.press("close", ending="lost:price"))
    return desk


async def test_the_closer_can_undo_a_close_from_the_episodes_page(site: Site) -> None:
    desk = await closed(site)
    page = await desk.page()
    assert "Lost: Too expensive. Closed just now" in page
    assert "Undo closing Petra Weiss until 10:1" in page
    answer = await desk.press("reopen")
    assert (answer.status_code, answer.headers["location"]) == (303, desk.path)
    assert "You are handling this" in await desk.page()
    assert "Undo" not in await desk.page()
    assert (await state(site))["closed_at"] is None


async def test_a_close_can_be_undone_from_the_list_of_closed_episodes(site: Site) -> None:
    desk = await closed(site)
    page = (await desk.browser.get("/closed")).text
    assert "Undo closing Petra Weiss until 10:1" in words_of(page)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
    assert f'action="{desk.path}/reopen"' in page
    answer = await desk.browser.post(f"{desk.path}/reopen", data=hidden)
    assert (answer.status_code, answer.headers["location"]) == (303, desk.path)
    assert (await state(site))["closed_at"] is None
    assert "No alerts were closed" in words_of((await desk.browser.get("/closed")).text)


async def test_after_ten_minutes_the_button_is_gone_and_a_late_press_is_refused_in_words(site: Site) -> None:
    desk = await closed(site)
    form = await desk.form()
    await site.wait(timedelta(minutes=11))
    assert "Undo" not in await desk.page()
    assert "Undo" not in words_of((await desk.browser.get("/closed")).text)
    answer = await desk.send("reopen", form)
    assert answer.status_code == 409
    assert "Closing can be undone only within 10 minutes, and that time has passed." in words_of(answer.text)


async def test_a_newer_episode_takes_the_button_away_and_refuses_a_late_press(site: Site) -> None:
    desk = await closed(site)
    form = await desk.form()
    await site.request_refund(minutes_ago=0, words="Now really: my money.")
    assert "Undo" not in await desk.page()
    answer = await desk.send("reopen", form)
    assert answer.status_code == 409
    assert "This order has been at risk again since; work on that instead." in words_of(answer.text)


async def test_no_one_else_is_offered_an_undo_or_may_press_it(site: Site) -> None:
    desk = await closed(site)
    manager = Desk(await site.signed_in("mona"), (await state(site))["episode_id"])
    assert "Undo" not in await manager.page()
    assert (await manager.press("reopen")).status_code == 409
    assert done(await desk.press("reopen"))


async def test_an_undo_pressed_twice_from_one_page_does_no_harm(site: Site) -> None:
    desk = await closed(site)
    form = await desk.form()
    assert [done(await desk.send("reopen", form)) for _ in range(2)] == [True, True]
    assert (await site.service.published_types()).count("escalation.episode_reopened") == 1
    assert done(await desk.press("close", ending="lost:price"))
    assert (await state(site))["closed_at"] is not None, "closing it again is another press, although it looks the same"


async def test_a_followers_page_is_notified_of_the_close_and_of_the_undo(site: Site) -> None:
    desk = await taken(site)
    episode = (await state(site))["episode_id"]
    async with served(site.app) as address, opened(site, address, "mona", shows=episode) as managers:
        assert done(await desk.press("close", ending="lost:price"))
        await managers.until("changed")
        assert done(await desk.press("reopen"))
        await managers.until("changed")


async def test_a_page_is_not_notified_of_an_episode_that_its_reader_may_not_see(site: Site) -> None:
    await site.hire("vera", "Vera Sand", email="vera@sales.example")
    desk = await open_desk(site)
    episode = (await state(site))["episode_id"]
    async with served(site.app) as address, opened(site, address, "vera", shows=episode) as stranger:
        assert done(await desk.press("acknowledge"))
        assert await stranger.next(within_seconds=15) == "alive"
