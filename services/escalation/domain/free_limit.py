"""What the acknowledger may give away without approval: the limit of the play, from the account's state."""

from collections.abc import Sequence
from datetime import datetime

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.entities import Order, Signal
from services.escalation.domain.facts import FactKind
from services.escalation.domain.plays import free_limit
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.risk import Risk
from services.escalation.domain.stakes import Amount, is_executed, named_amount
from shared.contracts.escalation import SignalKind
from shared.contracts.support_inbound import ContactPreference, RefundKind


def free_limit_of(signals: Sequence[Signal], order: Order, state: AccountState, policy: Policy, now: datetime) -> int:
    """The limit of all offers on an episode with these standing signals, in minor units of the order's currency."""
    risks = [_risk(signal, order, state, now) for signal in signals]
    preference = ContactPreference(state.account.preference)
    return free_limit(risks, preference=preference, order=Amount(order.amount_minor, order.currency), policy=policy)


def _risk(signal: Signal, order: Order, state: AccountState, now: datetime) -> Risk:
    """As `store.risks` makes it for a page, as far as a play depends on it."""
    requested = named_amount(signal.amount_minor, signal.currency, order.currency)
    cause = state.history.get(signal.fact_id)
    return Risk(
        signal.kind,
        signal.at,
        signal.signal_id,
        requested,
        RefundKind(signal.refund_kind) if signal.refund_kind else None,
        executed=signal.kind is SignalKind.REFUND_REQUESTED and _is_executed(signal, order, state),
        unmoved=signal.kind is SignalKind.ORDER_STALLED and cause is not None and cause.kind is FactKind.SOLD,
        expected_on=_expected(order, state, now) if signal.kind is SignalKind.DELIVERY_LATE else None,
    )


def _is_executed(signal: Signal, order: Order, state: AccountState) -> bool:
    requested = named_amount(signal.amount_minor, signal.currency, order.currency)
    paid = state.history.index(IndexName.OF_ORDER, order.order_id, FactKind.REFUND_PAID).facts
    currency = signal.currency or order.currency
    since = sum(fact.amount_minor or 0 for fact in paid if fact.at >= signal.at and fact.currency == currency)
    return is_executed(requested, Amount(order.amount_minor, order.currency), since)


def _expected(order: Order, state: AccountState, now: datetime) -> datetime | None:
    """The latest reported time of a late delivery, if it is still to come."""
    kinds = (FactKind.DELIVERY_LATE, FactKind.ORDER_CHANGED)
    facts = [fact for kind in kinds for fact in state.history.index(IndexName.OF_ORDER, order.order_id, kind).facts]
    dated = [fact for fact in facts if fact.due_at is not None]
    latest = max(dated, key=lambda fact: (fact.at, fact.fact_id), default=None)
    return latest.due_at if latest is not None and latest.due_at is not None and latest.due_at > now else None
