"""The ends of signals: the first later fact in certain indexes of the history. Each kind of signal names its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import is_after_ends
from services.escalation.domain.detections.indexes import IndexName, Key
from services.escalation.domain.facts import AccountFact, FactKind


class Matter(NamedTuple):
    """The subject of a signal: the case, the order and the promise that its first fact names."""

    case: str | None
    order: str | None
    what: str | None


KeysOf: TypeAlias = Callable[[Matter], tuple[Key, ...]]


@dataclass(frozen=True, slots=True)
class Clearing:
    """The first fact in `indexes` that is later than a signal about a matter ends it, or an end of the same instant."""

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
