"""A detection: one signal that an account's facts amount to, and what ended it. One trouble is one detection."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.escalation.domain.entities import Signal
from services.escalation.domain.facts import AccountFact
from shared.contracts.escalation import SignalKind


@dataclass(frozen=True, slots=True)
class Detection:
    """A signal as the facts have it.

    `cause` is the fact that it is, or that it began with. `at` is when it came into being; of one made of silence when
    the silence had lasted too long: until then, and until everything told by then was read, it is only expected.
    `cleared_by` is the fact that ended it afterwards, `told_by` one that says the same as the silence. `again` are the
    requests that say the same as `cause`, told or asked again.
    """

    signal_id: UUID
    kind: SignalKind
    at: datetime
    cause: AccountFact
    case_id: str | None = None
    names_order: str | None = None
    by_silence: bool = False
    cleared_by: AccountFact | None = None
    told_by: AccountFact | None = None
    again: tuple[AccountFact, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether what is still unread may show that it never was: not where somebody says so as well."""
        return self.by_silence and self.told_by is None

    def goes_back_beyond(self, signal: Signal) -> bool:
        """Whether it is the same trouble as this signal, and began no later: it stands in the signal's place."""
        same = (self.kind, self.case_id, self.names_order) == (signal.kind, signal.case_id, signal.names_order)
        return same and self.at <= signal.at


class Trouble(NamedTuple):
    """What detections of one kind have in common that are one: their matter, and the fact that ends them."""

    case: str | None
    order: str | None
    ended_by: UUID | None


def trouble_of(detection: Detection) -> Trouble:
    ended_by = detection.cleared_by.fact_id if detection.cleared_by is not None else None
    return Trouble(detection.case_id, detection.names_order, ended_by)


def merged(found: Iterable[Detection]) -> Iterator[Detection]:
    """Of detections of one kind that are one trouble the earliest: counted twice, it would look graver than it is."""
    troubles: dict[Trouble, list[Detection]] = {}
    for detection in found:
        troubles.setdefault(trouble_of(detection), []).append(detection)
    for same in troubles.values():
        same.sort(key=lambda one: (one.at, one.signal_id))
        told = (one.cause for one in same if not one.by_silence)
        yield replace(same[0], told_by=next(told, None)) if same[0].by_silence else same[0]
