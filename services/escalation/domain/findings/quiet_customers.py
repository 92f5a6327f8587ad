"""A bad contact or a low rating, then silence: the customer who does not complain, and leaves."""

from collections.abc import Iterator
from datetime import datetime

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.findings.raising import found, own_id
from services.escalation.domain.findings.ratings import is_low
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from shared.contracts.escalation import SignalKind

KIND = SignalKind.GONE_QUIET


def quiet_customers(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    if scope.quiet is None:
        return
    for fact in history.lane(LaneName.UNHAPPY).from_to(scope.quiet.since, scope.quiet.until):
        signals = terms(fact.at).signals
        if not signals.gone_quiet.enabled or _is_fine(fact, terms):
            continue
        at = fact.at + signals.gone_quiet.silent_for
        if not _broken(history, fact, at) and not _followed(history, fact, at, terms):
            yield found(history, KIND, fact, at=at, signal_id=own_id(KIND, fact), by_silence=True)


def _is_fine(fact: AccountFact, terms: TermsAt) -> bool:
    """Whether it is a rating above the mark."""
    if fact.kind is not FactKind.RATED:
        return False
    return not is_low(fact, terms(fact.at).signals.satisfaction_low)


def _broken(history: History, fact: AccountFact, until: datetime) -> bool:
    """Whether the customer was heard of by then, or the same case came to its end."""
    heard = history.lane(LaneName.HEARD_OF).after(fact.at)
    over = history.lane(LaneName.OVER, fact.case_id).settling(fact.at) if fact.case_id is not None else None
    return any(one is not None and one.at <= until for one in (heard, over))


def _followed(history: History, fact: AccountFact, until: datetime, terms: TermsAt) -> bool:
    """Whether another bad contact or low rating came by then, so that this was not the last."""
    for other in history.lane(LaneName.UNHAPPY).beyond(fact):
        if other.at > until:
            return False
        if not _is_fine(other, terms):
            return True
    return False
