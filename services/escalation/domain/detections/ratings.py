"""Which ratings are low."""

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.signal_rules import SatisfactionRule


def is_low(fact: AccountFact, rule: SatisfactionRule) -> bool:
    """Whether a fact is a rating at or below the mark, to the thousandth of its scale."""
    return fact.kind is FactKind.RATED and (fact.number or 0) <= mark_of(rule)


def mark_of(rule: SatisfactionRule) -> int:
    """The highest low rating, in thousandths of its scale."""
    return round(rule.at_most * 1000)
