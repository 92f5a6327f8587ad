"""An alert's e-mail has the content of the page in the page's order: one list defines the order of the parts."""

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from services.escalation.channels.email import EmailChannel
from services.escalation.channels.sender import Sender
from services.escalation.domain.parts_in_order import BODY, HEAD
from shared.metrics import create_metrics
from tests.builders import ACCOUNT, CASE, case_opened, contact_made, customer_insists, refund_paid
from tests.escalation import FakeMail, letters
from tests.inbox import Site, inbox_site, words_of
from tests.servers import MakeDatabase

STORY = (
    "Refund of €480.00 requested",
    "Phone call from the customer, voicemail",
    "Phone call from the customer, not answered by us",
    "Case case-1 opened: The pump is loud",
)


@pytest.fixture
async def site(database: MakeDatabase) -> AsyncIterator[Site]:
    async with inbox_site(await database("escalation")) as site:
        yield site


async def reported(site: Site) -> UUID:
    """A customer calls twice about a case, leaves a voicemail the second time, and requests a refund."""
    await site.hire()
    await site.sell()
    await site.receive(case_opened(title="The pump is loud"), minutes_ago=90, about=ACCOUNT)
    await site.receive(contact_made("unanswered"), minutes_ago=60, about=ACCOUNT)
    await site.receive(contact_made("voicemail", words="Please call me back."), minutes_ago=30, about=ACCOUNT)
    return await site.request_refund(amount_minor=48_000, currency="EUR", words="I want my money back.")


async def mailed(site: Site) -> EmailMessage:
    server = FakeMail()
    sender = Sender(EmailChannel(server, letters()))
    await asyncio.wait(await sender.start_due(site.service.pool, site.service.processor, create_metrics("escalation")))
    (message,) = server.received
    return message


def part_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


async def test_an_email_lists_every_call_with_time_and_source_and_the_cases_title(site: Site) -> None:
    episode = await reported(site)
    page = words_of((await (await site.signed_in()).get(f"/episodes/{episode}")).text).partition("What happened")[2]
    message = await mailed(site)
    plain, html = part_of(message, "plain"), words_of(part_of(message, "html").partition("<body>")[2])
    for text in (page, plain, html):
        places = [text.index(line) for line in STORY]
        assert places == sorted(places), text
    lines = [line.strip() for line in plain.partition("What happened, newest first")[2].splitlines()]
    for line in STORY:
        assert re.match(r"- \d+ \w+ \d{4}, \d\d:\d\d \S+ · (Support|Orders)", lines[lines.index(line) - 1])
    for words in ("Please call me back.", "I want my money back."):
        assert f"> {words}" in lines
        assert words in unescape(html)


async def test_page_and_email_have_their_parts_in_the_same_order(site: Site) -> None:
    episode = await reported(site)
    page = (await (await site.signed_in()).get(f"/episodes/{episode}")).text
    message = await mailed(site)
    marks = {
        "who": ("Petra Weiss", "Petra Weiss"),
        "until": ("Acknowledge by", "Acknowledge by"),
        "why": ("You sold order 4711", "You sold order 4711"),
        "press": ("Acknowledge Petra Weiss", "Acknowledge in Handoff"),
        "happened": ("What happened", "What happened"),
        "say": ("What to say", "What to say"),
    }
    order = [part for part in (*HEAD, *BODY) if part in marks]
    assert set(order) == set(marks)
    html = words_of(part_of(message, "html").partition("<body>")[2])
    for place, text in enumerate((words_of(page.partition("<article")[2]), part_of(message, "plain"), html)):
        places = [text.index(marks[part][min(place, 1)]) for part in order]
        assert places == sorted(places), text


@pytest.mark.parametrize(
    ("names", "insisted"),
    [
        ({"case": None, "order": "4711"}, True),
        ({"case": None}, True),
        ({"case": CASE}, True),
        ({"case": None, "order": "4712"}, False),
        ({"case": "case-unknown"}, False),
    ],
)
async def test_nobody_is_to_change_the_mind_of_a_customer_who_insists(
    site: Site, names: dict[str, Any], insisted: bool
) -> None:
    """Whether they insist on the order, on the case or on neither by name; not if on another order."""
    await site.hire()
    await site.sell()
    await site.receive(case_opened(), minutes_ago=90, about=ACCOUNT)
    episode = await site.request_refund(minutes_ago=5, case=CASE)
    await site.receive(customer_insists(**names), about=ACCOUNT)
    page = words_of((await (await site.signed_in()).get(f"/episodes/{episode}")).text)
    message = await mailed(site)
    for text in (page, part_of(message, "plain"), words_of(part_of(message, "html").partition("<body>")[2])):
        assert (". The customer insists." in " ".join(text.split())) is insisted
        assert ("The customer insists. Do what they ask for, and do not try to change their mind." in text) is insisted
        assert ("You may offer" in text, "What to say" in text) == (not insisted, not insisted), text


async def test_an_insisting_customer_who_was_paid_gets_the_script_of_a_paid_refund(site: Site) -> None:
    await site.hire()
    await site.sell()
    episode = await site.request_refund(minutes_ago=5, amount_minor=500)
    await site.receive(customer_insists(case=None), minutes_ago=3, about=ACCOUNT)
    await site.receive(refund_paid(amount_minor=500), about=ACCOUNT)
    page = words_of((await (await site.signed_in()).get(f"/episodes/{episode}")).text)
    assert "Your refund has been paid." in page
    assert "The customer insists." not in page
