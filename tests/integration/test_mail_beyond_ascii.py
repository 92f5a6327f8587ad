"""Mail to addresses beyond ASCII, through servers with and without SMTPUTF8 (RFC 6531)."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.letters import Letters
from services.escalation.channels.smtp import MailServer
from services.escalation.domain.channels import EMAIL
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.store.upward_notices import failing_people
from tests.escalation import Escalation
from tests.integration.test_escalation_mail import answering
from tests.integration.test_escalation_mail_trouble import send_through
from tests.integration.undelivered import email_of
from tests.team import person

SMTPUTF8 = {"ehlo": b"250-fine\r\n250 SMTPUTF8"}
ACCEPTED = Ended(Attempt.ACCEPTED)


async def sent(server: MailServer, *, to: str, sender: str = "oncall@handoff.example") -> Ended:
    letters = Letters(sender=sender, inbox_url="http://inbox.example")
    now = datetime(2026, 5, 4, tzinfo=UTC)
    return await server.send(letters.sign_in(address=to, name="Anna", url="http://x", message=uuid4(), now=now))


@pytest.mark.parametrize("answers", [{}, SMTPUTF8])
async def test_a_domain_beyond_ascii_is_sent_in_its_ascii_form_to_every_server(answers: dict[str, bytes]) -> None:
    reported: list[str] = []
    async with answering(answers, reported) as server:
        assert await sent(server, to="anna@münchen.example", sender="On call <oncall@übung.example>") == ACCEPTED
    assert "MAIL FROM:<oncall@xn--bung-zra.example>" in reported
    assert "RCPT TO:<anna@xn--mnchen-3ya.example>" in reported


async def test_a_local_part_beyond_ascii_goes_to_a_server_with_smtputf8() -> None:
    reported: list[str] = []
    async with answering(SMTPUTF8, reported) as server:
        assert await sent(server, to="ju\u0308rgen@sales.example") == ACCEPTED
    assert "RCPT TO:<jürgen@sales.example>" in reported


async def test_a_sender_that_the_server_does_not_take_ends_no_message() -> None:
    async with answering({}) as server:
        ended = await sent(server, to="anna@sales.example", sender="bereitschaft-süd@handoff.example")
    assert (ended.result, ended.trouble) == (Attempt.PUT_OFF, Trouble.SENDER)
    assert (ended.reason or "").startswith(EMAIL.standing_trouble)


async def test_a_local_part_that_the_server_does_not_take_marks_the_address_with_the_reason(asked: Escalation) -> None:
    await asked.receive(person("anna", manager="carla", email="jürgen@sales.example"))
    async with answering({}) as server:
        await send_through(asked, server)
    await asked.fire()
    assert (await email_of(asked))["state"] == "failed"
    async with asked.pool.acquire() as connection:
        (failing,) = await failing_people(connection)
    assert failing.because == "the mail server takes only ASCII before the @ of an address (it offers no SMTPUTF8)"
