"""A customer's story: pages and e-mails cover the order at risk, and leave out the customer's other orders."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.escalation.channels.email import EmailChannel
from services.escalation.channels.sender import Sender
from shared.contracts.support_inbound import Person
from shared.metrics import create_metrics
from tests.builders import ACCOUNT, cancellation_requested, case_opened, contact_made, order_placed
from tests.escalation import FakeMail, letters
from tests.inbox import Site, form_token, words_of
from tests.inbox_desk import Desk, at_in, done, open_desk, state, taken

OTHER, OTHERS_CASE = "4712", "case-2"
CALLER = Person(name="Herr Öztürk", phone="+1 415 555 0199")


async def mail(site: Site) -> str:
    """The plain text of the due e-mail about order 4711."""
    server = FakeMail()
    sender = Sender(EmailChannel(server, letters()))
    await asyncio.wait(await sender.start_due(site.service.pool, site.service.processor, create_metrics("escalation")))
    texts = [" ".join(message.get_body(("plain",)).get_content().split()) for message in server.received]  # type: ignore[union-attr]
    (text,) = [text for text in texts if "order 4711" in text]
    return text


async def reported(site: Site, episode: UUID) -> tuple[str, str, str]:
    """The row in the list, the page, and the e-mail of an episode of Anna's."""
    browser = await site.signed_in()
    rows = (await browser.get("/")).text.partition('<section class="detail')[0].split('<li class="row')
    (row,) = [row for row in rows if f'data-episode="{episode}"' in row]
    page = (await browser.get(f"/episodes/{episode}")).text.partition("<article")[2]
    return words_of(row), words_of(page), await mail(site)


async def sold_two(site: Site) -> None:
    await site.hire()
    await site.sell()
    await site.sell(OTHER)
    await site.receive(case_opened(OTHERS_CASE, order=OTHER, title="The other one"), minutes_ago=300, about=ACCOUNT)


async def busy(site: Site, case: str | None = OTHERS_CASE) -> None:
    """We talk with the customer again and again, about another order or about none."""
    for number in range(120):
        call = contact_made("answered", case=case, direction="outbound", words="About the other one.")
        await site.receive(call, minutes_ago=100 - number / 2, about=ACCOUNT)


async def test_a_fact_about_the_case_of_another_order_is_left_out(site: Site) -> None:
    await sold_two(site)
    secret = contact_made("answered", case=OTHERS_CASE, words="Nobody else may know.")
    await site.receive(secret, minutes_ago=20, about=ACCOUNT)
    episode = await site.request_refund(case=None)
    for text in await reported(site, episode):
        assert "I want my money back." in text
        assert "Nobody else may know." not in text
        assert "The other one" not in text


async def test_a_busy_order_does_not_displace_another_orders_story(site: Site) -> None:
    await sold_two(site)
    await site.receive(contact_made("voicemail", words="Call me about it."), minutes_ago=200, about=ACCOUNT)
    await busy(site)
    for text in await reported(site, await site.request_refund(case=None)):
        assert "Call me about it." in text
        assert "About the other one." not in text


async def test_the_cause_of_a_standing_signal_is_included_however_old(site: Site) -> None:
    await site.hire()
    await site.sell()
    episode = await site.request_refund(minutes_ago=400, by=CALLER, case=None)
    await busy(site, case=None)
    for text in await reported(site, episode):
        assert "Herr Öztürk" in text
        assert "Contact: Herr Öztürk" in text


async def test_a_call_with_the_wish_to_leave_is_listed_once_with_its_caller(site: Site) -> None:
    await site.hire()
    await site.sell()
    call = contact_made("answered", case=None, intent="leaving", by=CALLER, words="I am off.")
    await site.receive(call, minutes_ago=5, about=ACCOUNT)
    for text in await reported(site, (await state(site))["episode_id"]):
        story = text.partition("What happened")[2]
        assert "the customer says they are leaving" in story
        assert story.count("I am off.") == 1
        assert "Contact: Herr Öztürk" in text


async def test_the_email_names_the_caller_of_a_repeated_contact_too(site: Site) -> None:
    await site.hire()
    await site.sell()
    for minutes in (90, 60, 30):
        await site.receive(contact_made("unanswered", by=CALLER), minutes_ago=minutes, about=ACCOUNT)
    for text in await reported(site, (await state(site))["episode_id"]):
        assert "The customer contacted us for the 3rd time about the same issue" in text
        assert "Contact: Herr Öztürk" in text


async def test_a_sellers_report_is_attributed_in_list_page_and_email(site: Site) -> None:
    await site.hire()
    now = await site.service.now()
    due: dict[str, Any] = {"expected_outcome": "A third less gas", "outcome_expected_by": now + timedelta(days=2)}
    await site.receive(order_placed(sold_at=now, **due))
    await site.service.move_clock(timedelta(days=1))
    browser = await site.signed_in()
    form = {"csrf_token": form_token((await browser.get("/")).text), "order": "4711", "channel": "phone"}
    assert done(await browser.post("/follow-ups", data=form | {"answer": "did_not_work", "promise": "", "round": ""}))
    for text in await reported(site, (await state(site))["episode_id"]):
        story = text.partition("What happened")[2]
        assert "Reported by you after a conversation; not yet confirmed." in story
        assert "Support" not in story


@pytest.fixture
async def passed_on(site: Site) -> Desk:
    """Anna could not reach the customer and promised a call; then the episode was offered to Ben."""
    desk = await open_desk(site)
    await mail(site)
    assert done(await desk.press("acknowledge"))
    assert done(await desk.press("not-reached", channel="phone", note="Her mother answered."))
    await site.service.move_clock(timedelta(minutes=1))
    assert done(await desk.press("hand-over", to="ben", at=await at_in(site, hours=2), note="Ask for her mother."))
    return desk


async def test_an_email_includes_earlier_holders_actions_and_notes(site: Site, passed_on: Desk) -> None:
    text = await mail(site)
    page = await passed_on.page()
    line = "Anna Berg could not reach the customer by phone"
    assert line in text
    assert line.replace("Anna Berg", "You") in page
    assert "> Her mother answered." in text
    assert text.count("Ask for her mother.") == 1, "it is the first entry"
    assert text.index("Ask for her mother.") < text.index(line)


async def test_a_former_acknowledger_notified_again_reads_that_it_ended(site: Site) -> None:
    desk = await taken(site)
    await site.service.move_clock(timedelta(minutes=10))
    await site.receive(cancellation_requested())
    assert (await state(site))["acknowledged_by"] is None
    said = "You have had this since 10:00. Something new has happened, so please acknowledge it once more."
    assert said in await desk.page()
    assert said in await mail(site)
