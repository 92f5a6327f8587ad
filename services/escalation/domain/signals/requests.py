"""Requests for money back or to cancel: what is asked again is one request. Some are taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import Key, LaneName, asked_key
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from services.escalation.domain.policy.signal_rules import RequestRule
from services.escalation.domain.signals.definition import SignalDefinition


def requests(history: History, scope: Scope, terms: TermsAt, signal: SignalDefinition) -> Iterator[Finding]:
    """Each request with those that say the same again: they are one signal, since the earliest."""
    if scope.requests is None:
        return
    first: dict[UUID, Finding] = {}
    matters: set[Key] = set()
    window = scope.requests
    for fact in history.lane(LaneName.OF_KIND, FactKind(signal.kind.value)).from_to(window.since, window.until):
        matter = asked_key(fact)
        if matter not in matters:
            matters.add(matter)
            first |= {one.cause.fact_id: one for one in _asked(history, history.lane(*matter).facts, terms, signal)}
        if fact.fact_id in first:
            yield first[fact.fact_id]


def _asked(
    history: History, requests: Sequence[AccountFact], terms: TermsAt, signal: SignalDefinition
) -> Iterator[Finding]:
    """The requests about one matter, each with what is the same told again."""
    finding: Finding | None = None
    for fact in requests:
        rule = terms(fact.at).signals.request(signal.kind)
        if not rule.enabled:
            continue
        if finding is not None and _is_the_same(history, finding, fact, rule):
            finding = replace(finding, again=(*finding.again, fact))
            continue
        if finding is not None:
            yield finding
        finding = signal.by_itself(history, fact)
    if finding is not None:
        yield finding


def _is_the_same(history: History, finding: Finding, fact: AccountFact, rule: RequestRule) -> bool:
    """Whether the earlier request stands, its episode is open, and nobody talked with the customer in between."""
    earliest = finding.cause
    if fact.at > earliest.at + rule.same_request_within:
        return False
    talked = history.lane(LaneName.TWO_WAY).after(earliest.at)
    if any(_was_closed(history, one, fact.at) for one in (earliest, *finding.again)):
        return False
    settled = finding.cleared_by is not None and finding.cleared_by.at == fact.at
    over = (talked, finding.cleared_by)
    return all(one is None or one.at > fact.at or (settled and one is finding.cleared_by) for one in over)


def _was_closed(history: History, request: AccountFact, at: datetime) -> bool:
    """Whether the episode in which a request stood was closed then. What was asked while it was stays another request
    after it was opened again."""
    last = next(history.lane(LaneName.ASKED_CLOSED, str(request.fact_id)).back_from(at), None)
    return last is not None and last.kind is FactKind.REQUEST_CLOSED
