"""`handoff review` without a loss, without an order or a journal, and the personal data that it leaves out."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.escalation.domain.own_facts import ClosePressed
from shared.contracts.support_inbound import Person
from tests.builders import (
    ACCOUNT,
    ORDER,
    OTHER_ACCOUNT,
    contact_made,
    order_cancelled,
    order_placed,
)
from tests.escalation import button, dead_end, reported
from tests.reviews import ReviewedSite, case_of_two_contacts, reviewed_site
from tests.servers import MakeDatabase
from tests.team import HOUR, happens


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[ReviewedSite]:
    async with reviewed_site(database) as site:
        yield site


async def test_an_order_that_was_not_lost_has_a_story_and_an_unknown_one_has_none(site: ReviewedSite) -> None:
    await happens(site.team, dead_end(case=None, order=ORDER))

    page, found = await site.page(ORDER), await site.json(ORDER)
    unknown = await site.review("4799")

    assert "It was not lost so far: an episode is open." in page
    assert "Dead end on 25 November 2026 at 09:00 UTC, under policy 1." in page
    assert "cheapest" not in page
    assert (found["outcome"], found["loss"], found["first_signal"]["signal"]) == (None, None, "contact_dead_ended")
    assert (unknown.exit_code, "Order 4799 is not known." in unknown.output) == (1, True)


async def test_the_customers_own_words_and_names_are_shown_only_on_demand(site: ReviewedSite) -> None:
    said = contact_made("dead_end", case=None, order=ORDER, words="It is still cold.", by=Person(name="Petra Weiss"))
    await happens(site.team, said)
    (episode,) = await site.team.episodes()
    closing = {"result": "lost", "reason": "price", "note": "Petra has bought elsewhere."}
    await site.team.receive(button(ClosePressed, episode["episode_id"], "anna", **closing))

    plain = await site.page(ORDER) + (await site.review(ORDER, "--json")).stdout
    whole = await site.page(ORDER, "--words")

    for personal in ("It is still cold.", "Petra", "901820", "petra@customer.example"):
        assert personal not in plain
    assert "“It is still cold.”" in whole
    assert "“Petra has bought elsewhere.”" in whole


async def test_without_the_journal_of_the_customer_the_story_is_shown_and_nothing_is_judged(site: ReviewedSite) -> None:
    await case_of_two_contacts(site.team)
    trimmed = "delete from shared.journal where decided_at <= (select seen_at from escalation.orders)"
    await site.team.pool.execute(trimmed)
    without_its_beginning = await site.page(ORDER)
    await site.team.pool.execute("update shared.journal set body = null where subject = $1", ACCOUNT)
    erased = await site.page(ORDER)

    assert "Nothing can be judged. The journal begins on 2026-11-25 09:00 UTC, after this sale" in without_its_beginning
    assert "Nothing can be judged. The journal has no inputs of this customer: they were deleted or erased." in erased
    assert "anna (seller)" in erased


async def test_since_is_only_for_the_count_over_all_customers(site: ReviewedSite) -> None:
    refused = await site.review(ORDER, "--since", "2026-05-04T09:30Z")
    assert (refused.exit_code, "--since needs --extra-notifications" in refused.output) == (1, True)


async def test_a_save_is_proven_or_not_yet_or_did_not_last(site: ReviewedSite) -> None:
    await happens(site.team, dead_end(case=None, order=ORDER))
    (episode,) = await site.team.episodes()
    closing = {"result": "saved", "reason": "problem_solved"}
    await site.team.receive(button(ClosePressed, episode["episode_id"], "anna", **closing))
    provisional = await site.page(ORDER)
    await site.team.wait(timedelta(days=1))
    await happens(site.team, dead_end(case=None, order=ORDER))

    page, found = await site.page(ORDER), await site.json(ORDER)

    assert "It was saved on 25 November 2026 at 09:00 UTC, not yet proven (until 25 December 2026)." in provisional
    assert "The save did not last: dead end on 26 November 2026 at 09:00 UTC; an episode is open." in page
    assert "not lost" not in page
    assert (found["outcome"], found["save"]["state"], found["is_open"]) == ("saved", "relapsed", True)
    assert found["save"]["disproved_by"] == "contact_dead_ended"


async def test_a_proven_save_is_said_to_be_proven(site: ReviewedSite) -> None:
    await happens(site.team, dead_end(case=None, order=ORDER))
    (episode,) = await site.team.episodes()
    closing = {"result": "saved", "reason": "problem_solved"}
    await site.team.receive(button(ClosePressed, episode["episode_id"], "anna", **closing))
    await site.team.wait(timedelta(days=31))

    page = await site.page(ORDER)

    assert "It was saved on 25 November 2026 at 09:00 UTC, and the save is proven; an episode is open." in page


async def test_what_was_reported_after_the_loss_is_caught_by_no_policy(site: ReviewedSite) -> None:
    await site.team.wait(2 * HOUR)
    now = await site.team.now()
    await site.team.receive(reported(dead_end(case=None, order=ORDER), at=now - HOUR))
    await site.team.receive(reported(order_cancelled(), at=now - HOUR / 2))
    but_the_sale = await site.page(ORDER)
    sold, late = order_placed("4712", sold_at=now - 2 * HOUR), {"subject": OTHER_ACCOUNT}
    await site.team.receive(reported(sold, at=now - 2 * HOUR, **late))
    await site.team.receive(reported(order_cancelled("4712"), at=now - HOUR, **late))

    page = await site.page("4712")

    assert "would have notified a person before the loss. Everything but the sale was reported after" in but_the_sale
    assert "No policy could have: everything was reported after it." in page
