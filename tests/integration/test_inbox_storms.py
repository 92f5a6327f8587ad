"""A storm of one cause on one person's list: a selection of rows, one press for all, and a queue of calls."""

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2

from services.escalation.domain.policy.versions import Policies
from shared.contracts.order_parts import Customer
from tests.builders import SELLER, delivery_late, refund_requested
from tests.inbox import Site, form_token, words_of
from tests.inbox_desk import Desk

LIMITS = Policies.shipped().latest.policy.acknowledgement
OPEN = "select * from escalation.episodes order by deadline_at, order_id"
DECIDED = "select episode_id from escalation.decisions where rule = 'acknowledged'"
STEPS = "select words from escalation.decisions where rule = 'queued' and episode_id = $1"
COPIES = """
    insert into escalation.episodes
    select (jsonb_populate_record(e, jsonb_build_object(
        'episode_id', gen_random_uuid(), 'order_id', 'copy-' || number
    ))).*
    from escalation.episodes e, generate_series(1, $1::int) number where e.episode_id = $2
"""
SIGNALS = """
    insert into escalation.signals
    select (jsonb_populate_record(s, jsonb_build_object('signal_id', gen_random_uuid(), 'episode_id', e.episode_id))).*
    from escalation.signals s, escalation.episodes e where s.episode_id = $1 and e.episode_id <> $1
"""


async def storm(site: Site, number: int, *, first: int = 0) -> list[UUID]:
    """This many deliveries of Anna's orders are late; Ben is her backup."""
    if not first:
        await site.hire("ben", "Ben Ahlers", email="ben@sales.example")
        await site.hire(backup="ben")
    for each in range(first, first + number):
        await site.sell(f"o-{each}", account=f"a-{each}", customer=Customer(name=f"Company {each}"))
        await site.receive(delivery_late(f"o-{each}"), minutes_ago=5, about=f"a-{each}")
    rows = await site.service.pool.fetch("select episode_id from escalation.episodes order by raised_at, order_id")
    return [row[0] for row in rows]


async def episodes(site: Site) -> list[dict[str, Any]]:
    return [dict(row) for row in await site.service.pool.fetch(OPEN)]


async def mine(site: Site) -> list[dict[str, Any]]:
    return [row for row in await episodes(site) if row["acknowledged_by"] == SELLER]


def shown(page: str) -> dict[str, list[str] | str]:
    """The form that acknowledges all episodes of one cause."""
    (form,) = re.findall(r'<form class="together".*?</form>', page, re.DOTALL)
    return {"csrf_token": form_token(form), "episode": re.findall(r'name="episode" value="([^"]+)"', form)}


async def press(browser: httpx2.AsyncClient, form: dict[str, Any], query: str = "") -> str:
    answer = await browser.post(f"/acknowledge-all{query}", data=form)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_thirty_of_one_cause_are_acknowledged_by_one_press(site: Site) -> None:
    await storm(site, 30)
    browser = await site.signed_in()
    page = (await browser.get("/")).text
    assert "Acknowledge all 30" in words_of(page)
    form = shown(page)
    assert "30 acknowledged." in words_of(await press(browser, form))
    taken = await mine(site)
    assert len(taken) == 30
    rules = await site.service.pool.fetch(DECIDED)
    assert {row[0] for row in rules} == {row["episode_id"] for row in taken}, "each keeps its own history"
    again = words_of(await press(browser, form))
    assert "30 acknowledged." in again, "pressed twice, the result is the same"
    assert await mine(site) == taken
    assert len(await site.service.pool.fetch(DECIDED)) == 30


async def test_the_calls_of_a_storm_end_one_after_the_other(site: Site) -> None:
    """But never later than a working day after the first, because another person is notified then."""
    await storm(site, 60)
    browser = await site.signed_in()
    await press(browser, shown((await browser.get("/")).text))
    rows = await episodes(site)
    rung = {row["order_id"]: row["raised_at"] for row in rows}
    assert [row["order_id"] for row in rows[:5]] == sorted(rung, key=lambda order: rung[order])[:5], (
        "by the time of the alert"
    )
    queued = [await site.service.pool.fetch(STEPS, row["episode_id"]) for row in rows[:3]]
    assert [[step["words"] for step in steps] for steps in queued] == [
        [],
        ["2nd call in line, after 1 call of the same or a higher severity."],
        ["3rd call in line, after 2 calls of the same or a higher severity."],
    ]
    between = [later["deadline_at"] - row["deadline_at"] for row, later in pairwise(rows)]
    most = LIMITS.longest_queue // LIMITS.call_takes
    near = timedelta(minutes=1)
    assert all(abs(one - LIMITS.call_takes) < near for one in between[:5])
    assert all(abs(one) < near for one in between[most:])


