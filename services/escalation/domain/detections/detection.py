"""Detection: one signal that an account's facts imply, with the fact that ended it. One trouble is one detection."""

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
    """A signal as implied by the facts.

    `cause` is its first fact. `at` is when it arose; for a silence, when the silence had lasted too long. Until then,
    and until all input up to then was read, a silence is only expected. `cleared_by` is the later fact that ended it;
    `reported_by` is a fact that reports the same as the silence. `again` are requests that repeat `cause`, reported or
    made again.
    """

    signal_id: UUID
    kind: SignalKind
    at: datetime
    cause: AccountFact
    case_id: str | None = None
    names_order: str | None = None
    by_silence: bool = False
    cleared_by: AccountFact | None = None
    reported_by: AccountFact | None = None
    again: tuple[AccountFact, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether unread facts may still disprove it: not if a fact reports the same."""
        return self.by_silence and self.reported_by is None

    def goes_back_beyond(self, signal: Signal) -> bool:
        """Whether it is the same trouble as this signal and began no later, so that it replaces the signal."""
        same = (self.kind, self.case_id, self.names_order) == (signal.kind, signal.case_id, signal.names_order)
        return same and self.at <= signal.at


class Trouble(NamedTuple):
    """The identity of a trouble: detections of one kind with the same matter and the same ending fact are one."""

    case: str | None
    order: str | None
    ended_by: UUID | None


def trouble_of(detection: Detection) -> Trouble:
    ended_by = detection.cleared_by.fact_id if detection.cleared_by is not None else None
    return Trouble(detection.case_id, detection.names_order, ended_by)


def merged(found: Iterable[Detection]) -> Iterator[Detection]:
    """The earliest detection of each trouble. Counted twice, a trouble would look more severe than it is."""
    troubles: dict[Trouble, list[Detection]] = {}
    for detection in found:
        troubles.setdefault(trouble_of(detection), []).append(detection)
    for same in troubles.values():
        same.sort(key=lambda one: (one.at, one.signal_id))
        reported = (one.cause for one in same if not one.by_silence)
        yield replace(same[0], reported_by=next(reported, None)) if same[0].by_silence else same[0]
