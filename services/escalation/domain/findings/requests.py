"""The customer asks for money back, or to cancel; some take it back."""

from collections.abc import Iterator

from services.escalation.domain.facts import FactKind
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.findings.raising import by_itself
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from shared.contracts.escalation import SignalKind


def refund_requests(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    return _requests(history, scope, terms, SignalKind.REFUND_REQUESTED)


def cancellation_requests(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    return _requests(history, scope, terms, SignalKind.CANCELLATION_REQUESTED)


def _requests(history: History, scope: Scope, terms: TermsAt, kind: SignalKind) -> Iterator[Finding]:
    if scope.requests is None:
        return
    for fact in history.lane(LaneName.OF_KIND, FactKind(kind.value)).from_to(
        scope.requests.since, scope.requests.until
    ):
        if terms(fact.at, history.order_of(fact)).signals.of(kind).enabled:
            yield by_itself(history, kind, fact)
