"""People can sign in with any spelling of their address, and data about the address survives another spelling."""

import pytest

from services.escalation.channels.bounces import bounce_of
from services.escalation.channels.operating import record_bounce
from tests.bounces import report
from tests.builders import SELLER
from tests.escalation import Escalation
from tests.inbox import Site
from tests.integration.undelivered import REFUSED
from tests.team import person

NFC, NFD = "jürgen@sales.example", "ju\u0308rgen@sales.example"
IN_UNICODE, IN_ASCII = "anna@münchen.example", "anna@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        (IN_UNICODE, IN_UNICODE),
        (IN_UNICODE, IN_ASCII),
        (IN_ASCII, IN_UNICODE),
        ("Anna@MÜNCHEN.example", IN_ASCII),
        (NFD, NFC),
        (NFC, NFD),
        ("JÜRGEN@sales.example", NFC),
    ],
)
async def test_a_link_is_sent_for_any_spelling_of_the_address(site: Site, stored: str, typed: str) -> None:
    await site.hire(SELLER, email=stored)
    await site.hire("ben", email="benno@münchen.example")
    await site.browser().post("/sign-in/link", data={"email": typed})
    ((reached, _),) = site.sent_links
    assert (reached.salesperson_id, reached.email) == (SELLER, stored)


async def test_an_address_that_two_people_spell_differently_gets_no_link(site: Site) -> None:
    await site.hire(SELLER, email=IN_UNICODE)
    await site.hire("ben", email=IN_ASCII)
    await site.browser().post("/sign-in/link", data={"email": IN_ASCII})
    assert site.sent_links == []


async def test_links_are_rationed_over_all_spellings(site: Site) -> None:
    await site.hire(SELLER, email=IN_UNICODE)
    for typed in (IN_UNICODE, IN_ASCII, IN_UNICODE.upper(), IN_ASCII.upper(), IN_UNICODE):
        await site.browser().post("/sign-in/link", data={"email": typed})
    assert len(site.sent_links) == 3


async def test_another_spelling_keeps_people_signed_in(site: Site) -> None:
    await site.hire(SELLER, email=IN_UNICODE)
    browser = await site.signed_in()
    await site.hire(SELLER, email=IN_ASCII.upper())
    assert (await browser.get("/")).status_code == 200
    assert await site.service.rows("escalation.address_notices") == []


async def test_another_spelling_keeps_the_mark_of_an_address_that_does_not_work(asked: Escalation) -> None:
    await asked.receive(person("anna", manager="carla", email=IN_UNICODE))
    asked.mail.answers = [REFUSED]
    await asked.send_mail()
    await asked.fire()
    assert await marked(asked) == ["anna"]
    await asked.receive(person("anna", manager="carla", email=IN_ASCII))
    assert await marked(asked) == ["anna"]


async def test_a_returned_email_marks_the_address_in_any_spelling(asked: Escalation) -> None:
    await asked.receive(person("anna", manager="carla", email=IN_UNICODE))
    await asked.send_mail()
    returned = asked.mail.received[-1]
    returned.replace_header("To", IN_ASCII)
    await record_bounce(asked.processor, bounce_of(report(returned)))
    assert await marked(asked) == ["anna"]


async def marked(team: Escalation) -> list[str]:
    return [row["salesperson_id"] for row in await team.rows("escalation.salespeople") if row["email_failed_at"]]
