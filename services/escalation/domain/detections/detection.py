"""Detection: one signal that an account's facts imply, and `Clearing`, the later facts that end it. One trouble is one
detection."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import is_after_ends
from services.escalation.domain.detections.indexes import IndexName, Key
from services.escalation.domain.entities import Signal
from services.escalation.domain.facts import AccountFact, FactKind
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


class Matter(NamedTuple):
    """The subject of a signal: the case, the order and the promise that its first fact names."""

    case: str | None
    order: str | None
    what: str | None


KeysOf: TypeAlias = Callable[[Matter], tuple[Key, ...]]


@dataclass(frozen=True, slots=True)
class Clearing:
    """The first fact in `indexes` that is later than a signal about a matter ends it, or an end of the same instant.

    Each kind of signal names its own indexes.
    """

    sentence: str
    indexes: KeysOf


def two_way_on_matter(matter: Matter) -> tuple[Key, ...]:
    """Talks with the customer about the same case or its order; without a case, talks that name no other case."""
    if matter.case is not None:
        return ((IndexName.TWO_WAY_ON_CASE, matter.case), *_reached(matter.order))
    if matter.order is None:
        return ((IndexName.TWO_WAY_WITHOUT_CASE,),)
    without_case = IndexName.TWO_WAY_WITHOUT_CASE
    return (without_case, matter.order), (without_case, None), (IndexName.REACHED, matter.order)


def _reached(order: str | None) -> tuple[Key, ...]:
    if order is None:
        return ((IndexName.REACHED,),)
    return (IndexName.REACHED, order), (IndexName.REACHED, None)


def over(matter: Matter) -> tuple[Key, ...]:
    """The ends of the case."""
    return () if matter.case is None else ((IndexName.OVER, matter.case),)


def of_order(*kinds: FactKind) -> KeysOf:
    """Facts of these kinds about the order."""

    def keys(matter: Matter) -> tuple[Key, ...]:
        return tuple((IndexName.OF_ORDER, matter.order, kind) for kind in kinds)

    return keys


def reached_by_phone(matter: Matter) -> tuple[Key, ...]:
    """Talks with the customer that name no other order."""
    return (IndexName.BY_PHONE, matter.order), (IndexName.BY_PHONE, None)


NEVER_CLEARED = Clearing("Nothing.", lambda _matter: ())


def ended_by(history: History, clearing: Clearing, cause: AccountFact, after: datetime) -> AccountFact | None:
    """The first fact later than this that ends a signal that began with `cause`.

    An end of the same instant counts as later, except for facts that come after the ends of their instant.
    """
    matter = Matter(cause.case_id, history.order_of(cause), cause.what)
    ends_too = cause.at != after or not is_after_ends(cause)
    return history.first_after(clearing.indexes(matter), after, ends_too=ends_too)
