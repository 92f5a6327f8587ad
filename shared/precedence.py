"""Decides which of several facts about one subject counts: the first opening, or the latest state by event time."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.envelope import Envelope, Fact


class Opening(StrEnum):
    """The relation of an opening fact to the known opening."""

    FIRST = "first"
    REPEATED = "repeated"
    CONTRADICTING = "contradicting"


class Version(NamedTuple):
    """The sort key of facts about one state: the event's time, ties by its id. The greatest counts."""

    at: datetime
    id: str

    @classmethod
    def of(cls, event: Envelope[Fact]) -> "Version":
        return cls(event.time, event.id)


def judge_opening(known: bytes | None, reported: bytes) -> Opening:
    """The first opening wins; the same content again (`content_of`) is a repeat, any other contradicts it."""
    if known is None:
        return Opening.FIRST
    return Opening.REPEATED if known == reported else Opening.CONTRADICTING


def content_of(event: Envelope[Fact]) -> bytes:
    """SHA-256 of an event's subject and data, regardless of its time and id.

    Fields left at their defaults are left out, so that a field added to the contract later changes no digest.
    """
    said = event.data.model_dump_json(exclude_defaults=True)
    return hashlib.sha256(f"{event.type}\0{event.subject}\0{said}".encode()).digest()
