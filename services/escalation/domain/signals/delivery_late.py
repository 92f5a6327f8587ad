"""A delivery is late."""

from collections.abc import Iterator
from datetime import datetime

from services.escalation.domain.detections.detection import Clearing, Detection, Matter, merged, of_order
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName, Key
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.detections.windows import END_OF_TIME, START_OF_TIME
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.of_orders import by_themselves, due_at
from shared.contracts.escalation import SignalKind
from shared.ids import derived


def late_deliveries(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Late deliveries: reported as late, or past their day without arrival. Until the arrival it is one trouble."""
    return merged(_late(history, scope, thresholds))


def _late(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    yield from by_themselves(history, scope, thresholds, FactKind.DELIVERY_LATE, SIGNAL)
    for order in scope.orders_of(history):
        for fact, at in _overdue(history, order):
            ended = _is_delivered(history, order, at) or _is_cancelled(history, order, at)
            if not ended and SIGNAL.is_on(fact, thresholds):
                of_sale = fact.kind is FactKind.DELIVERY_DUE
                signal_id = derived("signal", fact.account_id, order, SIGNAL.kind.value) if of_sale else None
                yield SIGNAL.found(history, fact, at=at, signal_id=signal_id, by_silence=True)


def _overdue(history: History, order: str) -> Iterator[tuple[AccountFact, datetime]]:
    """The times at which a delivery is late, with their causes: the end of a day while that day counts, or a fact that
    undoes a delivery after its day."""
    days = _days(history, order)
    for place, fact in enumerate(days):
        until = days[place + 1].at if place + 1 < len(days) else END_OF_TIME
        if due_at(fact) < until:
            yield fact, due_at(fact)
    for change in history.index(IndexName.UNDELIVERED, order).facts:
        in_force = [fact for fact in days if fact.at <= change.at]
        if change.due_at is None and in_force and due_at(in_force[-1]) <= change.at:
            yield change, change.at


def is_overdue(history: History, order: str, at: datetime) -> bool:
    """Whether an order has a delivery date, the one in force at this time has passed, and the order was neither
    delivered nor cancelled by then."""
    in_force = [fact for fact in _days(history, order) if fact.at <= at]
    if not in_force or due_at(in_force[-1]) > at:
        return False
    return not _is_delivered(history, order, at) and not _is_cancelled(history, order, at)


def _days(history: History, order: str) -> list[AccountFact]:
    """The facts that set an order's delivery date, in the order in which they count."""
    of_sale = history.index(IndexName.OF_ORDER, order, FactKind.DELIVERY_DUE).facts[:1]
    changes = history.index(IndexName.OF_ORDER, order, FactKind.ORDER_CHANGED).facts
    changed = [fact for fact in changes if fact.due_at is not None]
    return sorted([*of_sale, *changed], key=lambda fact: (fact.at, fact.fact_id))


def _is_delivered(history: History, order: str, at: datetime) -> bool:
    done = history.index(IndexName.DELIVERED, order).from_to(START_OF_TIME, at)
    undone = history.index(IndexName.UNDELIVERED, order).from_to(START_OF_TIME, at)
    return bool(done) and (not undone or undone[-1].at <= done[-1].at)


def _is_cancelled(history: History, order: str, at: datetime) -> bool:
    return bool(history.index(IndexName.OF_ORDER, order, FactKind.ORDER_CANCELLED).from_to(START_OF_TIME, at))


def _delivered(matter: Matter) -> tuple[Key, ...]:
    return (IndexName.DELIVERED, matter.order), *of_order(FactKind.ORDER_CANCELLED)(matter)


SIGNAL = SignalDefinition(
    kind=SignalKind.DELIVERY_LATE,
    label="Delivery late",
    counted=("a late delivery", "late deliveries"),
    headline=lambda _: "The delivery fell behind schedule",
    raised_when=(
        "The delivery is reported as late, or its date passed before the last line arrived: one signal, dated from the "
        "earlier of the two. Lines added to a delivered order whose date has passed are late at once."
    ),
    starts_with=(FactKind.DELIVERY_LATE, FactKind.DELIVERY_DUE, FactKind.ORDER_CHANGED),
    settled_by=Clearing("The whole order is delivered, to its last line, or it is cancelled.", _delivered),
    part=Part.ORDERS,
    find=late_deliveries,
    examples="""
        its day passes: 0 delivery_due due=48 order=o -> 48
        delivered in time: 0 delivery_due due=48 order=o, 30 order_delivered order=o -> never
        delivered too late: 0 delivery_due due=48 order=o, 60 order_delivered order=o -> 48 to 60
        it is reported: 0 delivery_due due=48 order=o, 30 delivery_late order=o -> 30
        a later day is agreed: 0 delivery_due due=48 order=o, 30 order_changed due=96 order=o -> 96
        cancelled: 0 delivery_due due=48 order=o, 30 order_cancelled order=o -> never
    """,
)
