"""Follow-ups on the page: whose they are, what they quote, and the check-in that is logged there."""

import html
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from shared.contracts.order_parts import Promise
from tests.builders import (
    ACCOUNT,
    ORDER,
    SELLER,
    account_reassigned,
    confirmation_required,
    contact_made,
    contact_preference_changed,
    order_placed,
    outcome_reported,
    promise_kept,
)
from tests.inbox import Site, form_token, inbox_site
from tests.servers import MakeDatabase

DAY = timedelta(days=1)
_TOLD = """
    select convert_from(payload, 'UTF8') from shared.outbox
    where headers::text like '%escalation.check_in_done%'
"""


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire()
        await site.hire("ben", "Ben Ahlers")
        yield site


async def sell(
    site: Site, order: str = ORDER, *, by: str = SELLER, sold_ago: timedelta = timedelta(), **says: Any
) -> None:
    sold_at = await site.service.now() - sold_ago
    await site.receive(
        order_placed(order, sold_by=by, sold_at=sold_at, **says), minutes_ago=sold_ago / timedelta(minutes=1)
    )


async def duties(browser: httpx2.AsyncClient) -> list[str]:
    """The words of each follow-up on the page."""
    page = (await browser.get("/")).text
    (section,) = re.findall(r"<section[^>]* data-duties.*?</section>", page, re.DOTALL)
    return [
        " ".join(html.unescape(re.sub(r"<option.*?</option>|<[^>]+>", " ", item)).split())
        for item in re.findall(r"<li id=.*?(?=<li id=|</ol>)", section, re.DOTALL)
    ]


async def log(browser: httpx2.AsyncClient, order: str = ORDER, **fields: str) -> httpx2.Response:
    form = {"csrf_token": form_token((await browser.get("/")).text), "order": order}
    return await browser.post("/check-ins", data=form | fields)


async def test_a_check_in_appears_two_days_before_it_is_due(site: Site) -> None:
    await sell(site)
    browser = await site.signed_in()
    assert await duties(browser) == []
    assert "data-duties" in (await browser.get("/")).text
    await site.service.move_clock(13 * DAY)
    (duty,) = await duties(browser)
    assert duty.startswith(
        "Check in with the customer due tomorrow, 10:00 Petra Weiss €14,900.00 Heat pump, Installation · order 4711"
    )
    assert "Call +49 30 901820" in duty
    assert "We spoke" in duty
    assert "This is Anna Berg. I'm calling about your order." in duty


