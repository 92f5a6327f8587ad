"""Functions shared by the signals about orders."""

from collections.abc import Iterator
from datetime import datetime

from services.escalation.domain.detections.detection import Detection
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.definition import SignalDefinition


def facts_of(history: History, scope: Scope, kind: FactKind) -> Iterator[AccountFact]:
    """The facts of this kind about the orders in scope."""
    for order in scope.orders_of(history):
        yield from history.index(IndexName.OF_ORDER, order, kind).facts


def by_themselves(
    history: History, scope: Scope, thresholds: ThresholdsAt, kind: FactKind, signal: SignalDefinition
) -> Iterator[Detection]:
    """The detections of facts of this kind, each a signal by itself."""
    for fact in facts_of(history, scope, kind):
        if signal.is_on(fact, thresholds):
            yield signal.by_itself(history, fact)


def due_at(fact: AccountFact) -> datetime:
    """When a fact is past due, but not before it was reported."""
    return fact.at if fact.due_at is None else max(fact.at, fact.due_at)
