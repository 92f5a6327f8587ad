"""What a salesperson sees and does: their episodes in words, and the button to acknowledge one."""

import re
from datetime import timedelta
from html import unescape

from shared.contracts import support
from shared.contracts.order_parts import Customer
from shared.contracts.orders import DayHours
from shared.contracts.people_parts import Day
from shared.contracts.support_inbound import Direction, Person
from tests.builders import SELLER, case_opened, case_reopened, contact_made, input_of
from tests.inbox import Site, form_token, inbox_site, words_of
from tests.inbox_desk import Desk
from tests.servers import PrivatePostgres


async def test_the_page_says_who_is_affected_why_you_and_what_happened(site: Site) -> None:
    await site.hire()
    await site.sell()
    dead_end = support.ContactDeadEnded(
        case="case-1",
        direction=Direction.INBOUND,
        channel="phone",
        words="The line went dead.",
        by=Person(name="Jonas Weiss", phone="+49 30 901821"),
    )
    await site.receive(contact_made("unanswered"), minutes_ago=90)
    await site.receive(dead_end, minutes_ago=40)
    await site.request_refund()
    page = (await (await site.signed_in()).get("/")).text
    shown = words_of(page)
    assert "<title>(1) Handoff</title>" in page
    for words in (
        "Petra Weiss",
        "€14,900.00",
        "You sold order 4711 on",
        "Refund of €14,900.00 requested 6 min ago",
        ", after a dead end",
        "I want my money back.",
        "Phone call from the customer, ended without help",
        "The line went dead.",
        "Jonas Weiss",
        "Phone call from the customer, not answered by us",
        "Order 4711 placed",
        "for the customer; ",
    ):
        assert words in shown, words
    assert 'href="tel:+4930901820"' in page
    reported = [shown.rindex(words) for words in ("Refund of", "ended without help", "not answered", "placed")]
    assert reported == sorted(reported), "newest first"


async def test_a_tab_with_one_episode_is_named_after_its_customer(site: Site) -> None:
    episode = await site.trouble()
    page = (await (await site.signed_in()).get(f"/episodes/{episode}")).text
    assert "<title>(1) Petra Weiss · Handoff</title>" in page


async def test_a_customer_without_name_number_or_zone_is_shown_anyway(site: Site) -> None:
    await site.hire()
    await site.sell(customer=None)
    await site.request_refund(words=None, amount_minor=None)
    shown = words_of((await (await site.signed_in()).get("/")).text)
    assert "Customer c-17" in shown
    assert "We have no phone number or e-mail address for this customer" in shown
    assert "Refund requested" in shown


async def test_an_empty_list_says_that_all_is_clear(site: Site) -> None:
    await site.hire()
    page = (await (await site.signed_in()).get("/")).text
    assert "You're all clear." in unescape(page)
    assert "<title>Handoff</title>" in page


async def test_unacknowledged_first_then_by_severity_time_left_and_latest_signal(site: Site) -> None:
    await site.hire()
    for order, minutes_ago, amount_minor in (("old", 300, 5_000), ("new", 5, 2_000_000), ("middle", 60, 5_000)):
        await site.sell(
            order, account=f"c-{order}", customer=Customer(name=f"Customer {order}"), amount_minor=amount_minor
        )
        await site.request_refund(order, account=f"c-{order}", minutes_ago=minutes_ago)
    page = (await (await site.signed_in()).get("/")).text
    assert re.findall(r"<h3><a [^>]*><bdi>Customer (\w+)</bdi></a>", page)[0] == "new", "the critical one"
    await site.service.pool.execute(
        "update escalation.episodes set deadline_at = (select shared.app_now()) where severity <> 'critical'"
    )
    browser = await site.signed_in()
    page = (await browser.get("/")).text
    newest = await site.service.pool.fetchval("select episode_id from escalation.episodes where order_id = 'new'")
    await browser.post(f"/episodes/{newest}/acknowledge", data={"csrf_token": form_token(page)})
    names = re.findall(r"<h3><a [^>]*><bdi>Customer (\w+)</bdi></a>", (await browser.get("/")).text)
    assert names == ["middle", "old", "new"]


async def test_acknowledging_shows_the_acknowledger_and_works_twice(site: Site) -> None:
    episode = await site.trouble()
    browser = await site.signed_in()
    form = {"csrf_token": form_token((await browser.get("/")).text), "return_to": f"/episodes/{episode}"}
    for _ in range(2):
        pressed = await browser.post(f"/episodes/{episode}/acknowledge", data=form)
        assert (pressed.status_code, pressed.headers["location"]) == (303, f"/episodes/{episode}")
    page = (await browser.get(f"/episodes/{episode}")).text
    assert "You are handling this" in page
    assert "/acknowledge" not in page
    assert "<title>Petra Weiss · Handoff</title>" in page
    row = await site.service.row("escalation.episodes")
    assert row["acknowledged_by"] == SELLER


async def test_the_story_leaves_out_the_customers_other_orders(site: Site) -> None:
    await site.hire()
    await site.sell("4711")
    await site.sell("4712")
    await site.receive(case_opened(), minutes_ago=30)
    await site.request_refund("4711")
    page = (await (await site.signed_in()).get("/")).text
    assert "Order 4711 placed" in page
    assert "Case case-1 opened" in page, "a case may be about any order"
    assert "Order 4712 placed" not in page


