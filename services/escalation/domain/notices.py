"""Notices about a person, to the nearest person up the line; of a relapse, to the person themselves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class NoticeKind(StrEnum):
    """What no longer arrives: mail, at the person's address, or notifications, on any device of theirs; or what later
    facts say about a save of theirs."""

    ADDRESS_FAILED = "address_failed"
    LAST_DEVICE_GONE = "last_device_gone"
    SAVE_PROVEN = "save_proven"
    SAVE_RELAPSED = "save_relapsed"


OF_RESULTS = (NoticeKind.SAVE_PROVEN, NoticeKind.SAVE_RELAPSED)
"""Kinds about the result of an episode."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to `recipient` about another person or, with an episode, about its result; sent once."""

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
    episode_id: UUID | None = None
