"""The messages that the mail sink kept as files. Start at messages."""

import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True)
class StoredMail:
    """A message as it was received; `number` counts from 1 in the order of arrival."""

    number: int
    received_at: datetime
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    text: str


def messages(folder: Path) -> list[StoredMail]:
    """All messages of a folder, oldest first; none if there is no such folder."""
    files = sorted(folder.glob("*.eml"))
    return [_read(file, number) for number, file in enumerate(files, start=1)]


def found(stored: Sequence[StoredMail], wanted: str) -> StoredMail | None:
    """The message of that number or Message-ID, with or without its angle brackets."""
    for mail in stored:
        if wanted == str(mail.number) or wanted.strip("<>") == mail.message_id.strip("<>"):
            return mail
    return None


def _read(file: Path, number: int) -> StoredMail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
    received_ns = int(re.match(r"\d+", file.name).group())  # type: ignore[union-attr]
    return StoredMail(
        number=number,
        received_at=datetime.fromtimestamp(received_ns / 1e9, UTC),
        recipients=tuple(str(recipient) for recipient in message.get_all("Delivered-To", [])),
        subject=str(message.get("Subject", "")),
        message_id=str(message.get("Message-ID", "")).strip(),
        text=body.get_content().replace("\r\n", "\n") if body else "",
    )
