"""What escalation keeps: values that stand for rows of its tables, field for column."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.contracts.escalation import SignalKind


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str
    account_id: str
    sold_by: str | None
    sold_at: datetime
    amount_minor: int
    currency: str
    bought: str
    customer_name: str | None = None
    customer_phone: str | None = None
    customer_email: str | None = None
    customer_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Salesperson:
    salesperson_id: str
    changed_at: datetime
    name: str
    manager: str | None
    email: str | None
    phone: str | None
    chat: str | None
    zone: str
    working_hours: str
    active: bool
    successor: str | None
    successor_since: date | None


@dataclass(frozen=True, slots=True)
class Case:
    account_id: str
    case_id: str
    order_id: str | None = None
    reassignments: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """`order_awaited_until` is set while the order it names is waited for."""

    signal_id: UUID
    account_id: str
    kind: SignalKind
    at: datetime
    seen_at: datetime
    case_id: str | None = None
    names_order: str | None = None
    order_awaited_until: datetime | None = None
    episode_id: UUID | None = None
    amount_minor: int | None = None
    currency: str | None = None
    refund_kind: str | None = None
    words: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """`rang` tells whether a ring was ever decided, `responsible` who hears of it; nobody while that is sought."""

    episode_id: UUID
    account_id: str
    order_id: str
    salesperson: str | None
    raised_at: datetime
    changed_at: datetime
    responsible: str | None = None
    why_you: str | None = None
    rang: bool = False
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    alert_id: UUID
    account_id: str
    episode_id: UUID
    signal_id: UUID
    recipient: str
    because: str
    why_you: str
    raised_at: datetime
    sent_at: datetime | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    delivery_id: UUID
    alert_id: UUID
    channel: str
    state: str
    try_at: datetime
    changed_at: datetime
    reason: str | None = None
    attempts: int = 0
    unknown_count: int = 0


Directory = Mapping[str, Salesperson]
