"""Salespeople's reports of what customers said: a promise was kept, their own part is done, an outcome was reached. A
report is not proof; it counts until the customer complains. Start at `word_about_promise`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import FactIndex, in_order
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.thresholds import is_low
from services.escalation.domain.detections.windows import END_OF_TIME, START_OF_TIME
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.signal_rules import SatisfactionRule

RatingRuleAt: TypeAlias = Callable[[datetime], SatisfactionRule]
"""Which ratings are low, by the rules in force at an instant."""


@dataclass(frozen=True, slots=True)
class Word:
    """The last report, and the first complaint since."""

    said: AccountFact
    complaint: AccountFact | None

    @property
    def holds(self) -> bool:
        """Whether the report counts. A report that it did not work counts even after a complaint."""
        return self.complaint is None or self.said.number == 0


def word_about_promise(
    history: History, promise: AccountFact, ratings: RatingRuleAt, *, until: datetime = END_OF_TIME
) -> Word | None:
    """The last report about a promise until then."""
    index = history.index(IndexName.PROMISE_SAID_KEPT, promise.order_id, promise.what)
    return _last(history, index, ratings, until)


def word_about_customer_duty(history: History, duty: AccountFact) -> Word | None:
    """The last report that the customer did their own part. A complaint is about us, so it takes nothing back."""
    said = history.index(IndexName.OF_ORDER, duty.order_id, FactKind.CUSTOMER_DUTY_SAID_DONE).facts
    about = [fact for fact in said if fact.what == duty.what]
    return Word(about[-1], None) if about else None


def word_about_outcome(history: History, order: str, ratings: RatingRuleAt) -> Word | None:
    """The last report about the expected outcome of an order."""
    return _last(history, history.index(IndexName.OF_ORDER, order, FactKind.OUTCOME_SAID), ratings, END_OF_TIME)


def _last(history: History, index: FactIndex, ratings: RatingRuleAt, until: datetime) -> Word | None:
    said = index.from_to(START_OF_TIME, until)
    return Word(said[-1], _complaint(history, said[-1], ratings)) if said else None


def _complaint(history: History, said: AccountFact, ratings: RatingRuleAt) -> AccountFact | None:
    """The first complaint since, even at the same instant, that names this order or none.

    Missing one would be worse.
    """
    indexes = (history.index(IndexName.COMPLAINED, order) for order in (said.order_id, None))
    found = (fact for index in indexes for fact in index.from_to(said.at, END_OF_TIME) if fact.fact_id != said.fact_id)
    return min((fact for fact in found if _is_complaint(fact, ratings)), key=in_order, default=None)


def _is_complaint(fact: AccountFact, ratings: RatingRuleAt) -> bool:
    return fact.kind is not FactKind.RATED or is_low(fact, ratings(fact.at))
