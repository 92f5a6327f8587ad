"""`handoff review` on the journal of a real service: which change of the policy would have caught a loss."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from services.escalation.app import publish_policy
from services.escalation.domain.own_facts import ClosePressed, PolicySubmitted
from services.escalation.domain.policy.document import shipped_text
from tests.builders import (
    ORDER,
    OTHER_ACCOUNT,
    case_opened,
    case_resolved,
    contact_made,
    order_cancelled,
    order_placed,
    refund_paid,
    refund_requested,
)
from tests.escalation import button, dead_end, reported
from tests.reviews import ReviewedSite, case_of_two_contacts, reviewed_site
from tests.servers import MakeDatabase
from tests.team import HOUR, MINUTE, happens

DAY = timedelta(days=1)
GOLDEN = """\
Order 4711 of account c-17, €14,900.00. anna sold it on 25 November 2026.
Lost: the order was cancelled on 25 November 2026 at 13:00 UTC.
Times are UTC. Facts were received within a minute, unless stated otherwise.

What happened
25 November 2026
09:00  reported        Order 4711 placed.
09:00  reported        Case case-1 opened.
09:00  reported        Phone call from the customer, answered.
11:00  reported        Phone call from the customer, answered.
13:00  reported        Order 4711 cancelled.
13:00  signal          Order cancelled on order 4711.
                          policy 1: signals.order_cancelled
13:00  severity        Severity high: order cancelled, large amount.
                          policy 1: signals.order_cancelled.severity = watch
                                    rises.large_amount.EUR = 1000000
13:00  notified        Notified anna (seller) of a signal; acknowledgement due by 25 November
                          2026, 14:00 UTC.
                          policy 1: ladder.high.seller = 1h
13:00  delivery        To anna: shown in the inbox; e-mail not sent yet.

Who was notified
when              who            why              message              response
2026-11-25 13:00  anna (seller)  Order cancelled  e-mail not sent yet  none

Who was not notified, or did not respond
signal           arose             who   why not
Order cancelled  2026-11-25 13:00  anna  waits for a response that is not due yet

When a notification was first possible
Under the policy that counted, nothing was a signal before the loss.

