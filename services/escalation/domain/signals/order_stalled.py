"""Nobody asks for the confirmation of an order, or nobody moves it."""

from collections.abc import Iterator
from datetime import timedelta

from services.escalation.domain.detections.detection import (
    Clearing,
    Detection,
    Matter,
    ended_by,
    of_order,
    reached_by_phone,
)
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName, Key
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.risk import Risk
from services.escalation.domain.signals.definition import SecondCause, SignalDefinition, unbroken
from services.escalation.domain.signals.of_orders import facts_of
from shared.contracts.escalation import SignalKind
from shared.ids import derived


def stalled_orders(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """Orders that wait for the customer's confirmation without a phone contact, and orders that nobody moves."""
    for fact in facts_of(history, scope, FactKind.CONFIRMATION_REQUIRED):
        in_force = thresholds(fact.at)
        rule = in_force.signals.order_stalled
        if not rule.enabled or not SIGNAL.unbroken(history, fact, until=fact.at + rule.reached_within):
            continue
        at = in_force.working.after(fact.at, rule.reached_within)
        if SIGNAL.unbroken(history, fact, until=at):
            yield SIGNAL.found(history, fact, at=at, by_silence=True)
    for order in scope.orders_of(history):
        for fact in history.index(IndexName.OF_ORDER, order, FactKind.SOLD).facts[:1]:
            yield from _unmoved(history, fact, thresholds)


def _unmoved(history: History, fact: AccountFact, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """An order that is to be delivered, without any report since its sale."""
    kind, rule = SIGNAL.kind, thresholds(fact.at).signals.order_stalled
    at = fact.at + rule.no_progress_for
    before = fact.at - timedelta(microseconds=1)  # a fact at the instant of the sale counts as a report on the order
    if rule.enabled and unbroken(history, UNMOVED.settled_by, fact, until=at, since=before):
        ended = ended_by(history, UNMOVED.settled_by, fact, at)
        signal_id = derived("signal", fact.account_id, fact.order_id, kind.value, "sold")
        yield Detection(signal_id, kind, at, fact, None, fact.order_id, by_silence=True, cleared_by=ended)


def _confirmed_or_reached(matter: Matter) -> tuple[Key, ...]:
    decided = of_order(FactKind.ORDER_CONFIRMED, FactKind.ORDER_CANCELLED)(matter)
    return (*decided, *reached_by_phone(matter))


_PROGRESS = (
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


def _headline(risk: Risk) -> str:
    if risk.unmoved:
        return "The order, untouched since the sale, was flagged as stalled"
    return "The unconfirmed order was flagged as stalled"


UNMOVED = SecondCause(
    label="Order not moving",
    lead="For an order not moving",
    settled_by=Clearing(
        "Any report about the order, or a conversation by phone or in person that names no other order.",
        lambda matter: (*of_order(*_PROGRESS)(matter), *reached_by_phone(matter)),
    ),
)
"""An order without any report since its sale."""

SIGNAL = SignalDefinition(
    kind=SignalKind.ORDER_STALLED,
    label="Order stalled",
    label_of=lambda risk: UNMOVED.label if risk.unmoved else None,
    counted=("a stalled order", "stalled orders"),
    headline=_headline,
    raised_when=(
        "An order waits for the customer's confirmation, and no one reached them by phone or in person within "
        "`reached_within` of the company's working time. Or nothing was reported about an order with a delivery date, "
        "and no one reached the customer, for `no_progress_for` since the sale."
    ),
    starts_with=(FactKind.CONFIRMATION_REQUIRED, FactKind.SOLD),
    settled_by=Clearing(
        "The order is confirmed or cancelled; or a conversation by phone or in person that names no other order.",
        _confirmed_or_reached,
    ),
    second_cause=UNMOVED,
    part=Part.ORDERS,
    find=stalled_orders,
    examples="""
        nobody calls: 1 confirmation_required order=o -> 9
        confirmed in time: 1 confirmation_required order=o, 9 order_confirmed order=o -> never
        confirmed too late: 1 confirmation_required order=o, 10 order_confirmed order=o -> 9 to 10
        reached by phone: 1 confirmation_required order=o, 5 outbound answered -> never
        reached about another order: 1 confirmation_required order=o, 5 outbound answered order=p -> 9
        reached by e-mail: 1 confirmation_required order=o, 5 outbound answered email -> 9
        nothing is reported since the sale: 0 sold order=o -> 168
        delivered a day after the sale: 0 sold order=o, 24 order_delivered order=o -> never
    """,
)
