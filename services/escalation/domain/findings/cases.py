"""What becomes of a case: nothing happens on it, it is passed around, it comes back."""

from collections.abc import Iterator
from itertools import pairwise

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.findings.raising import by_itself, found, own_id
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from shared.contracts.escalation import SignalKind
from shared.ids import derived

_OPENS = (FactKind.CASE_OPENED, FactKind.CASE_REOPENED)
_ENDS = (FactKind.CASE_RESOLVED, FactKind.CASE_CLOSED)


def stuck_cases(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """No progress of an open case within so much of the company's working time."""
    kind = SignalKind.CASE_STUCK
    for case in scope.cases_of(history):
        for fact, following in _last_progress(history, case):
            in_force = terms(fact.at, history.order_of(fact))
            rule = in_force.signals.case_stuck
            if not rule.enabled or (following and following.at <= fact.at + rule.no_progress_for):
                continue
            at = in_force.working.after(fact.at, rule.no_progress_for)
            if following is None or following.at > at:
                yield found(history, kind, fact, at=at, signal_id=own_id(kind, fact), by_silence=True)


def _last_progress(history: History, case: str) -> Iterator[tuple[AccountFact, AccountFact | None]]:
    """Progress that left the case open, and what followed; at one instant the last counts, and an end wins."""
    is_open = opened = ended = False
    for fact, following in pairwise([*history.lane(LaneName.PROGRESS, case).facts, None]):
        if fact is None:
            return
        opened = opened or fact.kind in _OPENS
        ended = ended or fact.kind in _ENDS
        if following is not None and following.at == fact.at:
            continue
        is_open = (is_open or opened) and not ended
        opened = ended = False
        if is_open:
            yield fact, following


def bounced_cases(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    """A case was passed on too often: the earliest fact that says so."""
    kind = SignalKind.CASE_BOUNCED
    for case in scope.cases_of(history):
        for fact in history.lane(LaneName.OF_CASE, case).facts:
            if fact.kind is not FactKind.CASE_REASSIGNED:
                continue
            rule = terms(fact.at, history.order_of(fact)).signals.case_bounced
            if rule.enabled and (fact.number or 0) >= rule.reassignments:
                signal_id = derived("signal", fact.account_id, case, kind.value)
                yield found(history, kind, fact, at=fact.at, signal_id=signal_id)
                break


def reopened_cases(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    for fact in scope.starting(history, FactKind.CASE_REOPENED):
        if terms(fact.at, history.order_of(fact)).signals.case_reopened.enabled:
            yield by_itself(history, SignalKind.CASE_REOPENED, fact)
