"""Whom to call and how, the same on page and e-mail: numbers without a country code, no one to
call, and other people.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.escalation.channels.email import EmailChannel
from services.escalation.channels.sender import Sender
from shared.contracts.order_parts import Customer
from shared.contracts.support_inbound import Person
from shared.metrics import create_metrics
from tests.builders import ACCOUNT, case_opened, contact_made, contact_preference_changed
from tests.escalation import FakeMail, letters
from tests.inbox import Site, inbox_site, words_of
from tests.servers import MakeDatabase

HEIR = Person(name="Maria Weiss", phone="+49 30 901899", email="maria@weiss.example")
ASK = "Ask support how to reach this customer."


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        await site.hire()
        yield site


async def _asks(site: Site, customer: Customer, **changes: Any) -> tuple[str, str, str]:
    """This customer requests a refund. Returns the page about it, and both parts of its e-mail."""
    await site.sell(customer=customer)
    episode = await site.request_refund(**changes)
    page = (await (await site.signed_in()).get(f"/episodes/{episode}")).text
    server = FakeMail()
    sender = Sender(EmailChannel(server, letters()))
    await asyncio.wait(await sender.start_due(site.service.pool, site.service.processor, create_metrics("escalation")))
    *_, message = server.received
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    return page.partition("<article")[2], html.get_content(), plain.get_content()


def _dialled(html: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'href="tel:([^"]+)"', html)))


async def test_a_local_number_takes_the_country_of_the_customers_other_number(site: Site) -> None:
    customer = Customer(name="Pat Wise", phone="2125550177")
    page, html, _ = await _asks(site, customer, by=Person(name="Sam Wise", phone="+1 212 555 0100"))
    for text in (page, html):
        assert _dialled(text) == ["+12125550100", "+12125550177"]
        assert "country code missing" not in text


async def test_without_a_known_country_page_and_email_report_the_missing_code(site: Site) -> None:
    page, html, plain = await _asks(site, Customer(name="Pat Wise", phone="2125550177"))
    assert _dialled(page) == _dialled(html) == ["2125550177"]
    for text in (page, html, plain):
        assert "Call 2125550177 (country code missing)" in words_of(text)


@pytest.mark.parametrize("email", [None, "pat@customer.example"])
async def test_an_invalid_number_comes_with_a_next_step(site: Site, email: str | None) -> None:
    customer = Customer(name="Pat Wise", phone="not a number", email=email)
    for text in await _asks(site, customer):
        words = words_of(text)
        assert "The number on record cannot be dialled: not a number" in words
        assert "Call not a number" not in words
        assert (ASK in words) is (email is None)
        assert ("E-mail pat@customer.example" in words) is (email is not None)


async def test_the_requester_for_a_deceased_customer_is_named_with_number_and_address(site: Site) -> None:
    await site.receive(contact_preference_changed("deceased"), about=ACCOUNT)
    customer = Customer(name="Petra Weiss", phone="+49 30 901820", email="petra@customer.example")
    page, html, plain = await _asks(site, customer, by=HEIR)
    assert _dialled(page) == _dialled(html) == ["+4930901899"]
    for text in (page, html, plain):
        words = words_of(text)
        assert "This customer has died. Contact Maria Weiss, who got in touch about this order." in words
        assert "Call Maria Weiss, +49 30 901899" in words
        assert re.search(r"E-mail Maria Weiss, +maria@weiss\.example", words)
        assert "petra@customer.example" not in text


@pytest.mark.parametrize("by", [None, Person(name="petra  weiss", phone="+49 30 901899"), Person(name="Maria Weiss")])
async def test_support_should_be_asked_if_no_one_else_can_be_reached(site: Site, by: Person | None) -> None:
    await site.receive(contact_preference_changed("deceased"), about=ACCOUNT)
    page, html, plain = await _asks(site, Customer(name="Petra Weiss", phone="+49 30 901820"), by=by)
    assert _dialled(page) == _dialled(html) == []
    for text in (page, html, plain):
        assert "Ask support whom to contact, and close this when it has been dealt with." in words_of(text)


async def test_the_number_of_the_person_who_opened_the_case_is_offered_too(site: Site) -> None:
    await site.sell()
    await site.receive(case_opened(), minutes_ago=90, about=ACCOUNT)
    await site.receive(contact_made("dead_end"), minutes_ago=60, about=ACCOUNT)
    page, html, plain = await _asks(site, Customer(name="Petra Weiss", phone="+49 30 901820"))
    for text in (page, html):
        assert _dialled(text) == ["+4930901820", "+4930901821"]
    for text in (page, html, plain):
        words = words_of(text)
        assert words.index("Call +49 30 901820") < words.index("Call Jonas Weiss, +49 30 901821")
