"""The way to reach a customer decides the task: a call has a place in the queue, a message has none."""

import re
from datetime import timedelta

from shared.contracts.order_parts import Customer
from tests.builders import contact_preference_changed, order_placed
from tests.inbox import Site, words_of
from tests.inbox_desk import Desk, done, open_desk, state, taken

DAY = timedelta(days=1)


async def _asks(site: Site, account: str, customer: Customer) -> Desk:
    """This customer requests a refund, and Anna has the episode."""
    await site.sell(f"o-{account}", account=account, customer=customer)
    desk = Desk(await site.signed_in(), await site.request_refund(f"o-{account}", account=account, case=None))
    assert done(await desk.press("acknowledge"))
    return desk


async def test_a_customer_who_cannot_be_called_has_no_place_in_the_queue_of_calls(site: Site) -> None:
    await site.hire()
    forbidden = await _asks(site, "a-1", Customer(name="No Calls", phone="+49 30 1", email="no@customer.example"))
    dead = await _asks(site, "a-2", Customer(name="Late Lamented", phone="+49 30 901822"))
    written = await _asks(site, "a-3", Customer(name="Mail Only", email="mail@customer.example"))
    first = await _asks(site, "a-4", Customer(name="First Call", phone="+49 30 901823"))
    second = await _asks(site, "a-5", Customer(name="Second Call", phone="+49 30 901824"))
    await site.receive(contact_preference_changed("do_not_call"), about="a-1")
    await site.receive(contact_preference_changed("deceased"), about="a-2")
    for desk in (forbidden, written):
        page = await desk.page()
        assert "E-mail the customer by" in page
        assert "E-mail: " in page
    assert "No call is due." in await dead.page()
    assert ", 1st in your queue" in await first.page()
    assert ", 2nd in your queue" in await second.page()
    rows = words_of((await first.browser.get("/")).text)
    assert re.findall(r"\d(?:st|nd|rd|th) to call ", rows) == ["1st to call ", "2nd to call "]


async def test_a_deadline_is_urgent_when_less_than_an_hour_is_left(site: Site) -> None:
    await site.hire()
    await site.sell(amount_minor=50_000)
    desk = Desk(await site.signed_in(), await site.request_refund(amount_minor=50_000))
    assert done(await desk.press("acknowledge"))
    left = (await state(site))["deadline_at"] - await site.service.now()
    assert left > timedelta(hours=2)
    assert 'class="deadline"' in (await desk.browser.get(desk.path)).text
    await site.service.move_clock(left - timedelta(minutes=59))
    assert 'class="deadline urgent"' in (await desk.browser.get(desk.path)).text


async def test_a_card_that_offers_to_take_over_has_the_givers_note(site: Site) -> None:
    desk = await taken(site)
    assert done(await desk.press("hand-over", to="ben", note="She only speaks French."))
    page = (await (await site.signed_in("ben")).get("/")).text
    (card,) = re.findall(r'<li class="row.*?Take over', page, re.DOTALL)
    assert "Note from Anna Berg She only speaks French." in words_of(card)


async def test_episodes_for_information_have_a_filter_of_that_name(site: Site) -> None:
    desk = await open_desk(site)
    await site.sell("o-2", account="a-2")
    await site.request_refund("o-2", account="a-2", kind="chargeback")
    page = words_of((await desk.browser.get("/?severity=watch")).text)
    assert "Watch and information 1" in page
    assert "Severity: For information" in page


async def test_a_follow_up_with_a_customer_who_has_only_an_address_is_in_writing(site: Site) -> None:
    await site.hire()
    customer = Customer(name="Mail Only", email="mail@customer.example")
    await site.receive(order_placed(sold_at=await site.service.now(), customer=customer))
    await site.service.move_clock(13 * DAY)
    page = (await (await site.signed_in()).get("/")).text
    (duty,) = re.findall(r'<li id="check_in.*?</li>\s*</ol>', page, re.DOTALL)
    assert 'href="mailto:mail@customer.example"' in duty
    assert "E-mail mail@customer.example" in words_of(duty)
    assert re.findall(r'<option value="(\w+)" selected>', duty) == ["email"]
