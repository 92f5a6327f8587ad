"""Follow-ups on the page: the customer's answer about a promise or a result, as reported by a colleague."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.escalation.channels.email import EmailChannel
from services.escalation.channels.sender import Sender
from services.escalation.store.timeline import answers_of
from shared.contracts.order_parts import Promise, Side
from shared.metrics import create_metrics
from tests.builders import (
    ACCOUNT,
    ORDER,
    SELLER,
    account_reassigned,
    contact_made,
    order_cancelled,
    order_placed,
    outcome_reported,
    promise_kept,
    refund_requested,
)
from tests.escalation import FakeMail, letters
from tests.inbox import Site, form_token, inbox_site, words_of
from tests.servers import MakeDatabase

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
_STANDING = "select array_agg(kind order by kind) from escalation.signals where ended is null"
_TOLD = """
    select convert_from(payload, 'UTF8') from shared.outbox
    where headers::text like '%escalation.follow_up_answered%' order by id
"""
_FINISHED = re.compile(r'<ul class="finished".*?</ul>', re.DOTALL)
_FORM = re.compile(r'<form method="post" action="/follow-ups".*?</form>', re.DOTALL)
_FIELD = re.compile(r'name="(order|promise|round|csrf_token)" value="([^"]*)"')


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire()
        await site.hire("ben", "Ben Ahlers")
        now = await site.service.now()
        promise = Promise(id="training", what="Training for the caretaker", due_at=now + 2 * DAY)
        sold = order_placed(
            sold_at=now, promises=(promise,), expected_outcome="A third less gas", outcome_expected_by=now + 2 * DAY
        )
        await site.receive(sold)
        await site.service.move_clock(DAY)
        yield site


async def forms(browser: httpx2.AsyncClient) -> list[dict[str, str]]:
    """The fields of each follow-up that the customer's answer can finish: promises, then results."""
    page = (await browser.get("/")).text
    found = [dict(_FIELD.findall(form)) for form in _FORM.findall(page)]
    return sorted(found, key=lambda form: not form["promise"])


async def finished(browser: httpx2.AsyncClient) -> str:
    """The follow-ups that the page lists as finished without proof."""
    return " ".join(words_of(part) for part in _FINISHED.findall((await browser.get("/")).text))


async def say(browser: httpx2.AsyncClient, form: dict[str, str], answer: str, **other: str) -> httpx2.Response:
    return await browser.post("/follow-ups", data=form | {"answer": answer, "channel": "phone"} | other)


async def reported(site: Site) -> list[dict[str, Any]]:
    return [json.loads(row[0]) for row in await site.service.pool.fetch(_TOLD)]


async def test_a_promise_confirmed_by_the_customer_is_finished_published_and_not_missed(site: Site) -> None:
    browser = await site.signed_in()
    promise, _ = await forms(browser)
    answer = await say(browser, promise, "kept")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert len(await forms(browser)) == 1
    listed = await finished(browser)
    assert "Petra Weiss You reported this at 10:00, not yet confirmed" in listed
    assert "The customer said that we kept our promise for order 4711." in listed
    assert "Training for the caretaker" in listed
    (event,) = await reported(site)
    assert (event["order"], event["by"], event["answer"], event["promise"]) == (ORDER, SELLER, "kept", "training")
    await site.wait(2 * DAY)
    assert await site.service.pool.fetchval(_STANDING) is None
    assert "You reported this on" in await finished(browser)


async def test_the_customers_own_part_is_reminded_of_finished_and_never_missed(site: Site) -> None:
    now = await site.service.now()
    room = Promise(id="room", what="A room", due_at=now + DAY, owed_by=Side.CUSTOMER, who="Facility management")
    await site.receive(order_placed("4712", sold_at=now, promises=(room,)))
    browser = await site.signed_in()
    page = words_of((await browser.get("/")).text)
    assert "Remind them of their part due tomorrow, 10:00" in page
    assert "A room To be done by Facility management" in page
    assert "What do you need from us for it?" in page
    await site.wait(2 * DAY)
    assert await site.service.pool.fetchval(_STANDING) == ["promise_missed"], "ours was missed, theirs was not"
    theirs = next(form for form in await forms(browser) if form["order"] == "4712")
    assert (await say(browser, theirs, "kept")).status_code == 409, "that is the answer about a promise of ours"
    assert (await say(browser, theirs, "done")).status_code == 303
    assert "The customer said that their part of order 4712 is done." in await finished(browser)
    assert [(one["answer"], one["promise"]) for one in await reported(site)] == [("done", "room")]
    await site.receive(promise_kept("room", order="4712"))
    assert "4712" not in await finished(browser)


