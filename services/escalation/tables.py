"""Escalation's tables. Its own copy of sales and people; signals, episodes, alerts and deliveries are its own.

Personal fields (names, addresses, numbers, words) stand in columns of their own: one statement a table erases them.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Identity, Index, MetaData
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.tables import instant_column, text_column


class EscalationTable(SQLModel):
    metadata = MetaData(schema="escalation")


class Order(EscalationTable, table=True):
    """One sale, as orders published it. `bought` is what was sold, in one line."""

    __tablename__ = "orders"
    __table_args__ = (Index("orders_account", "account_id"),)
    order_id: str = Field(sa_column=text_column(primary_key=True))
    account_id: str = Field(sa_column=text_column())
    sold_by: str | None = Field(sa_column=text_column(nullable=True))
    sold_at: datetime = Field(sa_column=instant_column())
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str = Field(sa_column=text_column())
    bought: str = Field(sa_column=text_column())
    customer_name: str | None = Field(sa_column=text_column(nullable=True))
    customer_phone: str | None = Field(sa_column=text_column(nullable=True))
    customer_email: str | None = Field(sa_column=text_column(nullable=True))
    customer_zone: str | None = Field(sa_column=text_column(nullable=True))
    segment: str | None = Field(sa_column=text_column(nullable=True))
    products: str = Field(sa_column=Column(JSONB, nullable=False))
    corrected_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class Account(EscalationTable, table=True):
    """What is known of a customer beside orders: whose book it was moved to, and how they want to be treated."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("(assigned_to is null) = (assigned_since is null)", name="accounts_assigned_since"),
        CheckConstraint("(assigned_to is null) = (assigned_at is null)", name="accounts_assigned_at"),
    )
    account_id: str = Field(sa_column=text_column(primary_key=True))
    assigned_to: str | None = Field(sa_column=text_column(nullable=True))
    assigned_since: date | None = Field(default=None, nullable=True)
    assigned_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    preference: str = Field(sa_column=text_column())
    preference_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class Salesperson(EscalationTable, table=True):
    """Who sells, by the latest fact that orders published."""

    __tablename__ = "salespeople"
    salesperson_id: str = Field(sa_column=text_column(primary_key=True))
    changed_at: datetime = Field(sa_column=instant_column())
    name: str = Field(sa_column=text_column())
    manager: str | None = Field(sa_column=text_column(nullable=True))
    email: str | None = Field(sa_column=text_column(nullable=True))
    phone: str | None = Field(sa_column=text_column(nullable=True))
    chat: str | None = Field(sa_column=text_column(nullable=True))
    zone: str = Field(sa_column=text_column())
    working_hours: str = Field(sa_column=Column(JSONB, nullable=False))
    active: bool
    successor: str | None = Field(sa_column=text_column(nullable=True))
    successor_since: date | None = Field(default=None, nullable=True)
    backup: str | None = Field(sa_column=text_column(nullable=True))
    away: str = Field(sa_column=Column(JSONB, nullable=False))
    days_off: str = Field(sa_column=Column(JSONB, nullable=False))
    country: str | None = Field(sa_column=text_column(nullable=True))
    region: str | None = Field(sa_column=text_column(nullable=True))
    rings_off_hours: bool


class Case(EscalationTable, table=True):
    """What escalation must remember of a case: the order it is about."""

    __tablename__ = "cases"
    account_id: str = Field(sa_column=text_column(primary_key=True))
    case_id: str = Field(sa_column=text_column(primary_key=True))
    order_id: str | None = Field(sa_column=text_column(nullable=True))


class AccountFact(EscalationTable, table=True):
    """What escalation remembers of a fact that can raise a signal or end one. No customer's own data."""

    __tablename__ = "facts"
    __table_args__ = (Index("facts_account", "account_id"),)
    fact_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    case_id: str | None = Field(sa_column=text_column(nullable=True))
    order_id: str | None = Field(sa_column=text_column(nullable=True))
    direction: str | None = Field(sa_column=text_column(nullable=True))
    channel: str | None = Field(sa_column=text_column(nullable=True))
    result: str | None = Field(sa_column=text_column(nullable=True))
    agent: str | None = Field(sa_column=text_column(nullable=True))
    courtesy: bool
    number: int | None = Field(default=None, nullable=True)
    due_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    what: str | None = Field(sa_column=text_column(nullable=True))


