"""Sends a message by SMTP and says how that ended: accepted, refused, put off, or nobody knows."""

import asyncio
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.escalation.domain.own_facts import Attempt

SEND_SECONDS = 30.0
COMPOSING_ERRORS = (MessageError, ValueError, LookupError, AttributeError)
"""What the standard library raises for a message that it cannot put together or write out."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended; the reason names the fault, never an address."""

    result: Attempt
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A message, and the one address that it goes to: headers are for people and decide nothing."""

    sender: str
    recipient: str
    message: EmailMessage


class MailServer:
    """A mail server given as `smtp://` (upgraded to TLS unless on this machine) or `smtps://user:password@host:port`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or parts.hostname is None:
            raise ValueError("SMTP_URL must look like smtp://host:port or smtps://user:password@host:port")
        self._host = parts.hostname
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, mail: Mail) -> Ended:
        """Send once, in bounded time."""
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            start_tls=None if self._tls or self._host in _LOOPBACK else True,
            timeout=SEND_SECONDS / 2,
        )
        try:
            async with asyncio.timeout(SEND_SECONDS / 2):
                await client.connect()
        except (TimeoutError, aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return Ended(Attempt.PUT_OFF, f"the mail server does not answer ({type(error).__name__})")
        try:
            return await self._hand_over(client, mail)
        finally:
            client.close()

    async def _hand_over(self, client: aiosmtplib.SMTP, mail: Mail) -> Ended:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await client.send_message(mail.message, sender=mail.sender, recipients=[mail.recipient])
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused(min(refused.code for refused in error.recipients))
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code)
        except aiosmtplib.SMTPNotSupported:
            return Ended(Attempt.REFUSED, "the mail server cannot take this address")
        except (TimeoutError, aiosmtplib.SMTPException, OSError) as error:
            return Ended(Attempt.UNKNOWN, f"the mail server broke off ({type(error).__name__})")
        except COMPOSING_ERRORS as error:
            return Ended(Attempt.REFUSED, f"the message cannot be written ({type(error).__name__})")
        return Ended(Attempt.ACCEPTED)


def _refused(code: int) -> Ended:
    """Replies of 400 to 499 are for now, those from 500 on for good (RFC 5321, section 4.2.1)."""
    if code < 500:
        return Ended(Attempt.PUT_OFF, f"the mail server put it off with {code}")
    return Ended(Attempt.REFUSED, f"the mail server refused it with {code}")