async def test_an_unreached_result_lists_what_both_sides_still_owe_on_the_page_and_in_the_mail(site: Site) -> None:
    now = await site.service.now()
    theirs = Promise(id="room", what="A room", due_at=now - DAY, owed_by=Side.CUSTOMER, who="Facility management")
    ours = Promise(id="visit", what="A first visit", due_at=now + 2 * DAY)
    sold = order_placed("4712", sold_at=now - 2 * DAY, promises=(theirs, ours), outcome_expected_by=now + DAY)
    await site.receive(sold)
    browser = await site.signed_in()
    assert "Their part (Facility management): “A room” was due" in words_of((await browser.get("/")).text)
    await site.receive(outcome_reported(order="4712", reached=False))
    row = await site.service.row("escalation.episodes")
    page = words_of((await browser.get(f"/episodes/{row['episode_id']}")).text)
    assert "Not done yet, on both sides Their part (Facility management): “A room” was due" in page
    assert "Our part: “A first visit” is due" in page
    server = FakeMail()
    sender = Sender(EmailChannel(server, letters()))
    await asyncio.wait(await sender.start_due(site.service.pool, site.service.processor, create_metrics("escalation")))
    (mail,) = server.received
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        text = words_of(part.get_content())
        assert "Their part (Facility management): “A room” was due" in text
        assert "Our part: “A first visit” is due" in text


async def test_without_a_confirmation_the_promise_is_missed(site: Site) -> None:
    await site.wait(2 * DAY)
    assert await site.service.pool.fetchval(_STANDING) == ["promise_missed"]


async def test_a_complaint_restores_the_follow_up_and_raises_the_overdue_promise(site: Site) -> None:
    browser = await site.signed_in()
    promise, outcome = await forms(browser)
    await say(browser, promise, "kept")
    await say(browser, outcome, "worked")
    await site.wait(2 * DAY)
    await site.receive(refund_requested())
    again, _ = await forms(browser)
    assert again["round"]
    page = words_of((await browser.get("/")).text)
    assert "You closed this on" in page
    assert "Since then: refund requested" in page
    assert await finished(browser) == ""
    await site.wait(timedelta(minutes=5))
    assert await site.service.pool.fetchval(_STANDING) == ["promise_missed", "refund_requested"]
    assert (await say(browser, promise, "kept")).status_code == 303, "the earlier press, repeated"
    assert len(await forms(browser)) == 2
    await say(browser, again, "kept")
    assert len(await forms(browser)) == 1
    assert await site.service.pool.fetchval(_STANDING) == ["promise_missed", "refund_requested"], (
        "an answer, but no proof"
    )


async def test_a_complaint_from_before_the_talk_reported_after_it_restores_nothing(site: Site) -> None:
    browser = await site.signed_in()
    promise, _ = await forms(browser)
    await say(browser, promise, "kept")
    await site.receive(contact_made("dead_end", case=None), minutes_ago=30)
    assert len(await forms(browser)) == 1


async def test_a_talk_with_bad_news_keeps_the_episode_open_and_opens_no_other(site: Site) -> None:
    browser = await site.signed_in()
    _, outcome = await forms(browser)
    await site.receive(contact_made("dead_end", case=None), minutes_ago=30)
    (before,) = await site.service.rows("escalation.episodes")
    await say(browser, outcome, "did_not_work")
    assert await site.service.pool.fetchval(_STANDING) == ["outcome_denied"]
    (after,) = await site.service.rows("escalation.episodes")
    assert (after["episode_id"], after["closed_at"]) == (before["episode_id"], None)


