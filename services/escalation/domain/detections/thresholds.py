"""The thresholds of a detection: those in force when it began, which ratings are low by them, and the company's working
time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.signal_rules import SatisfactionRule, Signals
from services.escalation.domain.policy.statuses import USUAL_STATUSES
from shared.contracts.support_inbound import WaitingFor


class WorkingTime(Protocol):
    """The hours in which customers are answered."""

    def after(self, start: datetime, working: timedelta) -> datetime:
        """The instant when so much working time has passed since the start."""
        ...


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`statuses` maps the word of a status to a turn."""

    signals: Signals
    working: WorkingTime
    statuses: Mapping[str, WaitingFor] = field(default_factory=lambda: USUAL_STATUSES)

    def turn(self, fact: AccountFact) -> WaitingFor | None:
        """Whose turn it is after a status: by its fact, else by the policy's reading of its word."""
        if fact.waiting_for is not None:
            return WaitingFor(fact.waiting_for)
        return self.statuses.get(fact.what or "")


ThresholdsAt: TypeAlias = Callable[[datetime], Thresholds]
"""The thresholds in force at an instant. They are the same for every order, as a signal is found before its order is
known."""


def is_low(fact: AccountFact, rule: SatisfactionRule) -> bool:
    """Whether a fact is a rating at or below the mark, to the thousandth of its scale."""
    return fact.kind is FactKind.RATED and (fact.number or 0) <= mark_of(rule)


def mark_of(rule: SatisfactionRule) -> int:
    """The highest low rating, in thousandths of its scale."""
    return round(rule.at_most * 1000)