What would have caught it
As it was, nobody was notified before the loss. anna was notified on 25 November 2026 at 13:00 UTC
(order cancelled), right after it.
The cheapest change: signals.contact_repeated.contacts = 2 (now 3).
Then anna would have been notified on 25 November 2026 at 11:00 UTC (repeat contact), 2 h before the
loss, 2 h earlier than it was.
1 of 60 changes of one value would have caught it, the cheapest first:
change                                 now  who   when              before the loss  more alerts
signals.contact_repeated.contacts = 2  3    anna  2026-11-25 11:00  2 h              +0
The last column counts first notifications of new troubles of this customer (today's policy: 1), not
later steps or reminders: those depend on responses that nobody knows.
"""


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[ReviewedSite]:
    async with reviewed_site(database) as site:
        yield site


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_loss_is_caught_by_halving_one_threshold_and_by_nothing_else(site: ReviewedSite) -> None:
    await case_of_two_contacts(site.team)
    await site.team.wait(timedelta(minutes=1))

    loss = (await site.json(ORDER))["loss"]

    assert (loss["decided_by"], loss["notified"]["signal"]) == ("order_cancelled", "order_cancelled")
    (caught,) = loss["caught_by"]
    assert (caught["path"], caught["before"], caught["after"]) == ("signals.contact_repeated.contacts", "3", "2")
    assert (caught["notified"]["person"], caught["notified"]["signal"]) == ("anna", "contact_repeated")
    assert abs(moment(loss["at"]) - moment(caught["notified"]["at"]) - 2 * HOUR) < MINUTE
    assert caught["more_first_notifications"] == 0, "the cancellation would have joined the open episode"
    assert await site.lines(ORDER) == GOLDEN


async def test_half_a_threshold_comes_before_a_quarter_of_it(site: ReviewedSite) -> None:
    await happens(site.team, case_opened(order=ORDER))
    await site.team.wait(DAY)
    await site.team.wait(5 * HOUR)
    await happens(site.team, order_cancelled())

    loss = (await site.json(ORDER))["loss"]

    lines = [(one["path"], one["after"]) for one in loss["caught_by"]]
    assert lines == [("signals.case_stuck.no_progress_for", after) for after in ("12h", "6h")]
    assert "The cheapest change: signals.case_stuck.no_progress_for = 12h (now 24h)." in await site.page(ORDER)


async def test_where_nothing_would_have_caught_it_the_page_says_so(site: ReviewedSite) -> None:
    await happens(site.team, order_cancelled())

    page = await site.page(ORDER)

    assert "nothing was a signal before the loss." in page
    assert "As it was, nobody was notified before the loss. anna was notified on" in page
    assert "of one value of the policy would have notified a person before the loss." in page


async def test_after_a_notification_in_time_only_an_earlier_one_is_of_use(site: ReviewedSite) -> None:
    await happens(site.team, contact_made())
    await site.team.wait(5 * HOUR)
    await site.team.acknowledge()
    await site.team.wait(HOUR / 2)
    (episode,) = await site.team.episodes()
    await site.team.receive(button(ClosePressed, episode["episode_id"], "anna", result="lost", reason="price"))

    page, found = await site.page(ORDER), await site.json(ORDER)

    assert "Lost: its episode was closed as lost on" in page
    assert "Seller says: Too expensive (price)" in page
    assert "Customer says: no reason recorded" in page
    assert [one["response"] for one in found["notified"]] == ["acknowledged it"]
    assert "As it was, anna was notified on 25 November 2026 at 14:00 UTC (dead end), 30 min before the loss." in page
    assert "Only changes that would have notified a person earlier than that are of use." in page
    assert [(one["path"], one["after"]) for one in found["loss"]["caught_by"]] == [
        ("signals.contact_dead_ended.answer_within", after) for after in ("2h", "1h")
    ]
    assert found["loss"]["notified"] == found["loss"]["notified_under_todays_policy"]


async def test_a_notification_before_a_disproved_save_was_in_time(site: ReviewedSite) -> None:
    await happens(site.team, refund_requested(case=None, order=ORDER))
    await site.team.acknowledge()
    (episode,) = await site.team.episodes()
    saved = button(ClosePressed, episode["episode_id"], "anna", result="saved", reason="problem_solved")
    await site.team.receive(saved)
    await site.team.wait(DAY)
    await happens(site.team, refund_paid(amount_minor=1_490_000))

    page, loss = await site.page(ORDER), (await site.json(ORDER))["loss"]

    assert (loss["decided_by"], loss["notified"]["signal"]) == ("refund_paid", "refund_requested")
    assert "Lost: a refund was paid on 26 November 2026 at 09:00 UTC." in page
    assert "As it was, anna was notified on 25 November 2026 at 09:00 UTC (refund requested), 1 day before" in page
    assert "of one value of the policy would have notified a person earlier." in page


async def test_a_notification_of_an_older_trouble_was_about_something_else(site: ReviewedSite) -> None:
    await happens(site.team, refund_requested(case=None, order=ORDER))
    (episode,) = await site.team.episodes()
    closing = {"result": "cause_gone", "reason": "solved_by_support"}
    await site.team.receive(button(ClosePressed, episode["episode_id"], "anna", **closing))
    await site.team.wait(31 * DAY)
    await case_of_two_contacts(site.team)

    loss = (await site.json(ORDER))["loss"]

    assert loss["notified"]["signal"] == "order_cancelled"
    assert [one["path"] for one in loss["caught_by"]] == ["signals.contact_repeated.contacts"]


async def test_a_loss_that_a_change_of_the_policy_has_answered_since(site: ReviewedSite) -> None:
    await case_of_two_contacts(site.team)
    changed = shipped_text().replace("contacts = 3", "contacts = 2")
    submitted = PolicySubmitted(document=changed, by="anna", summary="Two contacts are enough")
    await publish_policy(site.team.processor, submitted)

    page, found = await site.page(ORDER), await site.json(ORDER)

    assert found["loss"]["caught_by"] == []
    assert found["loss"]["notified_under_todays_policy"]["signal"] == "contact_repeated"
    assert "Since then the policy was changed: under version 2, anna would have been notified on" in page
    assert "of one value of the policy would have notified a person earlier." in page


async def test_a_signal_switched_off_since_would_catch_the_loss_if_it_were_on(site: ReviewedSite) -> None:
    await happens(site.team, dead_end(case=None, order=ORDER))
    await site.team.wait(2 * HOUR)
    await happens(site.team, order_cancelled())
    changed = shipped_text().replace("[signals.contact_dead_ended]", "[signals.contact_dead_ended]\nenabled = false")
    submitted = PolicySubmitted(document=changed, by="anna", summary="Too many dead ends")
    await publish_policy(site.team.processor, submitted)

    page, loss = await site.page(ORDER), (await site.json(ORDER))["loss"]

    assert loss["notified"]["signal"] == "contact_dead_ended"
    assert "under version 2, nobody would be notified before the loss." in page
    assert [(one["path"], one["before"], one["after"]) for one in loss["caught_by"]] == [
        ("signals.contact_dead_ended.enabled", "false", "true")
    ]


async def test_a_message_held_until_after_the_loss_catches_nothing(site: ReviewedSite) -> None:
    await site.team.wait(10 * HOUR)  # a critical message waits until the customer may be called, at eight in Berlin
    await happens(site.team, dead_end(case=None, order=ORDER))
    await site.team.wait(HOUR)
    await happens(site.team, order_cancelled())

    loss = (await site.json(ORDER))["loss"]

    assert (loss["notified"]["person"], moment(loss["notified"]["at"]).hour) == ("anna", 7)
    assert loss["caught_by"] == []
    assert "As it was, nobody was notified before the loss." in await site.page(ORDER)


async def test_extra_notifications_are_counted_over_all_customers(site: ReviewedSite) -> None:
    await case_of_two_contacts(site.team)
    other = {"subject": OTHER_ACCOUNT}
    await site.team.receive(reported(order_placed("4712"), at=await site.team.now(), **other))
    await site.team.receive(reported(case_opened("case-2", order="4712"), at=await site.team.now(), **other))
    for _ in range(2):
        await site.team.receive(
            reported(contact_made("answered", case="case-2", by=None), at=await site.team.now(), **other)
        )
        await site.team.wait(HOUR)

    (soon,) = (await site.json(ORDER, "--extra-notifications"))["loss"]["caught_by"]
    assert (soon["more_of_all_customers"], soon["more_of_all_customers_a_week"]) == (1, None)
    await happens(site.team, case_resolved())
    await site.team.receive(reported(case_resolved("case-2"), at=await site.team.now(), **other))
    await site.team.wait(8 * DAY)
    loss = (await site.json(ORDER, "--extra-notifications"))["loss"]
    (later,), counted = loss["caught_by"], loss["all_customers"]
    weeks = (moment(counted["until"]) - moment(counted["since"])) / (7 * DAY)
    assert (later["more_of_all_customers"], later["more_of_all_customers_a_week"]) == (1, round(1 / weeks, 2))
    assert "signals.contact_repeated.contacts = 2: +1, +0.8 a week" in await site.page(ORDER, "--extra-notifications")
