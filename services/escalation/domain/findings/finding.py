"""A finding: one signal that an account's facts amount to, and what ended it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.domain.facts import AccountFact
from shared.contracts.escalation import SignalKind


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal as the facts have it.

    `cause` is the fact that it is, or that it began with. `at` is when it came into being; of one made of silence when
    the silence had lasted too long: until then, and until everything told by then was read, it is only expected.
    `cleared_by` is the fact that ended it afterwards.
    """

    signal_id: UUID
    kind: SignalKind
    at: datetime
    cause: AccountFact
    case_id: str | None = None
    names_order: str | None = None
    by_silence: bool = False
    cleared_by: AccountFact | None = None
