"""An answer that was promised by a certain time: soon due, or overdue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.case_ends import lasts, with_status
from services.escalation.domain.findings.case_turns import is_over
from services.escalation.domain.findings.clearing import CLEARINGS
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.findings.merging import merged, trouble_of
from services.escalation.domain.findings.raising import by_itself, found, own_id, unbroken
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from services.escalation.domain.findings.windows import NEVER, Window
from shared.contracts.escalation import SignalKind
from shared.ids import derived

DUE, OVERDUE = SignalKind.RESPONSE_DUE, SignalKind.RESPONSE_OVERDUE


def responses_due(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """The warning, some time before, while there is still time; the signal that an answer is overdue ends it.

    Where the policy raises no such signal, the warning stands until the answer is given.
    """
    if FactKind.RESPONSE_PROMISED not in history.kinds:
        return iter(())
    return merged(_due(history, _whole(history, scope), terms))


def _due(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    promises = list(_promises(history, scope, terms))
    if not promises:
        return
    overdue = {trouble_of(finding): finding for finding in merged(_overdue(history, scope, terms))}
    for promise, due_at in promises:
        rule = terms(promise.at).signals.response_due
        at = max(promise.at, due_at - rule.warn_before)
        if not rule.enabled or at >= due_at or not _waited_for(history, promise, at, terms):
            continue
        warning = found(history, DUE, promise, at=at, signal_id=own_id(DUE, promise), by_silence=True)
        warning = with_status(history, warning, terms)
        known = overdue.get(trouble_of(warning))
        if known is None or known.at > at:
            yield warning if known is None else _ending(warning, known)


def _ending(warning: Finding, overdue: Finding) -> Finding:
    """A warning with what ends it first: that it was of use, or that it is too late."""
    if warning.cleared_by is not None and warning.cleared_by.at <= overdue.at:
        return warning
    if overdue.waits:
        return replace(warning, cleared_by=_passing(overdue.cause, overdue.at))
    return replace(warning, cleared_by=replace(overdue.told_by or overdue.cause, at=overdue.at))


def _passing(promise: AccountFact, due_at: datetime) -> AccountFact:
    """That the promised time passed, as a fact."""
    fact_id = derived("fact", promise.fact_id, FactKind.RESPONSE_OVERDUE)
    return replace(promise, fact_id=fact_id, kind=FactKind.RESPONSE_OVERDUE, at=due_at)


def responses_overdue(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """Somebody says so, or the promised time passed without an answer: until there is one it is one trouble."""
    if history.kinds.isdisjoint((FactKind.RESPONSE_PROMISED, FactKind.RESPONSE_OVERDUE)):
        return iter(())
    return merged(_overdue(history, _whole(history, scope), terms))


def _overdue(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    for fact in scope.starting(history, FactKind.RESPONSE_OVERDUE):
        enabled = terms(fact.at).signals.response_overdue.enabled
        if enabled and not is_over(history, fact, terms):
            yield with_status(history, by_itself(history, OVERDUE, fact), terms)
    for promise, due_at in _promises(history, scope, terms):
        enabled = terms(promise.at).signals.response_overdue.enabled
        if enabled and _waited_for(history, promise, due_at, terms):
            late = found(history, OVERDUE, promise, at=due_at, signal_id=own_id(OVERDUE, promise), by_silence=True)
            yield with_status(history, late, terms)


def _waited_for(history: History, promise: AccountFact, until: datetime, terms: TermsAt) -> bool:
    """Whether a promised answer was not given by then, and is still owed."""
    return unbroken(history, CLEARINGS[OVERDUE], promise, until=until) and lasts(history, promise, until, terms)


def _whole(history: History, scope: Scope) -> Scope:
    """A scope, widened to the end of what begins in the last instant of its loose facts."""
    if scope.loose is None:
        return scope
    after = history.lane(LaneName.TWO_WAY_WITHOUT_CASE, None).after(scope.loose.until)
    return replace(scope, loose=Window(scope.loose.since, after.at if after else NEVER))


def _promises(history: History, scope: Scope, terms: TermsAt) -> Iterator[tuple[AccountFact, datetime]]:
    """Each promise with when its time passes: never before it was made. None counts after the end of its case."""
    for promise in scope.starting(history, FactKind.RESPONSE_PROMISED):
        if promise.due_at is not None and not is_over(history, promise, terms):
            yield promise, max(promise.at, promise.due_at)
