"""A mail server with or without STARTTLS and AUTH, at an address that does not count as this machine's."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.other_servers.addresses import ELSEWHERE
from tests.other_servers.certificates import Issued

USER, PASSWORD = "oncall", "p@ss:w/rd"


@dataclass
class Received:
    """For each message its recipient, whether it arrived encrypted, and who had logged in."""

    port: int = 0
    messages: list[tuple[str, bool, str | None]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        login = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else None
        encrypted = server.transport.get_extra_info("ssl_object") is not None  # type: ignore[union-attr]
        self.messages.append((envelope.rcpt_tos[0], encrypted, login))
        return "250 taken"


def _logged_in(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: LoginPassword) -> AuthResult:
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, auth_data=data, handled=right)


@asynccontextmanager
async def mail_server(
    issued: Issued | None = None, *, wrapped: bool = False, asks_for_login: bool = False
) -> AsyncIterator[Received]:
    """With a certificate it offers and requires STARTTLS, or is `wrapped` in TLS from the first byte."""
    loop, received, context = asyncio.get_running_loop(), Received(), None
    if issued is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(issued.certificate, issued.key)

    def serving() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a login without encryption, which is intended here
            return protocol()

    def protocol() -> SMTP:
        starttls = context if not wrapped else None
        return SMTP(
            received,
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=asks_for_login,
            auth_require_tls=False,
            authenticator=_logged_in,
            loop=loop,
        )

    server = await loop.create_server(serving, ELSEWHERE, 0, ssl=context if wrapped else None)
    received.port = server.sockets[0].getsockname()[1]
    try:
        yield received
    finally:
        server.close()