async def test_an_overdue_check_in_says_for_how_long(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(17 * DAY)
    (duty,) = await duties(await site.signed_in())
    assert "3 days overdue" in duty


async def test_a_logged_check_in_counts_as_a_talk_and_is_published(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    browser = await site.signed_in()
    answer = await log(browser, channel="in_person")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await duties(browser) == []
    reported = json.loads(await site.service.pool.fetchval(_TOLD))
    assert (reported["order"], reported["by"], reported["channel"]) == (ORDER, SELLER, "in_person")


async def test_pressing_twice_logs_one_talk(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    browser = await site.signed_in()
    assert [(await log(browser)).status_code for _ in range(2)] == [303, 303]
    reached = "select count(*) from escalation.facts where kind = 'customer_reached'"
    assert await site.service.pool.fetchval(reached) == 1


async def test_a_check_in_clears_the_same_signals_as_a_talk(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    await site.receive(contact_made("dead_end", case=None), minutes_ago=9)
    await site.receive(confirmation_required(), minutes_ago=9)
    await site.wait(DAY)
    standing = "select array_agg(kind order by kind) from escalation.signals where ended is null"
    assert await site.service.pool.fetchval(standing) == ["contact_dead_ended", "order_stalled"]
    await log(await site.signed_in())
    assert await site.service.pool.fetchval(standing) is None
    assert await site.service.pool.fetchval("select result from escalation.episodes") == "cause_gone"


async def test_a_check_in_redeems_the_sellers_acknowledgement_of_that_order(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    episode = await site.request_refund()
    browser = await site.signed_in()
    form = {"csrf_token": form_token((await browser.get("/")).text)}
    assert (await browser.post(f"/episodes/{episode}/acknowledge", data=form)).status_code == 303
    await log(browser)
    row = await site.service.row("escalation.episodes")
    assert (row["acknowledged_by"], row["deadline_at"], row["reached_at"] is not None) == (SELLER, None, True)


async def test_a_follow_up_that_is_completed_otherwise_is_refused_in_words(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    browser = await site.signed_in()
    await site.receive(contact_made("answered", case=None, direction="outbound", agent=SELLER))
    assert await duties(browser) == []
    answer = await log(browser)
    assert answer.status_code == 409
    assert "This check-in is no longer on your list" in answer.text


async def test_no_one_can_log_another_persons_check_in(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    browser = await site.signed_in("ben")
    assert await duties(browser) == []
    assert (await log(browser)).status_code == 404
    assert (await log(browser, "no-such-order")).status_code == 404
    assert (await log(browser, "no\0order")).status_code == 404
    await site.receive(account_reassigned("ben"))
    assert len(await duties(browser)) == 1
    answer = await log(await site.signed_in())
    assert answer.status_code == 409
    assert (await log(browser)).status_code == 303


async def test_the_form_of_another_page_logs_nothing(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    browser = await site.signed_in()
    assert (await log(browser, csrf_token="forged")).status_code == 403
    assert (await log(browser, channel="pigeon")).status_code == 422
    assert len(await duties(browser)) == 1


async def test_promises_and_the_expected_result_are_quoted_until_they_are_proven(site: Site) -> None:
    now = await site.service.now()
    promises = (Promise(id="training", what="Training for the caretaker", due_at=now + 2 * DAY),)
    outcome: Any = {"expected_outcome": "A third less gas", "outcome_expected_by": now + 3 * DAY}
    await sell(site, promises=promises, **outcome)
    await site.service.move_clock(1 * DAY)
    browser = await site.signed_in()
    promised, expected = await duties(browser)
    assert promised.startswith("Keep the promise due tomorrow, 10:00 Petra Weiss")
    assert "Training for the caretaker" in promised
    assert expected.startswith("Ask whether they got the result they wanted due")
    assert "A third less gas" in expected
    await site.receive(promise_kept())
    await site.receive(outcome_reported(reached=True))
    assert await duties(browser) == []


async def test_a_promise_with_erased_words_is_still_a_follow_up(site: Site) -> None:
    now = await site.service.now()
    await sell(site, promises=(Promise(what="Training for Ms Weiss", due_at=now + DAY),))
    await site.service.pool.execute("update shared.journal set body = null")
    (promised,) = await duties(await site.signed_in())
    assert promised.startswith("Keep the promise due tomorrow")
    assert "Training" not in promised


async def test_a_backfilled_sale_or_a_do_not_call_customer_makes_no_follow_ups(site: Site) -> None:
    await sell(site, sold_ago=13 * DAY)
    await sell(site, "4712")
    await site.receive(contact_preference_changed("deceased"))
    await site.service.move_clock(13 * DAY)
    assert await duties(await site.signed_in()) == []


async def test_a_successor_finds_the_follow_ups_of_the_accounts_taken_over(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    left = {"salesperson": "ben", "since": (await site.service.now()).date()}
    await site.hire(active=False, successor=left)
    assert len(await duties(await site.signed_in("ben"))) == 1


async def test_a_long_list_shows_what_is_due_first(site: Site) -> None:
    for number in range(14):
        await sell(site, f"o-{number:02}")
        await site.service.move_clock(timedelta(minutes=1))
    await site.service.move_clock(13 * DAY)
    browser = await site.signed_in()
    listed = await duties(browser)
    assert [re.findall(r"order (o-\d+)", duty)[0] for duty in listed] == [f"o-{number:02}" for number in range(12)]
    assert "2 more not shown." in (await browser.get("/")).text


async def test_follow_ups_are_listed_beside_open_episodes(site: Site) -> None:
    await sell(site)
    await site.service.move_clock(13 * DAY)
    await site.request_refund()
    browser = await site.signed_in()
    assert len(await duties(browser)) == 1
    assert f"order&nbsp;<bdi>{ORDER}</bdi>" in (await browser.get("/")).text
    assert ACCOUNT not in "".join(await duties(browser))
