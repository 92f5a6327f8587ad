"""Reads delivery reports (RFC 3464; RFC 6533 for addresses beyond ASCII): which of our messages came back, and why.

Anyone can write to the sender's address. A report therefore counts only for a message of ours: it has to carry the
Message-ID, which only the recipient knows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.message import Message
from email.utils import getaddresses
from uuid import UUID

_MESSAGE_ID = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[^<>\s]+>")
_BLANK_LINE = re.compile(r"\r?\n\r?\n")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
LONGEST = 10_000_000
PARSING_ERRORS = (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""Errors of the standard library for messages that it cannot parse."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A message of ours that came back: `message` is the id in its Message-ID, `address` the address as written."""

    message: UUID
    address: str
    status: str

    @property
    def reason(self) -> str:
        return f"the e-mail bounced ({self.status})"


class NotReadable(ValueError):
    """A message that reports no bounce; carries the reason."""


def bounce_of(content: bytes) -> Bounce:
    """The bounce in a delivery report. Raises NotReadable for any other message, and for a report of a delay."""
    try:
        return _read(content)
    except NotReadable:
        raise
    except PARSING_ERRORS as error:
        raise NotReadable(f"this message is malformed ({type(error).__name__})") from None


def _read(content: bytes) -> Bounce:
    report = message_from_bytes(content)
    if report.get_content_type() != "multipart/report" or not report.is_multipart():
        raise NotReadable("this is not a delivery report (multipart/report)")
    statuses = list(_fields(report))
    failed = [fields for fields in statuses if str(fields.get("Action", "")).strip().lower() == "failed"]
    if not failed:
        raise NotReadable("this report names no message that failed permanently")
    original = _original(report)
    found = _MESSAGE_ID.search(str(original.get("Message-ID", ""))) if original else None
    if original is None or found is None:
        raise NotReadable("this report does not include the headers of a message from this installation")
    addresses = [address for _, address in getaddresses([_recipients(original)]) if address]
    if len(addresses) != 1:
        raise NotReadable("the returned message does not have exactly one recipient")
    status = _STATUS.search(str(failed[0].get("Status", "")))
    return Bounce(UUID(found[1]), addresses[0], status[0] if status else "no status")


def _fields(report: Message) -> Iterator[Message]:
    """The blocks of a delivery status: one for the message, and one for each recipient."""
    for part in report.walk():
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        payload = part.get_payload()
        for block in payload if isinstance(payload, list) else ():
            if isinstance(block, Message):
                yield block
                # In reports beyond ASCII the library takes the blocks after the first for the body.
                yield from map(message_from_string, _BLANK_LINE.split(str(block.get_payload())))


def _original(report: Message) -> Message | None:
    """The message that came back, or its headers alone."""
    for part in report.walk():
        if part.get_content_type() in ("message/rfc822", "message/global", "message/global-headers"):
            inner = part.get_payload()
            return inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else None
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            return message_from_bytes(text) if isinstance(text, bytes) else None
    return None


def _recipients(original: Message) -> str:
    """The header as it was written; the library has no charset name for raw UTF-8."""
    written = next((value for name, value in original.raw_items() if name.lower() == "to"), "")
    return str(written).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
