"""Dated duties of a sale before there is trouble, the proof that they were done, and its reporter. Pure functions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.escalation.domain.detections.detection import ended_by
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.said import (
    Word,
    word_about_customer_duty,
    word_about_outcome,
    word_about_promise,
)
from services.escalation.domain.detections.windows import START_OF_TIME
from services.escalation.domain.entities import Account, Directory, Order, products_of
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.ladder import assigned_to, holder_of
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.signal_rules import SatisfactionRule
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.signals import promise_missed
from services.escalation.domain.signals.of_orders import due_at
from services.escalation.domain.signals.promise_missed import sale_promises_of
from shared.contracts.escalation import CustomersAnswer
from shared.contracts.support_inbound import ContactPreference


class DutyKind(StrEnum):
    """Check in with the customer, keep a promise, remind the customer of their own part, or ask whether the expected
    outcome was reached."""

    CHECK_IN = "check_in"
    PROMISE = "promise"
    CUSTOMER = "customer"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty for an order. `promise` is the promise to keep, by us or by the customer; `word` is a report about it."""

    kind: DutyKind
    order_id: str
    due_at: datetime
    promise: AccountFact | None = None
    word: Word | None = None

    @property
    def is_finished(self) -> bool:
        """Whether a report finished it, without proof."""
        return self.word is not None and self.word.holds


ANSWERS: Mapping[DutyKind, tuple[CustomersAnswer, ...]] = {
    DutyKind.CHECK_IN: (),
    DutyKind.PROMISE: (CustomersAnswer.KEPT,),
    DutyKind.CUSTOMER: (CustomersAnswer.DONE,),
    DutyKind.OUTCOME: (CustomersAnswer.WORKED, CustomersAnswer.DID_NOT_WORK),
}
"""The customer's answers that finish a duty."""


@dataclass(frozen=True, slots=True)
class Sale:
    """An order with its account and the account's history."""

    order: Order
    account: Account
    history: History


@dataclass(frozen=True, slots=True)
class Period:
    """Sales that can have duties now were made, or have something due, between these instants. Facts from longer than
    `before_sale` before a sale are no part of its duties."""

    sold_since: datetime
    sold_until: datetime
    due_since: datetime
    due_until: datetime
    before_sale: timedelta


def duties_of(salesperson_id: str, sale: Sale, people: Directory, policies: Policies, now: datetime) -> list[Duty]:
    """This person's current duties for a sale: theirs, due soon or recently, neither proven nor finished."""
    found = open_or_finished(salesperson_id, sale, people, policies, now)
    return [duty for duty in found if not duty.is_finished]


def open_or_finished(
    salesperson_id: str, sale: Sale, people: Directory, policies: Policies, now: datetime
) -> list[Duty]:
    """As `duties_of`, including finished duties without proof."""
    assigned = assigned_to(sale.account, people, now)
    if holder_of(sale.order, people, now=now, assigned=assigned) != salesperson_id:
        return []
    policy = policies.for_order(policies.at(sale.order.sold_at), sale.order.segment, products_of(sale.order))
    if not _makes_duties(sale, policy):
        return []
    thresholds = policy.duties
    own = {salesperson_id, sale.order.sold_by}
    return [
        _with_word(duty, sale.history, policies)
        for duty in _made_by(sale, policy)
        if duty.due_at - thresholds.show_before <= now <= duty.due_at + thresholds.show_after
        and not _is_done(duty, sale.history, since=duty.due_at - thresholds.show_before, own=own)
    ]


def period(policies: Policies, now: datetime) -> Period:
    """The period outside which no version of the policy shows a duty for any order."""
    thresholds = [policy.duties for policy in policies.every()]
    due_since = now - max(one.show_after for one in thresholds)
    due_until = now + max(one.show_before for one in thresholds)
    return Period(
        sold_since=due_since - max(one.check_in_after for one in thresholds),
        sold_until=due_until - min(one.check_in_after for one in thresholds),
        due_since=due_since,
        due_until=due_until,
        before_sale=max(one.show_before for one in thresholds),
    )


def _makes_duties(sale: Sale, policy: Policy) -> bool:
    """Whether a sale has duties: not if it was reported late or cancelled, or if the customer wants no call."""
    reported_after, young = sale.order.seen_at - sale.order.sold_at, policy.age.ring_within
    wants_calls = sale.account.preference == ContactPreference.NONE
    cancelled = sale.history.index(IndexName.OF_ORDER, sale.order.order_id, FactKind.ORDER_CANCELLED).facts
    return policy.duties.enabled and wants_calls and not cancelled and (not young or reported_after <= young)


def _made_by(sale: Sale, policy: Policy) -> Iterator[Duty]:
    order = sale.order
    yield Duty(DutyKind.CHECK_IN, order.order_id, order.sold_at + policy.duties.check_in_after)
    for fact in sale_promises_of(sale.history, order.order_id):
        yield Duty(DutyKind.PROMISE, order.order_id, due_at(fact), promise=fact)
    for fact in sale_promises_of(sale.history, order.order_id, FactKind.CUSTOMER_DUTY):
        yield Duty(DutyKind.CUSTOMER, order.order_id, due_at(fact), promise=fact)
    if order.outcome_expected_by is not None:
        yield Duty(DutyKind.OUTCOME, order.order_id, order.outcome_expected_by)


def _with_word(duty: Duty, history: History, policies: Policies) -> Duty:
    """The duty with the report about it, by any person, even from before the account went to another seller."""

    def ratings(at: datetime) -> SatisfactionRule:
        return policies.at(at).policy.signals.satisfaction_low

    if duty.promise is not None and duty.kind is DutyKind.CUSTOMER:
        return replace(duty, word=word_about_customer_duty(history, duty.promise))
    if duty.promise is not None:
        return replace(duty, word=word_about_promise(history, duty.promise, ratings))
    if duty.kind is DutyKind.OUTCOME:
        return replace(duty, word=word_about_outcome(history, duty.order_id, ratings))
    return duty


def _is_done(duty: Duty, history: History, *, since: datetime, own: set[str | None]) -> bool:
    """Whether there is proof: a talk by the account's salesperson, a kept promise, or the buyer's word on the
    outcome."""
    if duty.kind is DutyKind.CHECK_IN:
        talks = history.index(IndexName.TWO_WAY).facts
        return any(_is_check_in(talk, duty, history, since=since, own=own) for talk in talks)
    if duty.kind is DutyKind.OUTCOME:
        return bool(history.index(IndexName.OF_ORDER, duty.order_id, FactKind.OUTCOME_REPORTED).facts)
    kept = promise_missed.SIGNAL.settled_by
    return duty.promise is not None and ended_by(history, kept, duty.promise, START_OF_TIME) is not None


def _is_check_in(talk: AccountFact, duty: Duty, history: History, *, since: datetime, own: set[str | None]) -> bool:
    """Whether a talk counts as the check-in: not before its time, and not about another order."""
    return talk.at >= since and talk.agent in own and history.order_of(talk) in (None, duty.order_id)
