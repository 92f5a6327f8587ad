"""The page of a manager: the open episodes of everyone below, who has them, and who may reassign or take over."""

import re
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from services.escalation.domain.own_facts import AcknowledgePressed, ClosePressed
from services.escalation.store.team import Wanted, team_page
from shared.contracts.escalation import EpisodeResult
from shared.contracts.order_parts import Customer, Line
from shared.ids import SalespersonId
from tests.escalation import button
from tests.inbox import Site, form_token, words_of


@pytest.fixture
async def site(site: Site) -> Site:
    """Vera is above Mona and Otto; Anna and Ben report to Mona, Olga to Otto."""
    team = {"vera": None, "mona": "vera", "otto": "vera", "ben": "mona", "anna": "mona", "olga": "otto"}
    for person, manager in team.items():
        await site.hire(person, person.title(), email=f"{person}@sales.example", manager=manager)
    return site


async def trouble(site: Site, order: str, by: str, amount_minor: int = 100_000, product: str = "Heat pump") -> UUID:
    """An order at risk, with a customer and a telephone number of its own."""
    customer = Customer(name=f"Customer number {order[-1]}", phone=f"+49 30 {int(order):07}")
    lines = (Line(product=product),)
    await site.sell(
        order, account=f"c-{order}", by=by, customer=customer, lines=lines, amount_minor=amount_minor, currency="EUR"
    )
    return await site.request_refund(order, account=f"c-{order}", amount_minor=amount_minor, currency="EUR")


async def orders_on(browser: httpx2.AsyncClient, query: str = "") -> list[str]:
    """The orders on the team's page, from the top."""
    page = (await browser.get(f"/team{query}")).text
    return re.findall(r"order&nbsp;<bdi>(\d+)</bdi>", page)


async def test_everyone_below_a_manager_by_money_then_by_time_left(site: Site) -> None:
    for order, by, amount in (("4001", "anna", 200_000), ("4002", "olga", 900_000), ("4003", "ben", 500_000)):
        await trouble(site, order, by, amount)
    assert await orders_on(await site.signed_in("vera")) == ["4002", "4003", "4001"]
    mona = await site.signed_in("mona")
    assert await orders_on(mona) == ["4003", "4001"]
    page = words_of((await mona.get("/team")).text)
    assert "2 sales at risk €7,000 at stake" in page
    assert "Anna, notified at" in page


async def test_filters_have_addresses(site: Site) -> None:
    await trouble(site, "4001", "anna", product="Heat pump")
    await trouble(site, "4002", "ben", product="Boiler & tank")
    await site.service.receive(button(AcknowledgePressed, await trouble(site, "4003", "ben"), "ben", account="c-4003"))
    mona = await site.signed_in("mona")
    assert await orders_on(mona, "?person=anna") == ["4001"]
    assert await orders_on(mona, "?product=Boiler+%26+tank") == ["4002"]
    assert await orders_on(mona, "?cause=refund_requested&person=ben&product=Heat+pump") == ["4003"]
    assert await orders_on(mona, "?cause=case_stuck") == []
    assert await orders_on(mona, "?severity=nonsense&page=99") != []
    page = words_of((await mona.get("/team?person=ben")).text)
    assert "2 sales at risk of 3" in page
    assert "Anna (1) Ben (2)" in page
    assert "Ben since" in page


async def test_the_page_says_who_did_not_respond(site: Site) -> None:
    await trouble(site, "4001", "anna")
    await site.wait(timedelta(hours=5))
    page = words_of((await (await site.signed_in("vera")).get("/team")).text)
    assert "No response: Anna" in page


async def test_a_manager_takes_over_from_the_list_and_the_holder_sees_it(site: Site) -> None:
    episode = await trouble(site, "4001", "anna")
    mona, anna = await site.signed_in("mona"), await site.signed_in("anna")
    page = (await mona.get("/team")).text
    pressed = await press(mona, episode, page, "take-over", return_to="/team")
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/team")
    assert "Mona has been handling this since" in words_of((await anna.get(f"/episodes/{episode}")).text)
    assert "You took order 4001 over from Anna." in words_of((await mona.get(f"/episodes/{episode}")).text)


