"""How a mail server's answers, and its silence, are read."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from structlog.testing import capture_logs

from deploy.local.ports import free_ports
from services.escalation.app import sending_sign_in_links
from services.escalation.channels.email import EmailChannel
from services.escalation.channels.letters import Letters
from services.escalation.channels.smtp import Mail, MailServer
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.store.sessions import Person
from shared.ids import SalespersonId
from tests.escalation import FakeMail

HANG_UP = b""


@asynccontextmanager
async def answering(answers: Mapping[str, bytes], reported: list[str] | None = None) -> AsyncIterator[MailServer]:
    """A mail server that answers as given: by command, and under `message` once the message has arrived."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.get("greeting", b"220 ready") + b"\r\n")
        in_message = False
        with suppress(asyncio.CancelledError):
            async for line in reader:
                if in_message and line != b".\r\n":
                    continue
                if reported is not None:
                    reported.append(line.decode().strip())
                command = "message" if in_message else line[:4].decode().strip().lower()
                in_message = command == "data" and "data" not in answers
                answer = answers.get(command, b"354 go on" if in_message else b"250 fine")
                if answer == HANG_UP:
                    break
                writer.write(answer + b"\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield MailServer(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()


def message(to: str = "anna@sales.example") -> Mail:
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = "oncall@handoff.example", to, "A sale is at risk"
    made.set_content("Call Petra.")
    return Mail("oncall@handoff.example", to, made)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({}, Attempt.ACCEPTED, id="all is fine"),
        pytest.param({"quit": HANG_UP}, Attempt.ACCEPTED, id="it hangs up after accepting"),
        pytest.param({"rcpt": b"550 5.1.1 unknown"}, Attempt.REFUSED, id="the recipient is refused"),
        pytest.param({"rcpt": b"451 later"}, Attempt.PUT_OFF, id="the recipient is put off"),
        pytest.param({"mail": b"530 log in"}, Attempt.PUT_OFF, id="the sender is refused"),
        pytest.param({"data": b"421 closing"}, Attempt.PUT_OFF, id="it closes before the message"),
        pytest.param({"message": b"554 spam"}, Attempt.PUT_OFF, id="the message is refused"),
        pytest.param({"message": b"452 full"}, Attempt.PUT_OFF, id="the message is put off"),
        pytest.param({"message": HANG_UP}, Attempt.UNKNOWN, id="it hangs up on the message"),
        pytest.param({"greeting": b"421 busy"}, Attempt.PUT_OFF, id="it is busy"),
    ],
)
async def test_the_servers_answer_decides_the_outcome(answers: dict[str, bytes], expected: Attempt) -> None:
    async with answering(answers) as server:
        ended = await server.send(message())
    assert ended.result is expected
    assert "anna" not in (ended.reason or "")


async def test_a_server_that_is_away_puts_the_message_off() -> None:
    (port,) = free_ports(1)
    assert (await MailServer(f"smtp://127.0.0.1:{port}").send(message())).result is Attempt.PUT_OFF


async def test_an_address_the_server_cannot_take_is_refused_and_not_unknown() -> None:
    async with answering({}) as server:
        ended = await server.send(message("jürgen@sales.example"))
    assert ended.result is Attempt.REFUSED


async def test_the_recipient_is_passed_beside_the_message_and_not_read_from_its_headers() -> None:
    reported: list[str] = []
    async with answering({}, reported) as server:
        mail = message()
        mail.message.replace_header("To", "else@sales.example")
        mail.message.replace_header("From", "else@handoff.example")
        await server.send(mail)
    assert [line for line in reported if "<" in line] == [
        "MAIL FROM:<oncall@handoff.example>",
        "RCPT TO:<anna@sales.example>",
    ]


async def test_a_message_that_cannot_be_written_out_is_refused() -> None:
    mail = message()
    mail.message.set_payload("\ud800")
    async with answering({}) as server:
        ended = await server.send(mail)
    assert ended.result is Attempt.REFUSED


@pytest.mark.parametrize("address", ["anna@sales.example", "a,b@sales.example"])
async def test_a_warning_about_an_unsent_sign_in_link_names_no_address(address: str) -> None:
    server = FakeMail()
    server.answers = [Attempt.PUT_OFF]
    letters = Letters(sender="On Call <oncall@handoff.example>", inbox_url="http://inbox.example")

    async def clock() -> datetime:
        return datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

    send = sending_sign_in_links(EmailChannel(server, letters), clock)
    with capture_logs() as logged:
        await send(Person(SalespersonId("anna"), "Anna Berg", address), "http://inbox.example/sign-in?token=secret")
    (line,) = logged
    assert line["log_level"] == "warning"
    assert not any(private in str(line) for private in (address, "secret", "Anna"))


@pytest.mark.parametrize("sender", ["", "oncall", "a,b@handoff.example", "On Call"])
def test_a_sender_that_is_no_address_is_refused_at_the_start(sender: str) -> None:
    with pytest.raises(ValueError, match="MAIL_FROM must look like"):
        Letters(sender=sender, inbox_url="http://inbox.example")


def test_an_address_for_replies_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="MAIL_REPLY_TO must look like"):
        Letters(sender="oncall@handoff.example", inbox_url="http://inbox.example", reply_to="a,b@handoff.example")
