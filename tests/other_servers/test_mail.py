"""E-mail through servers with and without STARTTLS and AUTH: SMTP_URL decides, and failures state their reason."""

from pathlib import Path
from urllib.parse import quote

import pytest

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.smtp import MailServer
from services.escalation.domain.delivery_facts import Attempt
from tests.integration.test_escalation_mail import message
from tests.other_servers.addresses import ELSEWHERE
from tests.other_servers.certificates import Authority, Issued
from tests.other_servers.mail import PASSWORD, USER, mail_server

LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"


@pytest.fixture(scope="session")
def issued(authority: Authority) -> Issued:
    return authority.issue("mail")


async def sent(url: str, ca_file: Path | None = None) -> Ended:
    return await MailServer(url, ca_file=ca_file).send(message())


async def test_a_relay_without_encryption_gets_email_only_if_allowed(authority: Authority) -> None:
    async with mail_server() as relay:
        ended = await sent(f"smtp://{ELSEWHERE}:{relay.port}", authority.file)
        assert (ended.result, ended.trouble) == (Attempt.PUT_OFF, Trouble.NO_ENCRYPTION)
        assert ended.reason == "the mail server offers no STARTTLS encryption"
        assert relay.messages == []
        assert (await sent(f"smtp+insecure://{ELSEWHERE}:{relay.port}")).result is Attempt.ACCEPTED
        assert relay.messages == [("anna@sales.example", False, None)]


async def test_a_relay_without_encryption_may_ask_for_a_login() -> None:
    async with mail_server(asks_for_login=True) as relay:
        server = MailServer(f"smtp+insecure://{LOGIN}{ELSEWHERE}:{relay.port}")
        assert (await server.send(message())).result is Attempt.ACCEPTED
        assert relay.messages == [("anna@sales.example", False, USER)]
        assert "unencrypted" in server.notes[0]
        assert PASSWORD not in server.notes[0]


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_private_authority_must_be_configured(authority: Authority, issued: Issued, wrapped: bool) -> None:
    async with mail_server(issued, wrapped=wrapped, asks_for_login=True) as server:
        url = f"{'smtps' if wrapped else 'smtp'}://{LOGIN}{ELSEWHERE}:{server.port}"
        ended = await sent(url)
        assert (ended.result, ended.trouble) == (Attempt.PUT_OFF, Trouble.CERTIFICATE)
        assert "certificate is not trusted" in (ended.reason or "")
        assert (await sent(url, authority.file)).result is Attempt.ACCEPTED
        assert server.messages == [("anna@sales.example", True, USER)]
        assert MailServer(url, ca_file=authority.file).notes == []


async def test_a_wrong_password_is_reported_as_one(authority: Authority, issued: Issued) -> None:
    async with mail_server(issued, asks_for_login=True) as server:
        ended = await sent(f"smtp://{USER}:wrong@{ELSEWHERE}:{server.port}", authority.file)
        assert (ended.result, ended.trouble) == (Attempt.PUT_OFF, Trouble.LOGIN)
        assert ended.reason == "the mail server refused the login with 535"


async def test_a_server_that_wants_a_login_and_gets_none_refuses_the_sender(
    authority: Authority, issued: Issued
) -> None:
    async with mail_server(issued, asks_for_login=True) as server:
        ended = await sent(f"smtp://{ELSEWHERE}:{server.port}", authority.file)
        assert (ended.result, ended.trouble) == (Attempt.PUT_OFF, Trouble.SENDER)
