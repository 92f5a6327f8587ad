"""Contacts in support, kept and published, on real Postgres."""

import pytest

from shared.contracts.support import ContactDeadEnded
from shared.contracts.support_inbound import (
    ContactReference,
    ContactResult,
    Courtesy,
    Intent,
    NoAnswerReason,
    Person,
    WaitingFor,
)
from tests.builders import CASE, answer_not_needed, case_closed, case_opened, contact_made, input_of, minutes
from tests.services import ServiceUnderTest


async def test_every_contact_is_kept_with_separate_personal_fields(support: ServiceUnderTest) -> None:
    by = Person(name="Jonas Weiss", email="jonas@customer.example")
    await support.receive(
        case_opened(),
        contact_made("answered", by=by, words="Nobody came.", order="4711"),
        input_of(contact_made("answered", by=by, words="Nobody came.", order="4711"), at=minutes(3)),
    )
    first, second = await support.rows("support.contacts", "at")
    assert (first["case_id"], first["order_id"], first["result"]) == (CASE, "4711", "answered")
    assert (first["person_name"], first["person_email"]) == ("Jonas Weiss", "jonas@customer.example")
    assert first["words"] == "Nobody came."
    assert second["at"] == minutes(3)


async def test_contacts_are_published_as_contacts(support: ServiceUnderTest) -> None:
    results = ["answered", "unanswered", "voicemail", "resolved"]
    await support.receive(*(contact_made(result, case=None) for result in results))
    events = await support.published()
    assert {event.type for event in events} == {"support.contact_made"}
    assert [event.data.result for event in events] == [ContactResult(result) for result in results]


async def test_a_dead_end_is_published_once_and_as_a_dead_end(support: ServiceUnderTest) -> None:
    await support.receive(contact_made("dead_end", case=None, words="I give up."))
    (event,) = await support.published()
    assert isinstance(event.data, ContactDeadEnded)
    assert (event.type, event.data.words) == ("support.contact_dead_ended", "I give up.")
    assert (await support.row("support.contacts"))["result"] == "dead_end"


async def test_a_contact_of_an_unknown_case_is_kept_when_its_case_is_opened(support: ServiceUnderTest) -> None:
    await support.receive(contact_made("voicemail"))
    assert await support.rows("support.contacts") == []
    await support.receive(case_opened())
    assert (await support.row("support.contacts"))["result"] == "voicemail"


async def test_a_contact_is_kept_and_published_with_its_agent(support: ServiceUnderTest) -> None:
    await support.receive(contact_made("answered", case=None, direction="outbound", agent="anna"))
    row = await support.row("support.contacts")
    assert (row["agent"], row["courtesy"]) == ("anna", None)
    (event,) = await support.published()
    assert event.data.agent == "anna"


@pytest.mark.parametrize("courtesy", list(Courtesy))
async def test_a_courtesy_contact_is_kept_and_published_as_one(support: ServiceUnderTest, courtesy: Courtesy) -> None:
    await support.receive(contact_made("answered", case=None, channel="email", courtesy=courtesy))
    assert (await support.row("support.contacts"))["courtesy"] == courtesy.value
    (event,) = await support.published()
    assert (event.type, event.data.courtesy) == ("support.contact_made", courtesy)


async def test_turn_conversation_and_the_customers_intent_are_published(
    support: ServiceUnderTest,
) -> None:
    await support.receive(
        case_opened(waiting_for=WaitingFor.CUSTOMER),
        contact_made("answered", conversation="chat-4", intent=Intent.LEAVING, test=True),
        case_closed(reason="spam"),
    )
    opened, contact, closed = await support.published()
    assert opened.data.waiting_for is WaitingFor.CUSTOMER
    assert (contact.data.conversation, contact.data.intent, contact.data.test) == ("chat-4", Intent.LEAVING, True)
    assert closed.data.reason is NoAnswerReason.SPAM


async def test_a_report_that_a_contact_needs_no_answer_is_published_before_and_after_the_contact(
    support: ServiceUnderTest,
) -> None:
    contact = ContactReference(source="desk.example", id="c-9")
    await support.receive(answer_not_needed("answered_elsewhere", None, contact=contact))
    (event,) = await support.published()
    assert (event.type, event.data.contact, event.data.by) == ("support.answer_not_needed", contact, "agent-3")


async def test_a_report_that_a_case_needs_no_answer_waits_for_its_opening(support: ServiceUnderTest) -> None:
    await support.receive(answer_not_needed("goodbye"))
    assert await support.published() == []
    await support.receive(case_opened())
    assert await support.published_types() == ["support.case_opened", "support.answer_not_needed"]
