"""The calls to lost customers, months after the loss: planned, waiting, due, answered, ended."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.escalation.episodes import TOPIC
from shared.contracts.escalation.kinds import WinBackAnswer, WinBackEnding
from shared.contracts.fact import Fact
from shared.contracts.fields import MAX_SAFE_INTEGER, Code, Id, Instant
from shared.contracts.support_inbound import ContactChannel

_Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]


class WinBackPlanned(Fact):
    """A sale was lost, and the customer is to be called again at `due_at`."""

    type: ClassVar[str] = "escalation.win_back_planned"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    reason: Code
    due_at: Instant


class WinBackWaits(Fact):
    """A call to a lost customer waits, because customers are still lost for this reason: `losses` of `requests` in the
    customer's segment, within 30 days."""

    type: ClassVar[str] = "escalation.win_back_waits"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    reason: Code
    since: Instant
    losses: _Count
    requests: _Count


class WinBackDue(Fact):
    """A call to a lost customer is due; their salesperson is shown what to say."""

    type: ClassVar[str] = "escalation.win_back_due"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    due_at: Instant


class WinBackAnswered(Fact):
    """A salesperson reported a lost customer's answer, given in a conversation at `at`.

    `won_back` is no proof; another order is. With `later`, the next call is due at `due_at`.
    """

    type: ClassVar[str] = "escalation.win_back_answered"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    at: Instant
    channel: ContactChannel
    answer: WinBackAnswer
    due_at: Instant | None = None


class WinBackEnded(Fact):
    """A call to a lost customer was never made, and is not due any more."""

    type: ClassVar[str] = "escalation.win_back_ended"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    because: WinBackEnding
    at: Instant
