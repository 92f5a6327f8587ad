"""What later facts say about the results of closed episodes."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.escalation.episodes import TOPIC
from shared.contracts.escalation.kinds import SignalKind
from shared.contracts.fact import Fact
from shared.contracts.fields import Id, Instant


class SaveProven(Fact):
    """Nothing disproved a save in time. `by` closed the episode as saved at `closed_at`; the proof was due at
    `proven_at`. `counts_with`: a later episode of the same order decided for both, and its money counts."""

    type: ClassVar[str] = "escalation.save_proven"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    closed_at: Instant
    proven_at: Instant
    counts_with: UUID | None = None


class SaveRelapsed(Fact):
    """A fact disproves a save, also one that was proven before if the fact is reported late. `at` is its time.

    `follow_up` is the episode that it opened or joined; missing if the closer knew of the fact. `counts_with` as in
    `save_proven`.
    """

    type: ClassVar[str] = "escalation.save_relapsed"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    closed_at: Instant
    because: SignalKind
    at: Instant
    follow_up: UUID | None = None
    counts_with: UUID | None = None


class RelapseWithdrawn(Fact):
    """The fact that disproved a save was taken back, so the save is provisional again."""

    type: ClassVar[str] = "escalation.relapse_withdrawn"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    by: Id
    closed_at: Instant


class WonBack(Fact):
    """A customer who was lost bought again, other than by a renewal: `new_order`, sold at `sold_at`. Once for each
    loss."""

    type: ClassVar[str] = "escalation.won_back"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    lost_at: Instant
    new_order: Id
    sold_at: Instant
