"""A rating at or below the policy's mark."""

from bisect import bisect_right
from collections.abc import Iterator

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.findings.raising import own_id
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from services.escalation.domain.policy.signal_rules import SatisfactionRule
from shared.contracts.escalation import SignalKind

KIND = SignalKind.SATISFACTION_LOW


def is_low(fact: AccountFact, rule: SatisfactionRule) -> bool:
    """Whether a rating is at or below the mark, to the thousandth of its scale."""
    return fact.kind is FactKind.RATED and (fact.number or 0) <= _mark(rule)


def _mark(rule: SatisfactionRule) -> int:
    return round(rule.at_most * 1000)


def low_ratings(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    matters: list[str | None] = list(scope.cases_of(history))
    if scope.loose_ratings:
        matters.append(None)
    for case in matters:
        yield from _of_matter(history, case, terms)


def _of_matter(history: History, case: str | None, terms: TermsAt) -> Iterator[Finding]:
    """Later ratings are judged by the mark of the low one that they could make good."""
    ratings = history.lane(LaneName.OF_KIND, FactKind.RATED, "case", case).facts
    above: dict[int, list[AccountFact]] = {}
    for fact in ratings:
        rule = terms(fact.at).signals.satisfaction_low
        if not rule.enabled or not is_low(fact, rule):
            continue
        mark = _mark(rule)
        if mark not in above:
            above[mark] = [one for one in ratings if (one.number or 0) > mark]
        better = above[mark]
        place = bisect_right(better, fact.at, key=lambda one: one.at)
        ended = better[place] if place < len(better) else None
        yield Finding(own_id(KIND, fact), KIND, fact.at, fact, case, history.order_of(fact), cleared_by=ended)