async def test_more_severe_episodes_come_first_and_a_given_time_stays(site: Site) -> None:
    await storm(site, 3)
    browser = await site.signed_in()
    await press(browser, shown((await browser.get("/")).text))
    before = {row["episode_id"]: row["deadline_at"] for row in await mine(site)}
    await site.sell("big", account="a-big", amount_minor=9_000_000, customer=Customer(name="Big", zone="Europe/Berlin"))
    assessed = await site.request_refund("big", account="a-big")
    assert (await Desk(browser, assessed).press("acknowledge")).status_code == 303
    rows = {row["episode_id"]: row for row in await mine(site)}
    assert rows[assessed]["severity"] == "critical"
    assert rows[assessed]["deadline_at"] == rows[assessed]["acknowledged_at"] + LIMITS.redeem_within.critical
    assert {id: rows[id]["deadline_at"] for id in before} == before
    page = await Desk(browser, assessed).page()
    assert re.search(r"Call by 11:0\d , 1st in your queue", page)
    first_late = min(before, key=lambda id: before[id])
    assert ", 2nd in your queue" in await Desk(browser, first_late).page()


async def test_all_orders_of_a_customer_are_one_call(site: Site) -> None:
    """Two orders of one customer are one call ahead of another customer's order. That one call is ahead of a later
    order of the first customer."""
    await site.hire()
    browser = await site.signed_in()
    for order, account in (("o-1", "twice"), ("o-2", "twice"), ("o-3", "other"), ("o-4", "twice")):
        await site.sell(order, account=account, amount_minor=50_000)
        id = await site.request_refund(order, account=account, case=None, amount_minor=50_000)
        assert (await Desk(browser, id).press("acknowledge")).status_code == 303
    found = {row["order_id"]: row for row in await mine(site)}
    assert len({row["severity"] for row in found.values()}) == 1
    behind = {order: row["deadline_at"] - row["acknowledged_at"] for order, row in found.items()}
    near = timedelta(minutes=1)
    assert abs(behind["o-2"] - behind["o-1"]) < near
    assert abs(behind["o-3"] - behind["o-1"] - LIMITS.call_takes) < near
    assert abs(behind["o-4"] - behind["o-1"] - LIMITS.call_takes) < near, "behind the other customer alone"
    page = await Desk(browser, found["o-3"]["episode_id"]).page()
    assert ", 2nd in your queue" in page


async def test_pressed_one_by_one_they_are_queued_as_well(site: Site) -> None:
    ids = await storm(site, 3)
    browser = await site.signed_in()
    for id in ids:
        assert (await Desk(browser, id).press("acknowledge")).status_code == 303
    first, second, third = await mine(site)
    assert [row["episode_id"] for row in (first, second, third)] == ids
    assert second["deadline_at"] - first["deadline_at"] >= LIMITS.call_takes
    assert third["deadline_at"] - second["deadline_at"] >= LIMITS.call_takes


async def test_a_repeated_press_is_the_same_press_despite_other_acknowledgements_since(site: Site) -> None:
    ids = await storm(site, 2)
    desk, other = [Desk(await site.signed_in(), id) for id in ids]
    form = await desk.form()
    assert (await desk.send("acknowledge", form)).status_code == 303
    assert (await other.press("acknowledge")).status_code == 303
    for _ in range(10):
        await site.wait(timedelta(days=1))
    assert all(row["acknowledged_by"] is None for row in await episodes(site)), "the time to reach the customer is over"
    assert (await desk.send("acknowledge", form)).status_code == 303
    assert all(row["acknowledged_by"] is None for row in await episodes(site))


async def test_passed_on_episodes_are_reported_and_later_ones_are_left_alone(site: Site) -> None:
    ids = await storm(site, 8)
    browser = await site.signed_in()
    form = shown((await browser.get("/")).text)
    for id in ids[:2]:
        assert (await Desk(browser, id).press("not-mine")).status_code == 303
    assert (await Desk(await site.signed_in("ben"), ids[0]).press("acknowledge")).status_code == 303
    assert (await Desk(browser, ids[2]).press("close", ending="saved:concession")).status_code == 303
    await site.receive(refund_requested(order="o-3"), about="a-3")
    await storm(site, 1, first=8)
    reported = words_of(await press(browser, form))
    assert (
        "4 acknowledged. 2 already with Ben Ahlers. 1 already closed. 1 changed after this page was loaded" in reported
    )
    assert {row["order_id"] for row in await mine(site)} == {"o-4", "o-5", "o-6", "o-7"}


async def test_a_person_without_a_part_acknowledges_nothing(site: Site) -> None:
    await storm(site, 3)
    form = shown((await (await site.signed_in()).get("/")).text)
    await site.hire("eve", "Eve Adler", email="eve@sales.example")
    eve = await site.signed_in("eve")
    form["csrf_token"] = form_token((await eve.get("/")).text)
    assert "0 acknowledged. 3 no longer in your inbox." in words_of(await press(eve, form))
    assert await mine(site) == []
    form["csrf_token"] = "other"
    assert (await eve.post("/acknowledge-all", data=form)).status_code == 403
    token = form_token((await eve.get("/")).text)
    for wrong in ([], ["x y"], ["x"] * 101):
        answer = await eve.post("/acknowledge-all", data={"csrf_token": token, "episode": wrong})
        assert answer.status_code == 422, wrong