async def test_a_signal_without_its_fact_is_still_described(site: Site) -> None:
    episode = await site.trouble()
    await site.receive(case_reopened(), minutes_ago=2)
    await site.service.pool.execute("update shared.journal set body = null")
    page = words_of((await (await site.signed_in()).get(f"/episodes/{episode}")).text)
    assert "A case was reopened" in page
    assert "I want my money back." in page


async def test_five_hundred_episodes_are_paged_and_searchable(site: Site) -> None:
    await site.trouble()
    for number in range(499):
        await site.sell(f"o-{number}", account=f"a-{number}", customer=Customer(name=f"Company {number}"))
        await site.request_refund(f"o-{number}", account=f"a-{number}")
    browser = await site.signed_in()
    first = (await browser.get("/")).text
    assert "<title>(500) Handoff</title>" in first
    assert first.count('<li class="row') == 30
    assert "1 of 17" in words_of(first)
    assert (await browser.get("/", params={"page": "17"})).text.count('<li class="row') == 20
    found = (await browser.get("/", params={"q": "company 77"})).text
    assert found.count('<li class="row') == 1
    assert "No sale at risk matches" in (await browser.get("/", params={"q": "%_'\x00"})).text


async def test_without_a_database_the_page_says_so_and_comes_back(private_postgres: PrivatePostgres) -> None:
    async with inbox_site(await private_postgres.databases.make("escalation")) as site:
        episode = await site.trouble()
        browser = await site.signed_in()
        form = {"csrf_token": form_token((await browser.get("/")).text)}
        await private_postgres.server.stop_at_once()
        for pressed, answer in (
            (False, await browser.get("/")),
            (True, await browser.post(f"/episodes/{episode}/acknowledge", data=form)),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert "Try again" in answer.text
            assert ("may not have been saved" in answer.text) is pressed
        await private_postgres.server.start()
        assert (await browser.get("/")).status_code == 200


async def test_relative_times_follow_the_systems_clock(site: Site) -> None:
    await site.trouble()
    browser = await site.signed_in()
    await site.service.move_clock(timedelta(hours=5))
    assert "requested 5 h ago" in words_of((await browser.get("/")).text)


async def test_pressing_again_on_one_page_is_the_same_event_and_on_the_next_page_another(site: Site) -> None:
    episode = await site.trouble()
    desk = Desk(await site.signed_in(), episode)
    presses = "select count(*) from shared.journal where type = 'escalation.button.acknowledge_pressed'"
    for ring in (1, 2):
        form = await desk.form()
        for _ in range(2):  # as after a commit without an answer
            assert (await desk.send("acknowledge", form)).status_code == 303
        assert await site.service.pool.fetchval(presses) == ring
        assert (await site.service.row("escalation.episodes"))["acknowledged_by"] == SELLER
        await site.request_refund(words=f"Once more, {ring}.")
        assert (await site.service.row("escalation.episodes"))["acknowledged_by"] is None


async def test_each_of_two_dead_ends_in_one_second_is_marked(site: Site) -> None:
    await site.hire()
    await site.sell()
    at = await site.service.now() - timedelta(minutes=5)
    for case in ("case-1", "case-2"):
        fact = support.ContactDeadEnded.model_validate(contact_made("dead_end", case=case).model_dump())
        await site.service.receive(input_of(fact, at=at))
    episode = await site.service.row("escalation.episodes")
    page = (await (await site.signed_in()).get(f"/episodes/{episode['episode_id']}")).text
    lines = re.findall(
        r"<li( class=\"risk\")?>\s*<p class=\"fact\"><bdi>Phone call from the customer, ended without help", page
    )
    assert len(lines) == 4, "two in the list, and two beside it"
    assert all(lines)


NIGHTS = (
    DayHours(days=tuple(Day), start="22:00", end="23:59"),
    DayHours(days=tuple(Day), start="00:00", end="06:00"),
)


async def test_a_reader_in_another_zone_learns_which_time_counts(site: Site) -> None:
    await site.hire(working_hours=NIGHTS)
    await site.hire("desk", "Desk", working_hours=NIGHTS)
    await site.sell(amount_minor=50_000)
    episode = await site.request_refund()
    anna = await site.signed_in()
    form = {"csrf_token": form_token((await anna.get("/")).text)}
    assert (await anna.post(f"/episodes/{episode}/acknowledge", data=form)).status_code == 303
    shown = words_of((await anna.get(f"/episodes/{episode}")).text)
    assert "You have no working hours in the next week in which this customer may be called" in shown
    assert "the deadline also runs outside your working hours." in shown


async def test_a_person_informed_can_read_by_the_link_and_press_nothing(site: Site) -> None:
    await site.hire(working_hours=NIGHTS)
    await site.hire("desk", "Desk")
    await site.sell(amount_minor=50_000)
    episode = await site.request_refund()
    desk = await site.signed_in("desk")
    form = {"csrf_token": form_token((await desk.get("/")).text)}
    assert (await desk.post(f"/episodes/{episode}/acknowledge", data=form)).status_code == 303
    anna = await site.signed_in()
    assert "You sold this order. Desk has been handling this since 10:00." in words_of(
        (await anna.get(f"/episodes/{episode}")).text
    )
    assert (await desk.post(f"/episodes/{episode}/reached", data=form | {"channel": "phone"})).status_code == 303
    await site.wait(timedelta(hours=12, minutes=1))
    shown = words_of((await anna.get(f"/episodes/{episode}")).text)
    assert "Desk is handling this" in shown
    assert "notified for information" in shown
    assert f"/episodes/{episode}/acknowledge" not in (await anna.get(f"/episodes/{episode}")).text
