"""The event that every service publishes about an input it could not apply: reason and position, never the bytes."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import MAX_SAFE_INTEGER, Code, Id, OptionalText, Text


def topic_of(service: str) -> str:
    """Logical topic of one service's dead letters."""
    return f"{service}.dead-letters.v1"


class RecordDeadLettered(Fact):
    """An input was kept as a dead letter. Partition and offset are absent for an event received over HTTP."""

    type: ClassVar[str] = "dead_letters.record_dead_lettered"
    topic: ClassVar[str] = "dead-letters"

    service: Id
    record_topic: OptionalText = Field(default=None, alias="topic")
    partition: Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)] | None = None
    offset: Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)] | None = None
    code: Code
    reason: Text
    dead_letter: UUID