async def test_a_result_that_the_customer_denies_raises_an_alert_like_their_own_report(site: Site) -> None:
    browser = await site.signed_in()
    _, outcome = await forms(browser)
    await say(browser, outcome, "did_not_work")
    assert await site.service.pool.fetchval(_STANDING) == ["outcome_denied"]
    assert len(await forms(browser)) == 1
    assert "they did not get the result they wanted from order 4711" in await finished(browser)
    row = await site.service.row("escalation.episodes")
    assert row["responsible"] == SELLER
    page = words_of((await browser.get(f"/episodes/{row['episode_id']}")).text)
    assert "The customer said that they did not get the result they wanted from order 4711" in page
    assert "Reported by you after a conversation; not yet confirmed." in page
    assert [one["answer"] for one in await reported(site)] == ["did_not_work"]
    await site.receive(outcome_reported(reached=True))
    assert await site.service.pool.fetchval(_STANDING) is None
    assert await finished(browser) == ""


async def test_a_later_proof_replaces_the_customers_answer(site: Site) -> None:
    browser = await site.signed_in()
    promise, outcome = await forms(browser)
    await say(browser, promise, "kept")
    await say(browser, outcome, "worked")
    assert "not yet confirmed" in await finished(browser)
    await site.receive(promise_kept())
    await site.receive(outcome_reported(reached=True))
    assert await finished(browser) == ""
    assert await forms(browser) == []


@pytest.mark.parametrize("fact", [promise_kept(), order_cancelled()])
async def test_an_answer_after_proof_or_cancellation_is_refused_in_words(site: Site, fact: Any) -> None:
    browser = await site.signed_in()
    promise, _ = await forms(browser)
    await site.receive(fact)
    answer = await say(browser, promise, "kept")
    assert answer.status_code == 409
    assert "This follow-up is no longer on your list" in answer.text
    assert await reported(site) == []


async def test_pressing_twice_counts_once_and_the_first_of_two_answers_counts(site: Site) -> None:
    browser = await site.signed_in()
    _, outcome = await forms(browser)
    assert [(await say(browser, outcome, "worked")).status_code for _ in range(2)] == [303, 303]
    assert (await say(browser, outcome, "did_not_work")).status_code == 409
    assert [one["answer"] for one in await reported(site)] == ["worked"]
    reached = "select count(*) from escalation.facts where kind = 'customer_reached'"
    assert await site.service.pool.fetchval(reached) == 1, "it counts as a talk as well"


async def test_no_one_answers_for_another_and_a_successor_sees_who_did(site: Site) -> None:
    anna, ben = await site.signed_in(), await site.signed_in("ben")
    promise, outcome = await forms(anna)
    stranger = {"csrf_token": form_token((await ben.get("/")).text)}
    assert (await say(ben, promise | stranger, "kept")).status_code == 404
    await say(anna, promise, "kept")
    await site.receive(account_reassigned("ben"))
    assert await finished(anna) == ""
    assert (await say(anna, outcome, "worked")).status_code == 409
    assert "Anna Berg reported this at 10:00, not yet confirmed" in await finished(ben)
    (left,) = await forms(ben)
    assert (await say(ben, left, "worked")).status_code == 303


async def test_a_person_who_left_cannot_answer(site: Site) -> None:
    browser = await site.signed_in()
    promise, _ = await forms(browser)
    await site.hire(active=False)
    answer = await say(browser, promise, "kept")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert await reported(site) == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"answer": "perhaps"}, 422),
        ({"answer": "worked"}, 409),
        ({"promise": "not-an-id"}, 404),
        ({"promise": ""}, 409),
        ({"order": "not-sold"}, 404),
        ({"csrf_token": "forged"}, 403),
        ({"channel": "pigeon"}, 422),
    ],
)
async def test_a_form_that_does_not_match_records_nothing(site: Site, changes: dict[str, str], status: int) -> None:
    browser = await site.signed_in()
    promise, _ = await forms(browser)
    assert (await say(browser, promise, **({"answer": "kept"} | changes))).status_code == status
    assert await reported(site) == []


async def test_the_timeline_attributes_the_answer_and_marks_it_as_unproven(site: Site) -> None:
    browser = await site.signed_in()
    promise, outcome = await forms(browser)
    await say(browser, promise, "kept")
    await site.service.move_clock(HOUR)
    await say(browser, outcome, "worked")
    answers = await answers_of(site.service.pool, ACCOUNT)
    assert [(one.what, one.who, one.order) for one in answers] == [
        ("The customer said that we kept our promise for order 4711", SELLER, ORDER),
        ("The customer said that they got the result they wanted from order 4711", SELLER, ORDER),
    ]
    assert {one.why for one in answers} == {"Reported by a salesperson after a conversation; not yet confirmed."}
