"""A button of an old page names the present holder or the closer, and never says that the episode does not exist."""

from datetime import timedelta

import httpx2
import pytest

from tests.builders import ACCOUNT, refund_withdrawn
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, at_in, done, open_desk, state, taken

HOUR = timedelta(hours=1)


async def _at(site: Site, person: str) -> Desk:
    return Desk(await site.signed_in(person), (await state(site))["episode_id"])


def _reported(answer: httpx2.Response) -> str:
    assert answer.status_code == 409
    words = words_of(answer.text)
    assert "does not exist" not in words
    assert "Back to this sale" in words
    return words


@pytest.mark.parametrize(
    ("action", "fields"), [("acknowledge", {}), ("not-mine", {}), ("close", {"ending": "lost:price"})]
)
async def test_the_second_to_press_reads_who_has_it(site: Site, action: str, fields: dict[str, str]) -> None:
    anna = await open_desk(site)
    await site.wait(timedelta(minutes=16))
    ben = await _at(site, "ben")
    old = await anna.form()
    assert done(await ben.press("acknowledge"))
    before = await state(site)
    assert "Ben Ahlers has been handling this since 10:16." in _reported(await anna.send(action, old, **fields))
    assert await state(site) == before
    assert "Ben Ahlers has been handling this since 10:16." in await anna.page()


async def test_a_press_after_the_end_names_the_closer(site: Site) -> None:
    anna = await open_desk(site)
    await site.wait(timedelta(minutes=16))
    ben = await _at(site, "ben")
    old = {"ben": await ben.form(), "anna": await anna.form()}
    assert done(await anna.press("close", ending="lost:price"))
    for action in ("acknowledge", "not-mine", "reached", "snooze"):
        assert "Anna Berg closed it at 10:16." in _reported(await ben.send(action, old["ben"], until="in_an_hour"))
        assert "You closed it at 10:16." in _reported(await anna.send(action, old["anna"], until="in_an_hour"))


async def test_an_offer_that_is_over_says_so(site: Site) -> None:
    anna = await taken(site)
    assert done(await anna.press("hand-over", to="ben", at=await at_in(site, hours=1)))
    ben = await _at(site, "ben")
    old = await ben.form()
    await site.wait(HOUR)
    words = _reported(await ben.send("accept", old))
    assert "The request to take it over has ended. Anna Berg has been handling this since 10:00." in words
    assert done(await anna.press("close", ending="lost:price"))
    assert "Anna Berg closed it at 11:00." in _reported(await ben.send("accept", old))


async def test_an_episode_that_closed_by_itself_says_so(site: Site) -> None:
    anna = await open_desk(site)
    old = await anna.form()
    await site.receive(refund_withdrawn(), about=ACCOUNT)
    assert "It was closed automatically at 10:00." in _reported(await anna.send("acknowledge", old))


async def test_a_forwarded_link_says_who_is_signed_in_and_whom_to_ask(site: Site) -> None:
    anna = await open_desk(site)
    await site.hire("vera", "Vera Sand", email="vera@sales.example", manager="ines")
    vera = await site.signed_in("vera")
    reported = []
    for path in (anna.path, "/episodes/00000000-0000-0000-0000-000000000000", "/episodes/nonsense"):
        answer = await vera.get(path)
        assert answer.status_code == 404
        reported.append(words_of(answer.text))
    assert "You are signed in as Vera Sand." in reported[0]
    assert "If someone sent you the link, ask them who is looking after this customer." in reported[0]
    assert len(set(reported)) == 1, "it does not reveal whether the episode exists"
    await site.hire("ines", "Ines Roth", email="ines@sales.example")
    assert "ask them or your manager, Ines Roth, who is" in words_of((await vera.get(anna.path)).text)