async def test_filters_are_links_with_counts_and_stay_in_the_address(site: Site) -> None:
    ids = await storm(site, 7)
    await site.sell("big", account="a-big", amount_minor=9_000_000, customer=Customer(name="Big", zone="Europe/Berlin"))
    await site.request_refund("big", account="a-big")
    browser = await site.signed_in()
    assert (await Desk(browser, ids[0]).press("acknowledge")).status_code == 303
    page = (await browser.get("/")).text
    assert "All 8 Waiting for you 7 Acknowledged by you 1 Critical 1 High 7 Watch and information 0" in words_of(page)
    assert '<li class="row' in (await browser.get("/?severity=nonsense&show=nonsense&page=x")).text
    for query, count, customer in (
        ("?severity=critical", 1, "Big"),
        ("?show=mine", 1, "Company 0"),
        ("?severity=high&show=waiting", 6, "Company 1"),
        ("?q=company&severity=high", 7, "Company 2"),
    ):
        found = (await browser.get(f"/{query}")).text
        assert found.count('<li class="row') == count, query
        assert customer in found
        assert re.search(f'href="/episodes/[^"?]+{re.escape(query.replace("&", "&amp;"))}"', found), (
            "kept in the links to episodes"
        )
    kept = (await browser.get("/?q=company&severity=high&show=waiting")).text
    assert '<input type="hidden" name="severity" value="high">' in kept
    assert 'href="/?q=company&amp;severity=high"' in kept, "the link of a chosen filter removes it"
    assert 'action="/acknowledge-all?q=company&amp;severity=high&amp;show=waiting"' in kept
    assert (await browser.get("/?q=big&page=9")).text.count('<li class="row') == 1
    for page in ("", "&page=7"):
        nothing = words_of((await browser.get(f"/?severity=watch{page}")).text)
        assert "No sale at risk matches this filter. Show all 8 open" in nothing
    both = (await browser.get("/?q=company+1&severity=critical&show=mine")).text
    assert "No sale at risk matches “company 1” and the filter Acknowledged by you, Critical." in words_of(both)
    assert '<a href="/?q=company+1">Search without the filter</a>' in both
    assert "No sale at risk matches “nobody”. Show all 8 open" in words_of((await browser.get("/?q=nobody")).text)
    back = await browser.get("/acknowledge-all?severity=high")
    assert (back.status_code, back.headers["location"]) == (303, "/?severity=high")


async def test_five_thousand_are_a_page_of_thirty_and_a_press_of_a_hundred(site: Site) -> None:
    (id, *_) = await storm(site, 1)
    await site.service.pool.execute(COPIES, 4999, id)
    await site.service.pool.execute(SIGNALS, id)
    browser = await site.signed_in()
    page = (await browser.get("/")).text
    assert page.count('<li class="row') == 30
    assert "Waiting for you 5000" in words_of(page)
    assert "1 of 167" in words_of(page)
    assert len(shown(page)["episode"]) == 100
    assert "at least 100 (5000 alerts of all kinds are waiting for you)" in words_of(page)
    assert "Acknowledge these 100" in words_of(page)
    assert "Acknowledge all" not in words_of(page)
    assert len(urlencode(shown(page), doseq=True)) < 16_384, "the limit of a form"
    assert len(page) < 400_000
    beyond = words_of((await browser.get("/?page=200")).text)
    assert "Previous 167 of 167" in beyond
    assert "No sale at risk matches" not in beyond


async def test_up_to_five_are_cards_and_more_are_rows(site: Site) -> None:
    await storm(site, 5)
    browser = await site.signed_in()
    assert '<ol class="rows" ' in (await browser.get("/")).text
    await storm(site, 1, first=5)
    assert '<ol class="rows compact" ' in (await browser.get("/")).text
    assert '<ol class="rows" ' in (await browser.get("/?q=company+3")).text


async def test_of_what_is_due_within_one_minute_the_largest_sale_comes_first(site: Site) -> None:
    """On the list and in the queue of calls, although it was reported a few seconds later."""
    await site.hire()
    for seconds, amount in enumerate((90_000, 50_000, 400_000)):
        await site.sell(
            f"o-{seconds}", account=f"a-{seconds}", amount_minor=amount, customer=Customer(name=f"€{amount}")
        )
        await site.receive(delivery_late(f"o-{seconds}"), minutes_ago=5, about=f"a-{seconds}")
        await site.service.pool.execute(
            "update escalation.episodes set deadline_at = date_trunc('minute', deadline_at) + $2 where order_id = $1",
            f"o-{seconds}",
            timedelta(seconds=seconds),
        )
    browser = await site.signed_in()
    page = (await browser.get("/")).text
    largest_first = ["€400000", "€90000", "€50000"]
    assert re.findall(r"<h3><a [^>]*><bdi>(.*?)</bdi>", page) == largest_first
    await press(browser, shown(page))
    queued = words_of((await browser.get("/")).text)
    assert re.findall(r"€\d+000\b(?= €)", queued)[:3] == largest_first
    assert [row["order_id"] for row in await mine(site)] == ["o-2", "o-0", "o-1"], "by the time that each call has"
