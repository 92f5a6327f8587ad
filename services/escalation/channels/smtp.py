"""Sends a message by SMTP and reports the result: accepted, refused, delayed, or unknown.

Only a refusal of this recipient is final. Any other reply may apply to all messages: trouble with the server, the login
or the sender delays a message, however often.
"""

import asyncio
import re
import ssl
import time
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from enum import Enum
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.domain.channels import (
    CANNOT_ENCRYPT,
    IS_NOT_TRUSTED,
    OFFERS_NO_ENCRYPTION,
    REFUSES,
    TAKES_NO_SUCH_SENDER,
)
from services.escalation.domain.delivery_facts import Attempt
from shared.addresses import fault_of
from shared.contracts.mailboxes import compared
from shared.tls import error_within, trusting

SEND_SECONDS = 30.0
COMPOSING_ERRORS = (MessageError, ValueError, LookupError, AttributeError)
"""Errors of the standard library for a message that it cannot compose or write."""
_FAULTS = (TimeoutError, aiosmtplib.SMTPException, OSError)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_WELL_FOR_SECONDS = 3600.0
_ENHANCED = re.compile(r"\s*5\.(\d{1,3})\.(\d{1,3})\b")
_OF_THE_SENDER = frozenset({("1", "7"), ("1", "8")})
_OF_A_MAILBOX = frozenset({550, 551, 553})


@dataclass(frozen=True, slots=True)
class Mail:
    """A message and its one recipient address. Headers are only for people and do not route the message."""

    sender: str
    recipient: str
    message: EmailMessage


class Encryption(Enum):
    """How a connection is encrypted. `offered`: if the server offers it, as on this machine."""

    TLS = "smtps"
    STARTTLS = "starttls"
    OFFERED = "offered"
    NONE = "none"


class MailServer:
    """A mail server given as `smtp://` (upgraded by STARTTLS, on this machine only if it is offered), `smtps://`, or
    `smtp+insecure://` (never encrypted), each with user and password where it wants them."""

    def __init__(self, url: str, *, ca_file: Path | None = None) -> None:
        fault = fault_of("SMTP_URL", url)
        if fault is not None:
            raise ValueError(fault)
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps", "smtp+insecure") or parts.hostname is None:
            raise ValueError(
                "SMTP_URL must look like smtp://user:password@host:port (encrypted by STARTTLS), smtps://host:port, "
                "or smtp+insecure://host:port (not encrypted)"
            )
        self._host = parts.hostname
        self._encryption = _encryption(parts.scheme, parts.hostname)
        self._port = parts.port or (465 if self._encryption is Encryption.TLS else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else ""
        self._context = trusting(ca_file, "SMTP_CA_FILE")
        self._accepted: dict[str, float] = {}

    @property
    def notes(self) -> list[str]:
        """What operators should know of how it is set up."""
        if self._encryption is not Encryption.NONE or self._host in _LOOPBACK:
            return []
        return ["e-mail and the password in SMTP_URL are sent unencrypted: SMTP_URL begins with smtp+insecure://"]

    async def send(self, mail: Mail) -> Ended:
        """Send once, in bounded time."""
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._encryption is Encryption.TLS,
            start_tls=False,
            tls_context=self._context,
            timeout=SEND_SECONDS / 2,
        )
        try:
            return await self._connect(client) or await self._log_in(client) or await self._hand_over(client, mail)
        finally:
            client.close()

    async def _connect(self, client: aiosmtplib.SMTP) -> Ended | None:
        """Connect, encrypted as configured. Return the attempt's result if that failed."""
        try:
            async with asyncio.timeout(SEND_SECONDS / 2):
                await client.connect()
                if self._encryption in (Encryption.STARTTLS, Encryption.OFFERED):
                    await client.ehlo()
                    if client.supports_extension("starttls"):
                        await client.starttls()
                    elif self._encryption is Encryption.STARTTLS:
                        return Ended(
                            Attempt.PUT_OFF,
                            OFFERS_NO_ENCRYPTION,
                            Trouble.NO_ENCRYPTION,
                        )
        except _FAULTS as error:
            return _not_connected(error)
        return None

    async def _log_in(self, client: aiosmtplib.SMTP) -> Ended | None:
        """Log in if there is a user. Return the attempt's result if that failed."""
        if self._user is None:
            return None
        try:
            async with asyncio.timeout(SEND_SECONDS / 2):
                await client.login(self._user, self._password)
        except aiosmtplib.SMTPResponseException as error:
            return Ended(Attempt.PUT_OFF, f"{REFUSES} the login with {error.code}", Trouble.LOGIN)
        except _FAULTS as error:
            return Ended(Attempt.PUT_OFF, f"the login to the mail server failed ({_named(error)})", Trouble.LOGIN)
        return None

    async def _hand_over(self, client: aiosmtplib.SMTP, mail: Mail) -> Ended:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await client.send_message(mail.message, sender=mail.sender, recipients=[mail.recipient])
        except aiosmtplib.SMTPRecipientsRefused as error:
            return self._recipient_refused(error.recipients[0], mail.recipient)
        except aiosmtplib.SMTPSenderRefused as error:
            return _refused(error.code, "the sender", Trouble.SENDER)
        except aiosmtplib.SMTPDataError as error:
            return _refused(error.code, "the message", Trouble.MESSAGE)
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code, "the connection", Trouble.SERVER)
        except aiosmtplib.SMTPNotSupported:
            return _not_ascii(mail)
        except _FAULTS as error:
            return Ended(
                Attempt.UNKNOWN, f"the connection to the mail server broke ({_named(error)})", Trouble.BROKEN_OFF
            )
        except COMPOSING_ERRORS as error:
            return Ended(Attempt.REFUSED, f"the message cannot be composed ({_named(error)})", Trouble.COMPOSING)
        self._accepted[compared(mail.recipient)] = time.monotonic()
        return Ended(Attempt.ACCEPTED)

    def _recipient_refused(self, refused: aiosmtplib.SMTPRecipientRefused, recipient: str) -> Ended:
        """The result of a refused recipient: final if the server refuses this mailbox.

        The enhanced status code tells (RFC 3463): 1 is an address, 2 a mailbox. A refusal without such a code can have
        any reason, so it counts only from a server that recently accepted a message to another recipient.
        """
        reason = f"{REFUSES} the recipient with {refused.code}"
        enhanced = _ENHANCED.match(refused.message)
        if enhanced is not None:
            subject, detail = enhanced.groups()
            final = subject in ("1", "2") and (subject, detail) not in _OF_THE_SENDER
            reason = f"{reason} (5.{subject}.{detail})"
        else:
            final = refused.code in _OF_A_MAILBOX and self._takes_mail_of_others(recipient)
        if final:
            return Ended(Attempt.REFUSED, reason, Trouble.RECIPIENT)
        return _refused(refused.code, "the recipient", Trouble.SENDER, reason)

    def _takes_mail_of_others(self, recipient: str) -> bool:
        since = time.monotonic() - _WELL_FOR_SECONDS
        self._accepted = {one: at for one, at in self._accepted.items() if at > since}
        return any(one != compared(recipient) for one in self._accepted)


