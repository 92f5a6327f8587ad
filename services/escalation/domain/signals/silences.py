"""The scope to check when a silence has lasted too long, and the silences that a fact has broken for good."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import FactIndex
from services.escalation.domain.detections.indexes import ENDS_OF_CASE, IndexName, is_inbound, is_two_way
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import NOTHING, Scope
from services.escalation.domain.detections.windows import NO_TIME, START_OF_TIME, Window
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.find import part_of
from shared.contracts.escalation import SignalKind


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence: a kind of signal, with the case and order that its first fact names."""

    kind: SignalKind
    case: str | None
    order: str | None


OF_ANSWERS = (SignalKind.RESPONSE_DUE, SignalKind.RESPONSE_OVERDUE)


def silence_of(detection: Detection) -> Silence:
    return Silence(detection.kind, detection.cause.case_id, detection.cause.order_id)


def listening_to(history: History, silence: Silence) -> Scope:
    """The scope of a silence's detections that can still stand: any talk has ended those before it.

    A warning ends by time, regardless of talks since, so all promised answers without a case are checked.
    """
    match part_of(silence.kind, by_silence=True):
        case Part.SILENCE:
            return Scope(silence=_since_last(history.index(IndexName.TWO_WAY)))
        case Part.QUIET:
            return Scope(quiet=_since_last(history.index(IndexName.IN_TOUCH)))
        case Part.ORDERS:
            return NOTHING if silence.order is None else Scope(orders=frozenset({silence.order}))
        case _ if silence.case is not None:
            return Scope(cases=frozenset({silence.case}))
        case _:
            return Scope(loose=Window(), dead_ends=NO_TIME, stuck=NO_TIME, repeated=NO_TIME)


def broken_by(history: History, fact: AccountFact) -> Iterator[Silence]:
    """Silences that no timer has to wait for any more. Later facts may begin them again; those are looked for again."""
    if history.is_void(fact):
        return
    if fact.kind in ENDS_OF_CASE and fact.case_id is not None:
        yield from _of_ended_case(history, fact.case_id, fact)
    if is_two_way(fact):
        yield from _unless_later(history.index(IndexName.MISSED), fact, SignalKind.CONTACT_DEAD_ENDED)
    if is_two_way(fact) or is_inbound(fact):
        yield from _unless_later(history.index(IndexName.UNHAPPY), fact, SignalKind.GONE_QUIET)


def _of_ended_case(history: History, case: str, end: AccountFact) -> Iterator[Silence]:
    if history.index(IndexName.PROGRESS, case).after(end.at) is not None:
        return
    orders = {fact.order_id for fact in history.index(IndexName.OF_CASE, case).facts}
    for order in sorted(orders, key=lambda one: one or ""):
        yield Silence(SignalKind.CASE_STUCK, case, order)
        if FactKind.RESPONSE_PROMISED in history.kinds:
            yield from (Silence(kind, case, order) for kind in OF_ANSWERS)


def _unless_later(began: FactIndex, fact: AccountFact, kind: SignalKind) -> Iterator[Silence]:
    """The last silence before a fact that ends it, if no other silence began since."""
    cause = began.before(fact.at)
    if cause is not None and (began.facts[-1].at < fact.at or began.facts[-1].fact_id == fact.fact_id):
        yield Silence(kind, cause.case_id, cause.order_id)


def _since_last(ends: FactIndex) -> Window:
    return Window(ends.facts[-1].at if ends.facts else START_OF_TIME)
