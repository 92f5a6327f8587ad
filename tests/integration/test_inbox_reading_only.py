"""Readers without a part: no advice meant for others, a searchable list of others' episodes, and closed episodes
with their outcome in words.
"""

from typing import Any

import pytest

from shared.contracts.order_parts import Customer
from tests.builders import ACCOUNT, contact_made, refund_withdrawn
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, done, open_desk, state, taken


async def _page(site: Site, person: str, address: str) -> str:
    return words_of((await (await site.signed_in(person)).get(address)).text)


async def test_only_people_who_can_close_an_episode_are_advised_to(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("reached"))
    assert "You reached the customer. Close it once it is resolved." in await desk.page()
    manager = await Desk(await site.signed_in("mona"), (await state(site))["episode_id"]).page()
    assert "Anna Berg reached the customer." in manager
    assert "Close it once it is resolved" not in manager


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("", {0, 1, 2, 3, 4, 5, 6}), ("?q=number 3", {3}), ("?severity=watch", {6}), ("?q=nothing", set())],
)
async def test_a_manager_searches_and_filters_other_peoples_open_episodes(
    site: Site, asked: str, shown: set[int]
) -> None:
    await site.hire("mona", "Mona Adler", email="mona@sales.example")
    await site.hire(manager="mona")
    for number in range(7):
        customer = Customer(name=f"Company number {number}", phone="+49 30 901820")
        await site.sell(f"o-{number}", account=f"a-{number}", customer=customer)
        kind: dict[str, Any] = {"kind": "chargeback"} if number == 6 else {}
        await site.request_refund(f"o-{number}", account=f"a-{number}", case=None, **kind)
    page = await _page(site, "mona", f"/{asked}")
    others = page.partition("With colleagues")[2]
    assert {number for number in range(7) if f"Company number {number}" in others} == shown
    html = (await (await site.signed_in("mona")).get(f"/{asked}")).text
    assert html.count('role="search"') == 1
    assert ("Show all" in others) is bool(asked)


async def test_a_withdrawn_request_is_not_described_as_settled(site: Site) -> None:
    desk = await open_desk(site)
    await site.receive(refund_withdrawn(), about=ACCOUNT)
    for page in (await desk.page(), words_of((await desk.browser.get("/closed")).text)):
        assert "No longer at risk: the request was withdrawn" in page
        assert "have been resolved" not in page


async def test_a_repeated_contact_is_described_as_one(site: Site) -> None:
    await site.hire()
    await site.sell()
    for minutes_ago in (90, 60, 30):
        await site.receive(contact_made("answered"), minutes_ago=minutes_ago, about=ACCOUNT)
    page = await _page(site, "anna", "/")
    assert "Repeat contact" in page
    assert "Came back" not in page