class Episode(EscalationTable, table=True):
    """All open risk on one order. `responsible` is who hears of it now; nobody as long as the seller is unknown."""

    __tablename__ = "episodes"
    __table_args__ = (
        Index("episodes_one_open_per_order", "order_id", unique=True, postgresql_where=sql("closed_at is null")),
        Index("episodes_account", "account_id"),
        Index("episodes_responsible", "responsible", postgresql_where=sql("closed_at is null")),
        Index("episodes_order", "order_id"),
        CheckConstraint("(acknowledged_at is null) = (acknowledged_by is null)", name="episodes_acknowledged_by"),
        CheckConstraint("(deadline_at is null) = (deadline_for is null)", name="episodes_deadline"),
        CheckConstraint("(offered_to is null) = (offered_until is null)", name="episodes_offered"),
        CheckConstraint("(closed_at is null) = (result is null)", name="episodes_result"),
        CheckConstraint("(closed_at is null) = (reason is null)", name="episodes_reason"),
        CheckConstraint("closed_at is null or deadline_at is null", name="episodes_closed_is_quiet"),
        CheckConstraint("severity in ('watch', 'high', 'critical')", name="episodes_severity"),
    )
    episode_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    order_id: str = Field(sa_column=text_column())
    salesperson: str | None = Field(sa_column=text_column(nullable=True))
    responsible: str | None = Field(sa_column=text_column(nullable=True))
    why_you: str | None = Field(sa_column=text_column(nullable=True))
    raised_at: datetime = Field(sa_column=instant_column())
    severity: str = Field(sa_column=text_column())
    policy_version: int
    rang: bool
    rings: int
    step: str | None = Field(sa_column=text_column(nullable=True))
    repeats: int
    deadline_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    deadline_for: str | None = Field(sa_column=text_column(nullable=True))
    acknowledged_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    acknowledged_by: str | None = Field(sa_column=text_column(nullable=True))
    attempts: int
    reached_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    offered_to: str | None = Field(sa_column=text_column(nullable=True))
    offered_until: datetime | None = Field(sa_column=instant_column(nullable=True))
    exhausted_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    closed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    closed_by: str | None = Field(sa_column=text_column(nullable=True))
    result: str | None = Field(sa_column=text_column(nullable=True))
    reason: str | None = Field(sa_column=text_column(nullable=True))
    follows: UUID | None = Field(default=None, nullable=True)
    changed_at: datetime = Field(sa_column=instant_column())


class Signal(EscalationTable, table=True):
    """One thing that puts a sale at risk. Without an episode it waits for its order. It stands until it `ended`."""

    __tablename__ = "signals"
    __table_args__ = (
        Index("signals_account", "account_id"),
        Index("signals_waiting", "seen_at", postgresql_where=sql("episode_id is null and ended is null")),
        Index("signals_episode", "episode_id"),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        CheckConstraint("ended in ('cleared', 'withdrawn')", name="signals_ended"),
        CheckConstraint("(ended is null) = (ended_at is null)", name="signals_ended_at"),
        CheckConstraint("(ended is null) = (ended_because is null)", name="signals_ended_because"),
    )
    signal_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    seen_at: datetime = Field(sa_column=instant_column())
    fact_id: UUID
    policy_version: int
    by_silence: bool
    case_id: str | None = Field(sa_column=text_column(nullable=True))
    names_order: str | None = Field(sa_column=text_column(nullable=True))
    order_awaited_until: datetime | None = Field(sa_column=instant_column(nullable=True))
    episode_id: UUID | None = Field(default=None, nullable=True)
    ended: str | None = Field(sa_column=text_column(nullable=True))
    ended_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    ended_because: str | None = Field(sa_column=text_column(nullable=True))
    amount_minor: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    currency: str | None = Field(sa_column=text_column(nullable=True))
    refund_kind: str | None = Field(sa_column=text_column(nullable=True))
    words: str | None = Field(sa_column=text_column(nullable=True))
    traceparent: str | None = Field(sa_column=text_column(nullable=True))


