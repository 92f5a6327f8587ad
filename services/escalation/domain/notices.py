"""Notices about a person, to the nearest person up the line: messages do not reach this person any more."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class NoticeKind(StrEnum):
    """What no longer arrives: mail, at the person's address, or notifications, on any device of theirs."""

    ADDRESS_FAILED = "address_failed"
    LAST_DEVICE_GONE = "last_device_gone"


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to `recipient` about another person, sent once."""

    notice_id: UUID
    kind: NoticeKind
    recipient: str
    about: str
    try_at: datetime
    changed_at: datetime
    state: str = "pending"
    attempts: int = 0
    unknown_count: int = 0
    reason: str | None = None
