"""What a mail server's answers, and its silence, are taken for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from deploy.local.ports import free_ports
from services.escalation.channels.smtp import MailServer
from services.escalation.domain.own_facts import Attempt

HANG_UP = b""


@asynccontextmanager
async def answering(**answers: bytes) -> AsyncIterator[MailServer]:
    """A mail server that answers as told: by command, and `message` when the message has arrived."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.get("greeting", b"220 ready") + b"\r\n")
        in_message = False
        with suppress(asyncio.CancelledError):
            async for line in reader:
                if in_message and line != b".\r\n":
                    continue
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


def message(to: str = "anna@sales.example") -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = "oncall@handoff.example", to, "A sale is at risk"
    made.set_content("Call Petra.")
    return made


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({}, Attempt.ACCEPTED, id="all is fine"),
        pytest.param({"quit": HANG_UP}, Attempt.ACCEPTED, id="it hangs up after accepting"),
        pytest.param({"rcpt": b"550 unknown"}, Attempt.REFUSED, id="the recipient is refused"),
        pytest.param({"rcpt": b"451 later"}, Attempt.PUT_OFF, id="the recipient is put off"),
        pytest.param({"mail": b"530 log in"}, Attempt.REFUSED, id="the sender is refused"),
        pytest.param({"data": b"421 closing"}, Attempt.PUT_OFF, id="it closes before the message"),
        pytest.param({"message": b"554 spam"}, Attempt.REFUSED, id="the message is refused"),
        pytest.param({"message": b"452 full"}, Attempt.PUT_OFF, id="the message is put off"),
        pytest.param({"message": HANG_UP}, Attempt.UNKNOWN, id="it hangs up on the message"),
        pytest.param({"greeting": b"421 busy"}, Attempt.PUT_OFF, id="it is busy"),
    ],
)
async def test_an_attempt_ends_as_the_server_says(answers: dict[str, bytes], expected: Attempt) -> None:
    async with answering(**answers) as server:
        ended = await server.send(message())
    assert ended.result is expected
    assert "anna" not in (ended.reason or "")


async def test_a_server_that_is_not_there_puts_it_off() -> None:
    (port,) = free_ports(1)
    assert (await MailServer(f"smtp://127.0.0.1:{port}").send(message())).result is Attempt.PUT_OFF


async def test_an_address_the_server_cannot_take_is_refused_not_doubted() -> None:
    async with answering() as server:
        ended = await server.send(message("jürgen@sales.example"))
    assert ended.result is Attempt.REFUSED