async def test_a_manager_reassigns_on_the_page_of_the_episode(site: Site) -> None:
    episode = await trouble(site, "4001", "anna")
    vera, ben = await site.signed_in("vera"), await site.signed_in("ben")
    page = (await vera.get(f"/episodes/{episode}")).text
    refused = await press(vera, episode, page, "reassign", to="ben")
    assert (refused.status_code, "Enter a reason" in refused.text) == (422, True)
    assert (await press(vera, episode, page, "reassign", to="ben", note="You know them.")).status_code == 303
    read = words_of((await ben.get(f"/episodes/{episode}")).text)
    assert "Vera assigned order 4001 to you, not Anna." in read
    assert "Note from Vera You know them." in read
    assert "Assign to" not in read
    path = words_of((await vera.get(f"/episodes/{episode}")).text)
    assert "Vera , manager" in path or "You , manager" in path


async def test_no_manager_of_another_team_finds_it(site: Site) -> None:
    episode = await trouble(site, "4001", "anna")
    otto = await site.signed_in("otto")
    assert await orders_on(otto) == []
    page = (await otto.get("/team")).text
    assert (await press(otto, episode, page, "take-over")).status_code == 404


async def test_absences_of_the_team(site: Site) -> None:
    today = (await site.service.now()).date()
    soon, late = today + timedelta(days=3), today + timedelta(days=40)
    for person, since, until in (("anna", today, soon), ("ben", soon, soon), ("olga", late, late)):
        away = [{"since": since.isoformat(), "until": until.isoformat()}]
        manager = "otto" if person == "olga" else "mona"
        await site.hire(person, person.title(), email=f"{person}@sales.example", manager=manager, away=away)
    page = words_of((await (await site.signed_in("vera")).get("/team")).text)
    assert "Absences 2 Anna away until" in page
    assert "Ben away from" in page


async def test_a_person_without_reports_gets_a_friendly_page(site: Site) -> None:
    ben = await site.signed_in("ben")
    answer = await ben.get("/team")
    assert answer.status_code == 200
    assert "nobody reports to you" in words_of(answer.text)
    assert 'href="/team"' not in (await ben.get("/")).text
    assert 'href="/team"' in (await (await site.signed_in("mona")).get("/")).text


async def test_circles_of_managers_are_survived(site: Site) -> None:
    await site.hire("vera", "Vera", email="vera@sales.example", manager="mona")
    await trouble(site, "4001", "anna")
    await trouble(site, "4002", "vera")
    assert await orders_on(await site.signed_in("vera")) == ["4001"]
    assert sorted(await orders_on(await site.signed_in("mona"))) == ["4001", "4002"]


async def test_closed_episodes_are_found_by_customer_order_or_telephone_not_by_person(site: Site) -> None:
    episode = await trouble(site, "4001", "anna")
    for kind, says in ((AcknowledgePressed, {}), (ClosePressed, {"result": EpisodeResult.LOST, "reason": "price"})):
        assert not (await site.service.receive(button(kind, episode, "anna", account="c-4001", **says))).rejected
    mona, otto = await site.signed_in("mona"), await site.signed_in("otto")
    for words in ("customer NUMBER 1", "4001", "030 0004001", "+49300004001"):
        assert "order 4001" in await found(mona, words), words
        assert "order 4001" not in await found(otto, words), words
    for words in ("anna", "Anna", "400", "%", "_"):
        assert "order 4001" not in await found(mona, words), words


async def found(browser: httpx2.AsyncClient, words: str) -> str:
    return words_of((await browser.get("/team/closed", params={"q": words})).text)


async def press(browser: httpx2.AsyncClient, episode: UUID, page: str, action: str, **fields: str) -> httpx2.Response:
    known = re.search(r'name="round" value="([^"]+)"', page)
    form = {"csrf_token": form_token(page), "round": known[1] if known else "1-0", **fields}
    return await browser.post(f"/episodes/{episode}/{action}", data=form)


async def test_a_page_of_the_store_counts_all_pages(site: Site) -> None:
    for number in range(3):
        await trouble(site, f"400{number}", "anna", (number + 1) * 1_000)
    read = await team_page(site.service.pool, SalespersonId("mona"), Wanted(), page=2)
    assert (read.episodes, read.opened, read.found, dict(read.money)) == ([], 3, 3, {"EUR": 6_000})
