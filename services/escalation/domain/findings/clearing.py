"""What ends each kind of signal: the table the rules use, and in words what a page of documentation can print."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lane import is_after_ends
from services.escalation.domain.findings.lanes import Key, LaneName
from shared.contracts.escalation import SignalKind


class Matter(NamedTuple):
    """What a signal is about: the case and the order that the fact it began with names, and the promise."""

    case: str | None
    order: str | None
    what: str | None


KeysOf: TypeAlias = Callable[[Matter], tuple[Key, ...]]


@dataclass(frozen=True, slots=True)
class Clearing:
    """A signal about a matter is ended by the first fact of its `lanes` that happened later than the signal, or by an
    end of the same instant."""

    words: str
    lanes: KeysOf


def _nothing(_matter: Matter) -> tuple[Key, ...]:
    return ()


def _two_way_on_matter(matter: Matter) -> tuple[Key, ...]:
    if matter.case is not None:
        return ((LaneName.TWO_WAY_ON_CASE, matter.case), *_reached(matter.order))
    if matter.order is None:
        return ((LaneName.TWO_WAY_WITHOUT_CASE,),)
    without_case = LaneName.TWO_WAY_WITHOUT_CASE
    return (without_case, matter.order), (without_case, None), (LaneName.REACHED, matter.order)


def _reached(order: str | None) -> tuple[Key, ...]:
    if order is None:
        return ((LaneName.REACHED,),)
    return (LaneName.REACHED, order), (LaneName.REACHED, None)


def _answered_or_over(matter: Matter) -> tuple[Key, ...]:
    return (*_two_way_on_matter(matter), *_over(matter))


def _two_way_on_account(_matter: Matter) -> tuple[Key, ...]:
    return ((LaneName.TWO_WAY,),)


def _resolved(matter: Matter) -> tuple[Key, ...]:
    if matter.case is None:
        return ((LaneName.TWO_WAY_WITHOUT_CASE,),)
    return ((LaneName.RESOLVED, matter.case),)


def _progress(matter: Matter) -> tuple[Key, ...]:
    return ((LaneName.PROGRESS, matter.case),)


def _over(matter: Matter) -> tuple[Key, ...]:
    return () if matter.case is None else ((LaneName.OVER, matter.case),)


def _rated_on_matter(matter: Matter) -> tuple[Key, ...]:
    return ((LaneName.OF_KIND, FactKind.RATED, "case", matter.case),)


def _withdrawn(kind: FactKind) -> KeysOf:
    """A withdrawal ends what it names: the case if one is named, else the order, else all of the account."""

    def keys(matter: Matter) -> tuple[Key, ...]:
        named = (("case", matter.case), ("order", matter.order))
        lanes = (((LaneName.OF_KIND, kind, *name)) for name in named if name[1] is not None)
        return (*lanes, (LaneName.OF_KIND, kind, "neither"))

    return keys


def _of_order(*kinds: FactKind) -> KeysOf:
    def keys(matter: Matter) -> tuple[Key, ...]:
        return tuple((LaneName.OF_ORDER, matter.order, kind) for kind in kinds)

    return keys


def _confirmed_or_reached(matter: Matter) -> tuple[Key, ...]:
    decided = _of_order(FactKind.ORDER_CONFIRMED, FactKind.ORDER_CANCELLED)(matter)
    return (*decided, *_reached_by_phone(matter))


def _reached_by_phone(matter: Matter) -> tuple[Key, ...]:
    """Talks with the customer that name no other order."""
    return (LaneName.BY_PHONE, matter.order), (LaneName.BY_PHONE, None)


def _kept(matter: Matter) -> tuple[Key, ...]:
    cancelled: Key = (LaneName.OF_ORDER, matter.order, FactKind.ORDER_CANCELLED)
    return (LaneName.PROMISE_KEPT, matter.order, matter.what), cancelled


def _delivered(matter: Matter) -> tuple[Key, ...]:
    return (LaneName.DELIVERED, matter.order), *_of_order(FactKind.ORDER_CANCELLED)(matter)


NEVER_CLEARED = Clearing("Nothing.", _nothing)

UNANSWERED = Clearing("A talk with the customer, on whatever matter.", _two_way_on_account)
"""Of a contact that nobody answered in time."""

_PROGRESS_OF_ORDER = (
    FactKind.CONFIRMATION_REQUIRED,
    FactKind.ORDER_CONFIRMED,
    FactKind.ORDER_CHANGED,
    FactKind.ORDER_DELIVERED,
    FactKind.ORDER_CANCELLED,
    FactKind.REFUND_PAID,
    FactKind.DELIVERY_LATE,
    FactKind.PROMISE_KEPT,
    FactKind.OUTCOME_REPORTED,
)

UNMOVED = Clearing(
    "Whatever is told of the order, or a talk by phone or in person that names no other order.",
    lambda matter: (*_of_order(*_PROGRESS_OF_ORDER)(matter), *_reached_by_phone(matter)),
)
"""Of an order of which nothing was told since its sale."""

CLEARINGS: Mapping[SignalKind, Clearing] = {
    SignalKind.CONTACT_DEAD_ENDED: Clearing(
        "A talk with the customer about the same case, or one that the acknowledger reports for its order (“I reached "
        "the customer”); without a case a talk that names no other order or case. That the case counts as solved does "
        "not settle it: nobody talked.",
        _two_way_on_matter,
    ),
    SignalKind.CONTACT_REPEATED: Clearing(
        "A contact that resolved the matter, or the end of its case; without a case a talk with the customer.",
        _resolved,
    ),
    SignalKind.CASE_STUCK: Clearing(
        "Progress: another status, a talk or an attempt of ours on the case, its reopening or its end.", _progress
    ),
    SignalKind.CASE_BOUNCED: Clearing("The end of the case.", _over),
    SignalKind.CASE_REOPENED: Clearing("The end of the case.", _over),
    SignalKind.RESPONSE_DUE: Clearing(
        "A talk with the customer about the matter, the end of its case, or the signal that the answer is overdue.",
        _answered_or_over,
    ),
    SignalKind.RESPONSE_OVERDUE: Clearing(
        "A talk with the customer about the matter, or the end of its case.", _answered_or_over
    ),
    SignalKind.SATISFACTION_LOW: Clearing(
        "A later rating above the mark, of the same case or both of none.", _rated_on_matter
    ),
    SignalKind.REFUND_REQUESTED: Clearing(
        "That it is withdrawn: for its case where the withdrawal names one, else for its order, else for the account.",
        _withdrawn(FactKind.REFUND_WITHDRAWN),
    ),
    SignalKind.CANCELLATION_REQUESTED: Clearing(
        "That it is withdrawn: for its case where the withdrawal names one, else for its order, else for the account.",
        _withdrawn(FactKind.CANCELLATION_WITHDRAWN),
    ),
    SignalKind.ORDER_STALLED: Clearing(
        "That the order is confirmed or cancelled, or a talk by phone or in person that names no other order.",
        _confirmed_or_reached,
    ),
    SignalKind.PROMISE_MISSED: Clearing("That the promise is kept, or the order cancelled.", _kept),
    SignalKind.OUTCOME_DENIED: Clearing(
        "That the buyer says later it was reached.",
        lambda matter: ((LaneName.OUTCOME_REACHED, matter.order),),
    ),
    SignalKind.DELIVERY_LATE: Clearing(
        "That the whole order is delivered, to its last line, or that it is cancelled.", _delivered
    ),
    SignalKind.ORDER_CANCELLED: NEVER_CLEARED,
    SignalKind.REFUND_PAID: NEVER_CLEARED,
    SignalKind.GONE_QUIET: Clearing(
        "That the customer tries to reach us, or a talk with them.", lambda _matter: ((LaneName.HEARD_OF,),)
    ),
}


def ended_by(history: History, clearing: Clearing, cause: AccountFact, after: datetime) -> AccountFact | None:
    """The first fact later than this that ends a signal which began with `cause`.

    An end of the same instant is later, save for what comes after the ends of its instant.
    """
    matter = Matter(cause.case_id, history.order_of(cause), cause.what)
    ends_too = cause.at != after or not is_after_ends(cause)
    return history.first_after(clearing.lanes(matter), after, ends_too=ends_too)
