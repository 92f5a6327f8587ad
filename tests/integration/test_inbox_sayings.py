"""An episode's page in words: who has to act until when, whom to call and whether, the script, and the outcome."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.envelope import Fact
from shared.contracts.support_inbound import ContactResult
from tests.builders import (
    ACCOUNT,
    ZONE,
    cancellation_requested,
    confirmation_required,
    contact_made,
    contact_preference_changed,
    delivery_late,
    order_placed,
)
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, at_in, done, open_desk, state, taken


async def test_the_page_says_until_when_who_has_to_do_what(site: Site) -> None:
    desk = await open_desk(site)
    page = await desk.page()
    assert "Severity: Critical" in page
    assert re.search(r"Acknowledge by 10:15 \( 1[45] min left \)", page)
    assert "call until 20:00" in page
    assert "Credit without approval: up to €500.00" in page
    assert done(await desk.press("acknowledge"))
    page = await desk.page()
    assert re.search(r"Reach the customer by 11:00 \( (59 min|1 h) left \)", page)
    assert "You are handling this" in page


async def test_in_a_currency_without_a_limit_no_amount_may_be_offered_without_asking(site: Site) -> None:
    await site.hire()
    await site.sell(currency="CHF", amount_minor=100_000_000)
    page = await Desk(await site.signed_in(), await site.request_refund()).page()
    offer = "to arrange a repair or a replacement straight away or, if that is not enough, to offer a credit."
    assert f"You may offer: {offer}" in page
    assert "Credit: only with approval (no limit is set for CHF)." in page
    assert "up to CHF" not in page


async def test_skipped_people_are_listed_with_the_reason(site: Site) -> None:
    desk = await open_desk(site, person="mona", backup="carla")
    await site.wait(timedelta(minutes=16))
    page = await desk.page()
    assert "carla , backup" in page
    assert "skipped: not in the directory" in page
    assert "Anna Berg , seller" in page
    assert "did not respond in time" in page
    assert "Anna Berg was notified at 10:00 and did not respond." in page


async def test_the_first_recipient_reads_that_they_did_not_respond_and_who_was_notified(site: Site) -> None:
    desk = await open_desk(site)
    await site.wait(timedelta(minutes=16))
    page = await desk.page()
    assert "Ben Ahlers (backup) has been notified" in page
    assert "You did not respond in time, so Ben Ahlers was notified." in page
    assert "before you" not in page


async def test_a_closed_episode_leaves_the_list_and_its_page_says_how_it_ended(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("close", ending="lost:price"))
    assert "You're all clear." in words_of((await desk.browser.get("/")).text)
    page = (await desk.browser.get(desk.path)).text
    assert "Lost: Too expensive" in words_of(page)
    assert "by you" in page
    assert "/acknowledge" not in page
    assert (await (await site.signed_in("ben")).get(desk.path)).status_code == 404, "he was never notified"
    late = await desk.press("snooze", until="in_an_hour")
    assert late.status_code == 409
    assert "You closed it at 10:00." in words_of(late.text)


@pytest.mark.parametrize(
    ("preference", "said"), [("do_not_call", "asked not to be"), ("dispute", "dispute"), ("deceased", "has died")]
)
async def test_a_do_not_call_customer_has_no_number_and_no_play(site: Site, preference: str, said: str) -> None:
    desk = await open_desk(site)
    await site.receive(contact_preference_changed(preference), about=ACCOUNT)
    page = (await desk.browser.get(desk.path)).text
    assert said in page
    assert "tel:" not in page
    assert "What to say" not in page
    assert ("mailto:" in page) == (preference == "do_not_call")


async def test_before_eight_the_call_waits(site: Site) -> None:
    desk = await taken(site)
    await site.service.begin_at(6)
    page = (await desk.browser.get(desk.path)).text
    assert "do not call before 08:00" in page
    assert not re.search(r'class="button next"[^>]*href="tel:', page)


async def test_exhausted_episodes_say_so(site: Site) -> None:
    desk = await open_desk(site)
    await site.service.pool.execute(
        "update escalation.episodes set exhausted_at = $1, deadline_at = null, deadline_for = null",
        datetime(2026, 5, 4, tzinfo=UTC),
    )
    assert "No one on the escalation path has responded." in await desk.page()


async def test_an_exhausted_episode_with_a_new_alert_states_its_deadline(site: Site) -> None:
    desk = await open_desk(site)
    await site.service.pool.execute(
        "update escalation.episodes set exhausted_at = shared.app_now(), deadline_at = null, deadline_for = null"
    )
    await site.receive(cancellation_requested(), about=ACCOUNT)
    page = await desk.page()
    assert "Acknowledge by" in page
    assert "No one on the escalation path" not in page


async def test_a_stalled_order_asks_for_no_confirmation(site: Site) -> None:
    desk = await stalled(site, days_ago=6)
    page = await desk.page()
    assert "The order, untouched since the sale, was flagged as stalled" in page
    assert "Nothing has happened on your order since you placed it" in page
    assert "confirm" not in page
    assert "Order not moving" in words_of((await desk.browser.get("/")).text)


async def test_an_order_that_waits_for_its_confirmation_says_so(site: Site) -> None:
    desk = await stalled(site, days_ago=5, reported=confirmation_required())
    page = await desk.page()
    assert "The unconfirmed order was flagged as stalled" in page
    assert "all we need is your confirmation" in page.lower()


async def test_an_unanswered_contact_is_described_as_unanswered(site: Site) -> None:
    await site.hire()
    await site.sell()
    await site.receive(contact_made(result=ContactResult.UNANSWERED, case=None), about=ACCOUNT)
    await site.wait(timedelta(days=1))
    desk = Desk(await site.signed_in(), (await state(site))["episode_id"])
    assert "The deadline for answering the customer passed" in await desk.page()
    assert "Unanswered" in words_of((await desk.browser.get("/")).text)


async def test_a_late_delivery_names_the_reported_day(site: Site) -> None:
    await site.hire()
    await site.sell()
    await site.receive(delivery_late(), about=ACCOUNT)
    desk = Desk(await site.signed_in(), (await state(site))["episode_id"])
    assert "have a new date for it yet" in await desk.page()
    due = await site.service.now() + timedelta(days=4)
    await site.receive(delivery_late(due_at=due), about=ACCOUNT)
    there = due.astimezone(ZONE)
    page = await desk.page()
    assert f"We now expect it on {there.day} {there:%B}" in page
    assert f"It is now expected on {there.day} {there:%B}" in page
    await site.wait(timedelta(days=5))
    assert "now expect it on" not in await desk.page(), "that day is over"


async def test_once_an_episode_is_acknowledged_no_one_else_gets_a_script(site: Site) -> None:
    desk = await open_desk(site)
    mona = Desk(await site.signed_in("mona"), (await state(site))["episode_id"])
    assert "What to say" not in await mona.page(), "she has not been notified"
    assert done(await desk.press("acknowledge"))
    assert "What to say" in await desk.page()
    assert "What to say" not in await mona.page()
    assert done(await desk.press("hand-over", to="mona", at=await at_in(site, hours=1)))
    assert "What to say" in await mona.page(), "the person asked to take it over should know"


async def test_a_seller_who_left_is_not_named_as_looking_after_the_order(site: Site) -> None:
    desk = await open_desk(site, person="ben", active=False)
    page = await desk.page()
    assert "This is Ben Ahlers. Anna Berg has left the company" in page
    assert "who looks after your order" not in page


async def test_a_do_not_call_customer_is_reached_in_writing(site: Site) -> None:
    desk = await taken(site)
    await site.receive(contact_preference_changed("do_not_call"), about=ACCOUNT)
    html = (await desk.browser.get(desk.path)).text
    page = words_of(html)
    assert "E-mail them instead; when they reply, press “I reached them by e-mail”." in page
    assert "I reached them by e-mail" in page
    assert "by phone" not in page
    assert re.search(r'class="button next" href="mailto:', html)
    assert done(await desk.press("reached", channel="email"))


@pytest.mark.parametrize(
    ("preference", "instead"),
    [("dispute", "Close this"), ("deceased", "Ask support whom to contact, and close this")],
)
async def test_a_do_not_contact_customer_is_not_reached_at_all(site: Site, preference: str, instead: str) -> None:
    desk = await taken(site)
    await site.receive(contact_preference_changed(preference), about=ACCOUNT)
    page = await desk.page()
    assert f"Do not call or write to them. {instead} when it has been dealt with." in page
    assert "I reached them" not in page


async def test_the_desk_reads_about_the_person_notified_before(site: Site) -> None:
    await site.hire("desk", "Sales desk", email="desk@sales.example")
    seller = await open_desk(site, manager=None, backup=None)
    assert done(await seller.press("acknowledge"))
    await site.wait(timedelta(minutes=61))
    desk = Desk(await site.signed_in("desk"), (await state(site))["episode_id"])
    page = await desk.page()
    assert "You receive this as the sales desk, the last step of the escalation path." in page
    assert "Anna Berg had it until 11:01 and did not reach the customer in time." in page
    assert "This is [your name] from the sales team." in page
    assert done(await desk.press("acknowledge"))
    await site.wait(timedelta(minutes=61))
    page = await desk.page()
    assert re.search(r"You had it until 12:0\d and did not reach the customer in time\. There is no one else", page)
    assert "has responded" not in page


async def stalled(site: Site, *, days_ago: int, reported: Fact | None = None) -> Desk:
    """Anna sold it this long ago, delivery is due in a month, and then two days pass."""
    await site.hire()
    now, minutes_ago = await site.service.now(), days_ago * 1440
    sale = order_placed(sold_at=now - timedelta(days=days_ago), delivery_due_at=now + timedelta(days=30))
    await site.receive(sale, minutes_ago=minutes_ago, about=ACCOUNT)
    if reported is not None:
        await site.receive(reported, minutes_ago=minutes_ago, about=ACCOUNT)
    await site.wait(timedelta(days=2))
    return Desk(await site.signed_in(), (await state(site))["episode_id"])