class Alert(EscalationTable, table=True):
    """One ring to one person for one cause. `why_you` is the reason, in words, as it was when it rang."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("alerts_once_per_ring", "episode_id", "ring", unique=True),
        Index("alerts_account", "account_id"),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
    )
    alert_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    episode_id: UUID
    signal_id: UUID
    recipient: str = Field(sa_column=text_column())
    because: str = Field(sa_column=text_column())
    why_you: str = Field(sa_column=text_column())
    raised_at: datetime = Field(sa_column=instant_column())
    ring: int
    step: str = Field(sa_column=text_column())
    cause: str = Field(sa_column=text_column())
    severity: str = Field(sa_column=text_column())
    policy_version: int
    sent_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    traceparent: str | None = Field(sa_column=text_column(nullable=True))


DELIVERY_STATES = (
    "pending",
    "sending",
    "sent",
    "held",
    "unknown",
    "failed",
    "cancelled",
    "expired",
    "skipped",
)


class Delivery(EscalationTable, table=True):
    """One alert on one channel, in exactly one state. `unknown` means: it may or may not have been accepted.

    `recipient` is the alert's: what is due for one person, and what they got lately, is read from here alone.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("deliveries_once_per_channel", "alert_id", "channel", unique=True),
        Index(
            "deliveries_to_try", "try_at", postgresql_where=sql("state in ('pending', 'sending', 'held', 'unknown')")
        ),
        Index(
            "deliveries_due_for", "recipient", "try_at", postgresql_where=sql("state in ('pending', 'held', 'unknown')")
        ),
        Index(
            "deliveries_sent_to",
            "recipient",
            "changed_at",
            postgresql_where=sql("channel <> 'inbox' and state in ('sending', 'sent', 'unknown')"),
        ),
        Index("deliveries_moving", "state", postgresql_where=sql("state in ('pending', 'sending', 'held', 'unknown')")),
        ForeignKeyConstraint(["alert_id"], ["escalation.alerts.alert_id"]),
        CheckConstraint(f"state in {DELIVERY_STATES!r}", name="deliveries_state"),
        CheckConstraint("channel in ('inbox', 'email')", name="deliveries_channel"),
    )
    delivery_id: UUID = Field(primary_key=True)
    alert_id: UUID
    recipient: str = Field(sa_column=text_column())
    channel: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    reason: str | None = Field(sa_column=text_column(nullable=True))
    attempts: int
    unknown_count: int
    list_id: UUID | None = Field(default=None, nullable=True)
    try_at: datetime = Field(sa_column=instant_column())
    changed_at: datetime = Field(sa_column=instant_column())


class Decision(EscalationTable, table=True):
    """One step of how an episode came to be as it is: by which rule, under which line of which policy, because of what.

    No customer's own data: `words` name orders and salespeople only.
    """

    __tablename__ = "decisions"
    __table_args__ = (Index("decisions_episode", "episode_id"), Index("decisions_account", "account_id"))
    decision_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    account_id: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    rule: str = Field(sa_column=text_column())
    words: str = Field(sa_column=text_column())
    policy_version: int
    episode_id: UUID | None = Field(default=None, nullable=True)
    signal_id: UUID | None = Field(default=None, nullable=True)
    who: str | None = Field(sa_column=text_column(nullable=True))
    policy_path: str | None = Field(sa_column=text_column(nullable=True))
    cause_type: str | None = Field(sa_column=text_column(nullable=True))
    cause_source: str | None = Field(sa_column=text_column(nullable=True))
    cause_id: str | None = Field(sa_column=text_column(nullable=True))


class SignInLink(EscalationTable, table=True):
    """A link that signs one salesperson in, once. Only the hash of its token is stored."""

    __tablename__ = "sign_in_links"
    token_hash: bytes = Field(primary_key=True)
    salesperson_id: str = Field(sa_column=text_column())
    expires_at: datetime = Field(sa_column=instant_column())
    used_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class Session(EscalationTable, table=True):
    """A signed-in browser. Only the hash of its cookie is stored."""

    __tablename__ = "sessions"
    token_hash: bytes = Field(primary_key=True)
    salesperson_id: str = Field(sa_column=text_column())
    csrf_token: str = Field(sa_column=text_column())
    expires_at: datetime = Field(sa_column=instant_column())
