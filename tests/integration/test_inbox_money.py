"""Amounts, episodes for information, and telephone numbers on the pages."""

import html
import re
from typing import Any

from shared.contracts.order_parts import Customer
from shared.contracts.support_inbound import Person
from tests.builders import ACCOUNT, ZONE, case_opened, case_reopened, refund_paid, satisfaction_rated
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, done, open_desk, state


async def desk_of(site: Site, **asked: Any) -> Desk:
    """Anna sold it, and the customer requests a refund with these details."""
    await site.hire()
    await site.sell()
    return Desk(await site.signed_in(), await site.request_refund(**asked))


def links(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'href="(tel:[^"]*)"', page)]


async def test_an_episode_for_information_requires_nothing_and_is_marked_as_seen(site: Site) -> None:
    desk = await desk_of(site, kind="chargeback", amount_minor=120_000, currency=None)
    page = await desk.page()
    assert "For information" in page
    assert "Chargeback of €1,200.00 raised" in page
    assert "Chargeback. Do not try to change the customer's mind about it." in page
    assert "Mark as seen" in page
    asking = ("call until", "Acknowledge", "Not mine", "You may offer", "Acknowledge by", "E-mail ", "More actions")
    for absent in asking:
        assert absent not in page
    assert "tel:" not in (await desk.browser.get(desk.path)).text
    assert done(await desk.press("seen"))
    closed = await state(site)
    assert (closed["result"], closed["reason"], closed["closed_by"]) == ("informed", "seen", "anna")
    assert "For information: Seen. Closed" in await desk.page()


async def test_a_page_from_before_another_signal_cannot_mark_it_as_seen(site: Site) -> None:
    desk = await desk_of(site, kind="chargeback")
    form = await desk.form()
    await site.receive(case_reopened(case=None), about=ACCOUNT)
    answer = await desk.send("seen", form)
    assert answer.status_code == 409
    assert "no longer only for information" in words_of(answer.text)
    assert "Acknowledge" in await desk.page()


async def test_other_episodes_have_no_button_for_seen(site: Site) -> None:
    page = await (await open_desk(site)).page()
    assert "Mark as seen" not in page


async def test_headline_label_and_script_are_about_one_signal(site: Site) -> None:
    await site.hire()
    await site.sell()
    await site.receive(satisfaction_rated(1, case=None), minutes_ago=60, about=ACCOUNT)
    await site.receive(case_reopened(case=None), about=ACCOUNT)
    episode = (await state(site))["episode_id"]
    desk = Desk(await site.signed_in(), episode)
    page = await desk.page()
    assert "The customer gave a low rating 1 h ago" in page
    assert "since then a reopened case" in page
    assert "Thank you for your honest rating." in page
    assert words_of((await desk.browser.get("/")).text).count("Low rating") >= 1


async def test_more_than_the_order_is_shown_as_such_and_the_offer_stays_below_it(site: Site) -> None:
    desk = await desk_of(site, amount_minor=99_900_000)
    assert "Refund of €999,000.00 (more than the order) requested" in await desk.page()


async def test_once_the_money_is_paid_the_page_says_so_and_offers_nothing(site: Site) -> None:
    desk = await desk_of(site, amount_minor=500)
    page = await desk.page()
    assert "up to €5.00" in page
    assert "Save window until" in page
    await site.receive(refund_paid(amount_minor=500), about=ACCOUNT)
    page = await desk.page()
    assert "Save window" not in page
    assert "Refund requested and paid" in page
    assert "Your refund has been paid." in page
    assert "Credit" not in page, "no money may be offered any more"


async def test_the_numbers_of_a_page_dial_the_person_they_show(site: Site) -> None:
    await site.hire()
    phone, dialled = "030 901820 / 0171 5551234", ["tel:030901820", "tel:01715551234"]
    await site.sell(customer=Customer(name="Petra Weiss", phone=phone, zone=ZONE.key))
    desk = Desk(await site.signed_in(), await site.request_refund())
    assert links((await desk.browser.get(desk.path)).text) == dialled * 2  # beside the list, and in it


async def test_the_page_names_the_requester_and_calls_that_person_first(site: Site) -> None:
    await site.hire()
    await site.sell()
    asker = Person(name="Herr Öztürk", phone="+1 415 555 0199")
    desk = Desk(await site.signed_in(), await site.request_refund(by=asker))
    page = (await desk.browser.get(desk.path)).text
    assert ". Contact: Herr Öztürk ." in words_of(page)
    assert "Call Herr Öztürk, +1 415" in words_of(page)
    assert links(page)[:2] == ["tel:+14155550199", "tel:+4930901820"]


async def test_a_customer_who_asks_in_person_is_named_once(site: Site) -> None:
    await site.hire()
    await site.sell(customer=Customer(name="Petra Weiss", phone="+49 30 901820", zone=ZONE.key))
    asker = Person(name="petra  weiss", phone="+49 30 901820")
    desk = Desk(await site.signed_in(), await site.request_refund(by=asker))
    page = words_of((await desk.browser.get(desk.path)).text)
    assert "Contact:" not in page
    assert "Call petra" in page


async def test_a_local_number_is_read_in_the_customers_country(site: Site) -> None:
    """The e-mail reads it the same way: both call one function."""
    await site.hire()
    await site.sell(customer=Customer(name="Petra Weiss", phone="06 1234 5678", zone=ZONE.key, country="IT"))
    desk = Desk(await site.signed_in(), await site.request_refund())
    assert set(links((await desk.browser.get(desk.path)).text)) == {"tel:+390612345678"}


async def test_a_number_that_cannot_be_dialled_is_shown_as_text(site: Site) -> None:
    await site.hire()
    await site.sell(customer=Customer(name="Petra Weiss", phone="ask Ms Weiss", zone=ZONE.key))
    desk = Desk(await site.signed_in(), await site.request_refund())
    assert "The number on record cannot be dialled: ask Ms Weiss" in await desk.page()


async def test_the_callers_number_is_read_in_the_same_way(site: Site) -> None:
    desk = await open_desk(site)
    caller = case_opened("c-9").model_copy(update={"order": None})
    person = caller.person.model_copy(update={"phone": "030 901821 x7"}) if caller.person else None
    await site.receive(caller.model_copy(update={"person": person}), about=ACCOUNT)
    assert "tel:+4930901821;ext=7" in links((await desk.browser.get(desk.path)).text)
