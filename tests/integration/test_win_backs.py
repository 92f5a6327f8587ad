"""A customer is lost, and is called months later: one story on the page, from the loss to the answer."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.escalation.handlers.checking_win_backs import check_due
from shared.formatting import date_words
from tests.builders import account_reassigned, contact_preference_changed, order_placed
from tests.inbox import Site, form_token, inbox_site, words_of
from tests.servers import MakeDatabase

WEEK = timedelta(weeks=1)
_TOLD = """
    select convert_from(payload, 'UTF8') as body from shared.outbox
    where headers::text like '%escalation.win_back%' order by id
"""


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire()
        yield site


async def lose(site: Site, browser: httpx2.AsyncClient, order: str = "4711", **answers: str) -> str:
    """Anna sells, the customer wants out, and she closes it as lost. Returns the episode's address."""
    account = f"c-{order}"
    now = await site.service.now()
    await site.receive(order_placed(order, sold_at=now - timedelta(days=20), segment="cafés"), about=account)
    episode = f"/episodes/{await site.request_refund(order, account=account)}"
    token = form_token((await browser.get(episode)).text)
    await browser.post(f"{episode}/acknowledge", data={"csrf_token": token})
    token = form_token((await browser.get(episode)).text)
    closed = await browser.post(f"{episode}/close", data={"csrf_token": token, "ending": "lost:service"} | answers)
    assert closed.status_code == 303, closed.text
    return episode


async def look(site: Site, weeks: float) -> str:
    """Time passes, the loop looks, and the page is read."""
    await site.service.move_clock(weeks * WEEK)
    await check_due(site.service.processor)
    return words_of((await (await site.signed_in()).get("/")).text)


async def published(site: Site) -> list[dict[str, Any]]:
    return [json.loads(row["body"]) for row in await site.service.pool.fetch(_TOLD)]


async def test_a_lost_customer_is_called_months_later_wants_it_later_and_comes_back(site: Site) -> None:
    browser = await site.signed_in()
    episode = await lose(site, browser)
    assert "Customers to win back" not in await look(site, 17)
    page = await look(site, 1.1)
    assert "Customers to win back Call them back" in page
    assert "Our service let them down" in page
    assert "congratulations if it does" in page
    again = date_words((await site.service.now() + 13 * WEEK).date(), (await site.service.now()).date())
    assert f"“Call again later” brings it back to this list on {again}." in page
    browser = await site.signed_in()
    assert re.search(rf'<a href="{episode}">Lost episode', (await browser.get("/")).text)
    form = dict(re.findall(r'name="(order|episode|round)" value="([^"]*)"', (await browser.get("/")).text))
    form["csrf_token"] = form_token((await browser.get("/")).text)
    later = await browser.post("/win-backs", data=form | {"answer": "later"})
    assert later.status_code == 303, later.text
    assert (await browser.post("/win-backs", data=form | {"answer": "no"})).status_code == 409, "it is not due now"
    assert "Customers to win back" not in words_of((await browser.get("/")).text)
    assert "Customers to win back" in await look(site, 13.1)
    browser = await site.signed_in()
    page = (await browser.get("/")).text
    assert "Call again later" not in page
    form |= dict(re.findall(r'name="(round)" value="([^"]*)"', page)) | {"csrf_token": form_token(page)}
    assert (await browser.post("/win-backs", data=form | {"answer": "won_back"})).status_code == 303
    row = await site.service.row("escalation.win_backs")
    assert (row["state"], row["ended_by"], row["loss_class"]) == ("won_back", "anna", "passed_around")
    assert [one.get("answer") for one in await published(site)] == [None, None, "later", None, "won_back"]


async def test_it_waits_while_customers_are_still_lost_says_why_and_lapses_after_a_year(site: Site) -> None:
    browser = await site.signed_in()
    await lose(site, browser)
    await site.service.move_clock(17.5 * WEEK)
    for number in range(10):
        account, order = f"c-{5000 + number}", str(5000 + number)
        await site.sell(order, account=account, segment="cafés")
        await site.request_refund(order, account=account)
    browser = await site.signed_in()
    await lose(site, browser, "4712")
    await lose(site, browser, "4713")
    page = await look(site, 0.6)
    assert re.search(r"Not yet: call them back Petra Weiss .* Waits since \S+", page)
    assert "A call now would be too early; this list will say when." in page
    assert "2 losses for the same reason on 12 requests in this segment within 30 days" in page
    (waits,) = [one for one in await published(site) if "losses" in one]
    assert (waits["losses"], waits["requests"]) == (2, 12)
    await look(site, 52.1)
    state = "select state from escalation.win_backs where order_id = '4711'"
    assert await site.service.pool.fetchval(state) == "lapsed"
    assert any(one.get("because") == "lapsed" for one in await published(site))


async def test_no_call_follows_where_the_customer_wants_none_or_the_close_is_undone(site: Site) -> None:
    browser = await site.signed_in()
    await lose(site, browser, "4711", may_call_again="no")
    await lose(site, browser, "4712")
    await site.receive(contact_preference_changed("do_not_call"), about="c-4712")
    undone = await lose(site, browser, "4713")
    token = form_token((await browser.get(undone)).text)
    assert (await browser.post(f"{undone}/reopen", data={"csrf_token": token})).status_code == 303
    assert "Customers to win back" not in await look(site, 18.1)
    rows = await site.service.pool.fetch("select order_id, state from escalation.win_backs order by order_id")
    assert [row["state"] for row in rows] == ["must_not_be_called", "must_not_be_called", "undone"]


async def test_accounts_that_a_colleague_looks_after_now_hide_nobodys_own_win_backs(site: Site) -> None:
    await site.hire("ben", "Ben Ode")
    browser = await site.signed_in()
    given_away = [str(4700 + number) for number in range(12)]
    for order in (*given_away, "4799"):
        await lose(site, browser, order)
    for order in given_away:
        await site.receive(account_reassigned("ben"), about=f"c-{order}")
    page = await look(site, 20)
    theirs = (await (await site.signed_in("ben")).get("/")).text
    assert "Customers to win back" in theirs
    assert "Lost episode" not in theirs, "only the people of the lost episode may see it"
    assert "order 4799" in page.partition("Customers to win back")[2]
    assert "order 4700" not in page.partition("Customers to win back")[2]
