"""What becomes of a case: nothing happens on it, it is passed around, it comes back."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.case_turns import customer_asks, is_open, is_over, turn_at
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.findings.raising import by_itself, found, own_id
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import WaitingFor
from shared.ids import derived


def stuck_cases(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """No progress of an open case within so much of the company's working time, or so long a turn of the customer's."""
    kind = SignalKind.CASE_STUCK
    for case in scope.cases_of(history):
        for fact, following in history.lane(LaneName.PROGRESS, case).with_next(scope.stuck.since, scope.stuck.until):
            if following is not None and following.at == fact.at:
                continue
            in_force = terms(fact.at)
            rule = in_force.signals.case_stuck
            soonest = fact.at + min(rule.no_progress_for, rule.customers_turn_for)
            if not rule.enabled or (following and following.at <= soonest) or not is_open(history, case, fact, terms):
                continue
            at = _stuck_at(history, fact, terms)
            if at is not None and (following is None or following.at > at):
                yield found(history, kind, fact, at=at, signal_id=own_id(kind, fact), by_silence=True)


def _stuck_at(history: History, fact: AccountFact, terms: TermsAt) -> datetime | None:
    """When a case has been without progress for too long; never while it is nobody's turn, unless the customer asks."""
    assert fact.case_id is not None
    in_force = terms(fact.at)
    rule, turn = in_force.signals.case_stuck, turn_at(history, fact.case_id, fact.at, terms)
    if turn is None or turn is WaitingFor.US:
        return in_force.working.after(fact.at, rule.no_progress_for)
    asked = customer_asks(history, fact.case_id, fact.at)
    ours = in_force.working.after(asked.at, rule.no_progress_for) if asked is not None else None
    if turn is WaitingFor.NOBODY:
        return ours
    theirs = fact.at + rule.customers_turn_for
    return ours if asked is not None and asked.at < theirs else theirs


def bounced_cases(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """A case was passed on too often: the earliest fact that says so."""
    kind = SignalKind.CASE_BOUNCED
    for case in scope.cases_of(history):
        for fact in history.lane(LaneName.BEGINS, case, FactKind.CASE_REASSIGNED).facts:
            rule = terms(fact.at).signals.case_bounced
            passed_on = rule.enabled and (fact.number or 0) >= rule.reassignments
            if passed_on and not is_over(history, fact, terms):
                signal_id = derived("signal", fact.account_id, case, kind.value)
                yield found(history, kind, fact, at=fact.at, signal_id=signal_id)
                break


def reopened_cases(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """Until the next end of the case it is one trouble, however often it is reopened."""
    ends: set[tuple[str, UUID | None]] = set()
    for fact in scope.starting(history, FactKind.CASE_REOPENED):
        if not terms(fact.at).signals.case_reopened.enabled:
            continue
        finding = by_itself(history, SignalKind.CASE_REOPENED, fact)
        if fact.case_id is not None:
            end = (fact.case_id, finding.cleared_by.fact_id if finding.cleared_by else None)
            if end in ends:
                continue
            ends.add(end)
        yield finding
