"""Escalation's tables. Its own copy of sales and people; signals, episodes, alerts and deliveries are its own.

Personal fields (names, addresses, numbers, words) stand in columns of their own: one statement a table erases them.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, MetaData
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


class Case(EscalationTable, table=True):
    """What escalation must remember of a case: its order, and how often it was passed on."""

    __tablename__ = "cases"
    account_id: str = Field(sa_column=text_column(primary_key=True))
    case_id: str = Field(sa_column=text_column(primary_key=True))
    order_id: str | None = Field(sa_column=text_column(nullable=True))
    reassignments: int


class Episode(EscalationTable, table=True):
    """All open risk on one order. `responsible` is who hears of it now; nobody as long as the seller is unknown."""

    __tablename__ = "episodes"
    __table_args__ = (
        Index("episodes_one_open_per_order", "order_id", unique=True, postgresql_where=sql("closed_at is null")),
        Index("episodes_account", "account_id"),
        Index("episodes_responsible", "responsible", postgresql_where=sql("closed_at is null")),
        CheckConstraint("(acknowledged_at is null) = (acknowledged_by is null)", name="episodes_acknowledged_by"),
    )
    episode_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    order_id: str = Field(sa_column=text_column())
    salesperson: str | None = Field(sa_column=text_column(nullable=True))
    responsible: str | None = Field(sa_column=text_column(nullable=True))
    why_you: str | None = Field(sa_column=text_column(nullable=True))
    raised_at: datetime = Field(sa_column=instant_column())
    rang: bool
    acknowledged_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    acknowledged_by: str | None = Field(sa_column=text_column(nullable=True))
    closed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    changed_at: datetime = Field(sa_column=instant_column())


class Signal(EscalationTable, table=True):
    """One fact that puts a sale at risk. Without an episode it waits for its order."""

    __tablename__ = "signals"
    __table_args__ = (
        Index("signals_waiting", "account_id", postgresql_where=sql("episode_id is null")),
        Index("signals_episode", "episode_id"),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
    )
    signal_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    seen_at: datetime = Field(sa_column=instant_column())
    case_id: str | None = Field(sa_column=text_column(nullable=True))
    names_order: str | None = Field(sa_column=text_column(nullable=True))
    order_awaited_until: datetime | None = Field(sa_column=instant_column(nullable=True))
    episode_id: UUID | None = Field(default=None, nullable=True)
    amount_minor: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    currency: str | None = Field(sa_column=text_column(nullable=True))
    refund_kind: str | None = Field(sa_column=text_column(nullable=True))
    words: str | None = Field(sa_column=text_column(nullable=True))
    traceparent: str | None = Field(sa_column=text_column(nullable=True))


class Alert(EscalationTable, table=True):
    """One ring to one person for one cause. `why_you` is the reason, in words, as it was when it rang."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("alerts_once_per_cause", "episode_id", "signal_id", unique=True),
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
    """One alert on one channel, in exactly one state. `unknown` means: it may or may not have been accepted."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("deliveries_once_per_channel", "alert_id", "channel", unique=True),
        Index("deliveries_to_try", "try_at", postgresql_where=sql("state in ('pending', 'sending', 'unknown')")),
        Index("deliveries_moving", "state", postgresql_where=sql("state in ('pending', 'sending', 'held', 'unknown')")),
        ForeignKeyConstraint(["alert_id"], ["escalation.alerts.alert_id"]),
        CheckConstraint(f"state in {DELIVERY_STATES!r}", name="deliveries_state"),
        CheckConstraint("channel in ('inbox', 'email')", name="deliveries_channel"),
    )
    delivery_id: UUID = Field(primary_key=True)
    alert_id: UUID
    channel: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    reason: str | None = Field(sa_column=text_column(nullable=True))
    attempts: int
    unknown_count: int
    try_at: datetime = Field(sa_column=instant_column())
    changed_at: datetime = Field(sa_column=instant_column())


class Policy(EscalationTable, table=True):
    """A published version of the policy, counted from 2: the first ships with the code. `digest` is the document's."""

    __tablename__ = "policies"
    __table_args__ = (CheckConstraint("version > 1", name="policies_follow_the_shipped"),)
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    since: datetime = Field(sa_column=instant_column())
    document: str = Field(sa_column=text_column())
    digest: str = Field(sa_column=text_column())
    published_by: str = Field(sa_column=text_column())
    summary: str = Field(sa_column=text_column())


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