def _encryption(scheme: str, host: str) -> Encryption:
    if scheme == "smtps":
        return Encryption.TLS
    if scheme == "smtp+insecure":
        return Encryption.NONE
    return Encryption.OFFERED if host in _LOOPBACK else Encryption.STARTTLS


def _not_connected(error: BaseException) -> Ended:
    trust = error_within(error, ssl.SSLCertVerificationError)
    if trust is not None:
        why = f"{IS_NOT_TRUSTED} ({trust.verify_message})"
        return Ended(Attempt.PUT_OFF, why, Trouble.CERTIFICATE)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _refused(error.code, "the connection", Trouble.SERVER)
    if (encrypting := error_within(error, ssl.SSLError)) is not None:
        why = f"{CANNOT_ENCRYPT} ({encrypting.reason or _named(encrypting)})"
        return Ended(Attempt.PUT_OFF, why, Trouble.NO_ENCRYPTION)
    return Ended(Attempt.PUT_OFF, f"the mail server does not respond ({_named(error)})", Trouble.NO_ANSWER)


def _refused(code: int, what: str, trouble: Trouble, reason: str | None = None) -> Ended:
    """Replies of 400 to 499 are temporary, those from 500 on permanent (RFC 5321, section 4.2.1): until someone fixes
    the server or the sender."""
    if code < 500:
        return Ended(Attempt.PUT_OFF, f"the mail server deferred the message with {code}", Trouble.PUT_OFF)
    return Ended(Attempt.PUT_OFF, reason or f"{REFUSES} {what} with {code}", trouble)


def _not_ascii(mail: Mail) -> Ended:
    """The refusal of a local part beyond ASCII: it needs a server with SMTPUTF8 (RFC 6531).

    Domains are ASCII already.
    """
    if not mail.sender.isascii():
        return Ended(Attempt.PUT_OFF, TAKES_NO_SUCH_SENDER, Trouble.SENDER)
    reason = "the mail server takes only ASCII before the @ of an address (it offers no SMTPUTF8)"
    return Ended(Attempt.REFUSED, reason, Trouble.ADDRESS)


def _named(error: BaseException) -> str:
    return type(error).__name__
