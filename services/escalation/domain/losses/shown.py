"""What the events show about a loss: the troubles of an order before its episode was closed. Start at `shown`."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.detections.deliveries import DELIVERY_KINDS, followed
from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.signals.find import detections
from shared.contracts.escalation import REQUESTS, SignalKind


@dataclass(frozen=True, slots=True)
class LostOrder:
    """An order whose episode was closed as lost at `closed_at`. Troubles later than `since` count."""

    order_id: str
    since: datetime
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """A class that the events show, and what shows it; `troubles` are in the order they arose."""

    loss_class: LossClass
    troubles: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    lost: LostOrder
    history: History
    troubles: Sequence[Detection]

    def is_about(self, fact: AccountFact) -> bool:
        """Whether a fact is about the lost order, or about none."""
        return self.history.order_of(fact) in (self.lost.order_id, None)


def shown(lost: LostOrder, history: History, thresholds: ThresholdsAt) -> tuple[Shown, ...]:
    """All classes that hold, the main one first; only `other` if none holds.

    They depend on the times of the facts, not on the order in which the facts arrived: a fact reported after the close
    counts if it happened before. Troubles of other orders do not count, but those about no order do. Settled troubles
    count, withdrawn ones do not.
    """
    return shown_by(lost, history, detections(history, thresholds))


def shown_by(lost: LostOrder, history: History, found: Sequence[Detection]) -> tuple[Shown, ...]:
    """The same, from all detections of the account."""
    troubles = [
        one for one in found if one.names_order in (lost.order_id, None) and lost.since < one.at <= lost.closed_at
    ]
    evidence = _Evidence(lost, history, troubles)
    holding = [
        Shown(known, _troubles_of(known, troubles))
        for known in LossClass
        if known in _RULES and _RULES[known](evidence)
    ]
    return tuple(holding) or (Shown(LossClass.OTHER),)


def class_of_trouble(trouble: Detection) -> LossClass | None:
    """The class that a trouble alone shows; None for a trouble that says nothing about the reason."""
    if trouble.kind is SignalKind.CONTACT_DEAD_ENDED and trouble.by_silence:
        return LossClass.TOO_LATE
    return CLASS_OF_KIND[trouble.kind]


CLASS_OF_KIND: Mapping[SignalKind, LossClass | None] = {
    SignalKind.CONTACT_DEAD_ENDED: LossClass.PASSED_AROUND,
    SignalKind.CONTACT_REPEATED: LossClass.PASSED_AROUND,
    SignalKind.CASE_BOUNCED: LossClass.PASSED_AROUND,
    SignalKind.CASE_REOPENED: LossClass.PASSED_AROUND,
    SignalKind.CASE_STUCK: LossClass.TOO_LATE,
    SignalKind.RESPONSE_OVERDUE: LossClass.TOO_LATE,
    SignalKind.ORDER_STALLED: LossClass.TOO_LATE,
    SignalKind.DELIVERY_LATE: LossClass.TOO_LATE,
    SignalKind.GONE_QUIET: LossClass.TOO_LATE,
    SignalKind.PROMISE_MISSED: LossClass.PROMISE_BROKEN,
    SignalKind.OUTCOME_DENIED: LossClass.OUTCOME_MISSED,
    SignalKind.RESPONSE_DUE: None,
    SignalKind.SATISFACTION_LOW: None,
    SignalKind.REFUND_REQUESTED: None,
    SignalKind.CANCELLATION_REQUESTED: None,
    SignalKind.SELLER_REQUESTED: None,
    SignalKind.ORDER_CANCELLED: None,
    SignalKind.REFUND_PAID: None,
}
"""The class that a kind of trouble shows. Requests and their execution are the loss itself, not its reason."""


def _troubles_of(known: LossClass, troubles: Sequence[Detection]) -> tuple[Detection, ...]:
    return tuple(one for one in troubles if class_of_trouble(one) is known)


def _has_trouble_of(known: LossClass) -> Callable[[_Evidence], bool]:
    return lambda evidence: bool(_troubles_of(known, evidence.troubles))


def _nobody_reached(evidence: _Evidence) -> bool:
    """Whether nobody spoke with the customer from their first open request until the close; without a request, from the
    first open trouble. A conversation of the same instant is the occasion, not a response."""
    closed_at = evidence.lost.closed_at
    is_open = [one for one in evidence.troubles if one.cleared_by is None or one.cleared_by.at > closed_at]
    began = [one for one in is_open if one.kind in REQUESTS] or is_open
    if not began:
        return False
    talks = evidence.history.index(IndexName.TWO_WAY).within(min(one.at for one in began), closed_at)
    return not any(evidence.is_about(talk) for talk in talks)


def _not_as_sold(evidence: _Evidence) -> bool:
    """Whether the customer got less than was sold: only a part was ever delivered, or lines were taken out later."""
    lost = evidence.lost
    facts = [
        fact
        for kind in DELIVERY_KINDS
        for fact in evidence.history.index(IndexName.OF_ORDER, lost.order_id, kind).facts
        if fact.at <= lost.closed_at
    ]
    delivered, _ = followed(facts)
    in_part = any(fact.kind is FactKind.ORDER_DELIVERED for fact in facts) and not delivered
    return in_part or _lines_taken_out(facts)


def _lines_taken_out(facts: Sequence[AccountFact]) -> bool:
    sold = [fact for fact in facts if fact.kind is FactKind.ORDER_LINES]
    changed = [fact for fact in facts if fact.kind is FactKind.ORDER_CHANGED and fact.what]
    if not sold or not changed:
        return False
    latest = max(changed, key=lambda fact: (fact.at, fact.fact_id))
    return bool(_quantities(sold[0]) - _quantities(latest))


def _quantities(lines: AccountFact) -> "Counter[str]":
    counted = Counter[str]()
    for product, quantity in json.loads(lines.what or "[]"):
        counted[product] += quantity
    return counted


_RULES: Mapping[LossClass, Callable[[_Evidence], bool]] = {
    LossClass.NOBODY_REACHED: _nobody_reached,
    LossClass.PASSED_AROUND: _has_trouble_of(LossClass.PASSED_AROUND),
    LossClass.TOO_LATE: _has_trouble_of(LossClass.TOO_LATE),
    LossClass.PROMISE_BROKEN: _has_trouble_of(LossClass.PROMISE_BROKEN),
    LossClass.OUTCOME_MISSED: _has_trouble_of(LossClass.OUTCOME_MISSED),
    LossClass.NOT_AS_SOLD: _not_as_sold,
}
"""When each class holds. `price` never follows from events."""
