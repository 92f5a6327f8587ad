"""An answer that was promised by a certain time: soon due, or overdue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.clearing import CLEARINGS
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.raising import by_itself, found, own_id, unbroken
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from shared.contracts.escalation import SignalKind
from shared.ids import derived

DUE, OVERDUE = SignalKind.RESPONSE_DUE, SignalKind.RESPONSE_OVERDUE


def responses_due(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """The warning, some time before, while there is still time; being overdue ends it."""
    for promise, due_at in _promises(history, scope):
        rule = terms(promise.at, history.order_of(promise)).signals.response_due
        at = max(promise.at, due_at - rule.warn_before)
        if rule.enabled and at < due_at and unbroken(history, CLEARINGS[DUE], promise, until=at):
            warning = found(history, DUE, promise, at=at, signal_id=own_id(DUE, promise), by_silence=True)
            if warning.cleared_by is None or warning.cleared_by.at > due_at:
                warning = replace(warning, cleared_by=_passing(promise, due_at))
            yield warning


def _passing(promise: AccountFact, due_at: datetime) -> AccountFact:
    """That the promised time passed, as a fact."""
    fact_id = derived("fact", promise.fact_id, FactKind.RESPONSE_OVERDUE)
    return replace(promise, fact_id=fact_id, kind=FactKind.RESPONSE_OVERDUE, at=due_at)


def responses_overdue(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """Somebody says so, or the promised time passed without an answer."""
    for fact in scope.starting(history, FactKind.RESPONSE_OVERDUE):
        if terms(fact.at, history.order_of(fact)).signals.response_overdue.enabled:
            yield by_itself(history, OVERDUE, fact)
    for promise, due_at in _promises(history, scope):
        enabled = terms(promise.at, history.order_of(promise)).signals.response_overdue.enabled
        if enabled and unbroken(history, CLEARINGS[OVERDUE], promise, until=due_at):
            yield found(history, OVERDUE, promise, at=due_at, signal_id=own_id(OVERDUE, promise), by_silence=True)


def _promises(history: History, scope: Scope) -> Iterator[tuple[AccountFact, datetime]]:
    """Each promise with when its time passes: never before it was made."""
    for promise in scope.starting(history, FactKind.RESPONSE_PROMISED):
        if promise.due_at is not None:
            yield promise, max(promise.at, promise.due_at)
