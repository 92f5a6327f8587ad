"""A list by e-mail agrees with the page: the order of its entries, and the name of a customer without one."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.escalation.channels.email import EmailChannel
from services.escalation.channels.sender import Sender
from shared.metrics import create_metrics
from tests.builders import refund_requested
from tests.escalation import FakeMail, letters, reported
from tests.inbox import Site, inbox_site, words_of
from tests.servers import MakeDatabase

AMOUNTS = (300_000, 900_000, 100_000, 700_000, 200_000, 800_000, 400_000, 600_000)


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        yield site


async def _mailed(site: Site, server: FakeMail) -> None:
    sender = Sender(EmailChannel(server, letters()))
    if started := await sender.start_due(site.service.pool, site.service.processor, create_metrics("escalation")):
        await asyncio.wait(started)


async def _failure(site: Site) -> str:
    """Eight customers without names request refunds at once. Returns the list sent about them."""
    await site.hire()
    for place, amount in enumerate(AMOUNTS):
        await site.sell(f"o-{place}", account=f"c-{place}", amount_minor=amount, customer=None)
    now = await site.service.now()
    asked = [(refund_requested(order=f"o-{n}", case=None, amount_minor=5_000), f"c-{n}") for n in range(len(AMOUNTS))]
    await site.service.receive(*(reported(fact, subject=account, at=now) for fact, account in asked))
    server = FakeMail()
    for _ in range(2):
        await _mailed(site, server)
        await site.service.move_clock(timedelta(minutes=1))
    (message,) = (one for one in server.received if "sales at risk" in one["Subject"])
    plain = message.get_body(("plain",))
    assert plain is not None
    text: str = plain.get_content()
    return text


async def test_episodes_of_equal_severity_and_deadline_have_the_same_order_on_page_and_email(site: Site) -> None:
    mail = await _failure(site)
    page = words_of((await (await site.signed_in()).get("/")).text)
    ranked = [f"c-{place}" for place in sorted(range(len(AMOUNTS)), key=lambda place: -AMOUNTS[place])]
    named = [re.findall(r"Customer (c-\d)(?= )", text) for text in (mail, page)]
    assert [list(dict.fromkeys(one)) for one in named] == [ranked, ranked]


async def test_a_customer_without_a_name_has_the_same_name_everywhere(site: Site) -> None:
    assert "Account" not in await _failure(site)
    server = FakeMail()
    await site.request_refund("o-2", account="c-2", amount_minor=100_000)
    await site.service.move_clock(timedelta(minutes=5))
    await _mailed(site, server)
    assert {re.sub(r"^\w+: (.+?), .*", r"\1", one["Subject"]) for one in server.received} == {"Customer c-2"}
