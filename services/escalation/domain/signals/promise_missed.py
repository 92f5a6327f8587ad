"""A promise of the sale is past due, without proof that it was kept."""

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from services.escalation.domain.detections.detection import Clearing, Detection, Matter
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName, Key
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.said import word_about_promise
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.detections.windows import START_OF_TIME
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.risk import Risk
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.of_orders import due_at
from shared.contracts.escalation import SignalKind
from shared.ids import derived


def missed_promises(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Promises past due without proof that no salesperson reported as kept, or with a complaint since such a report."""
    for order in scope.orders_of(history):
        for fact in sale_promises_of(history, order):
            at = _missed_at(history, fact, thresholds)
            if at is None or not SIGNAL.is_on(fact, thresholds):
                continue
            if SIGNAL.unbroken(history, fact, until=at, since=START_OF_TIME):
                yield SIGNAL.found(history, fact, at=at, signal_id=missed_id(fact), by_silence=True)


def missed_id(promise: AccountFact) -> UUID:
    """The id of the signal that this promise was missed."""
    return derived("signal", promise.account_id, promise.order_id, promise.what, SIGNAL.kind.value)


def _missed_at(history: History, promise: AccountFact, thresholds: ThresholdsAt) -> datetime | None:
    """When it is missed: at its due time; if it was reported as kept by then, at the customer's complaint; else
    never."""
    at = due_at(promise)
    word = word_about_promise(history, promise, lambda when: thresholds(when).signals.satisfaction_low, until=at)
    if word is None:
        return at
    return None if word.complaint is None else max(at, word.complaint.at)


def sale_promises_of(history: History, order: str, kind: FactKind = FactKind.PROMISE) -> Collection[AccountFact]:
    """The promises of a sale, ours or with `customer_duty` the customer's; of two promises with one name the one that
    is due first."""
    first: dict[str | None, AccountFact] = {}
    for fact in history.index(IndexName.OF_ORDER, order, kind).facts:
        known = first.setdefault(fact.what, fact)
        if due_at(fact) < due_at(known):
            first[fact.what] = fact
    return first.values()


def _kept(matter: Matter) -> tuple[Key, ...]:
    cancelled: Key = (IndexName.OF_ORDER, matter.order, FactKind.ORDER_CANCELLED)
    return (IndexName.PROMISE_KEPT, matter.order, matter.what), cancelled


def _headline(risk: Risk) -> str:
    return f"The promise {risk.about} was missed" if risk.about else "A promise was missed"


SIGNAL = SignalDefinition(
    kind=SignalKind.PROMISE_MISSED,
    label="Promise missed",
    counted=("a missed promise", "missed promises"),
    headline=_headline,
    raised_when=(
        "A promise made at the sale is overdue, nothing proves that it was kept, and no salesperson had reported by "
        "then that the customer said so. Or a salesperson had, and the customer has complained since."
    ),
    starts_with=(FactKind.PROMISE,),
    settled_by=Clearing("The promise is kept, or the order is cancelled.", _kept),
    part=Part.ORDERS,
    find=missed_promises,
    examples="""
        past due: 0 promise training due=5 order=o -> 5
        kept in time: 0 promise training due=5 order=o, 4 promise_kept training order=o -> never
        kept too late: 0 promise training due=5 order=o, 6 promise_kept training order=o -> 5 to 6
        another promise is kept: 0 promise training due=5 order=o, 4 promise_kept setup order=o -> 5
        a salesperson says so: 0 promise training due=5 order=o, 4 promise_said_kept training order=o -> never
        then they complain: 0 promise training due=5 order=o, 4 promise_said_kept training order=o, 9 rated 0 -> 9
        the order is cancelled: 0 promise training due=5 order=o, 4 order_cancelled order=o -> never
        the customer's own part: 0 customer_duty training due=5 order=o -> never
    """,
)
