"""Escalation's own copy of sales, customers, people and cases."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column


class Order(EscalationTable, table=True):
    """One sale, as orders published it, and when we received it (`seen_at`). `bought` is the products sold, in one
    line.

    Its lines and its amount are those reported last. `inherits_from` is the order that it renews, while that order's
    seller counts for it.
    """

    __tablename__ = "orders"
    __table_args__ = (Index("orders_account", "account_id"), Index("orders_sold_by", "sold_by"))
    order_id: str = Field(sa_column=text_column(primary_key=True))
    account_id: str = Field(sa_column=text_column())
    sold_by: str | None = Field(sa_column=text_column(nullable=True))
    sold_at: datetime = Field(sa_column=instant_column())
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str = Field(sa_column=text_column())
    bought: str = Field(sa_column=text_column())
    seen_at: datetime = Field(sa_column=instant_column())
    customer_name: str | None = Field(sa_column=text_column(nullable=True))
    customer_phone: str | None = Field(sa_column=text_column(nullable=True))
    customer_email: str | None = Field(sa_column=text_column(nullable=True))
    customer_zone: str | None = Field(sa_column=text_column(nullable=True))
    segment: str | None = Field(sa_column=text_column(nullable=True))
    products: str = Field(sa_column=Column(JSONB, nullable=False))
    outcome_expected_by: datetime | None = Field(sa_column=instant_column(nullable=True))
    corrected_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    customer_country: str | None = Field(sa_column=text_column(nullable=True))
    inherits_from: str | None = Field(sa_column=text_column(nullable=True))
    quantities: str | None = Field(sa_column=Column(JSONB, nullable=True))
    lines_changed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    amount_changed_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class Account(EscalationTable, table=True):
    """A customer's account apart from orders: the book that it was moved to, and the contact preference."""

    __tablename__ = "accounts"
    __table_args__ = (
        Index("accounts_assigned_to", "assigned_to", postgresql_where=sql("assigned_to is not null")),
        CheckConstraint("(assigned_to is null) = (assigned_since is null)", name="accounts_assigned_since"),
        CheckConstraint("(assigned_to is null) = (assigned_at is null)", name="accounts_assigned_at"),
    )
    account_id: str = Field(sa_column=text_column(primary_key=True))
    assigned_to: str | None = Field(sa_column=text_column(nullable=True))
    assigned_since: date | None = Field(default=None, nullable=True)
    assigned_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    preference: str = Field(sa_column=text_column())
    preference_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class AccountVersion(EscalationTable, table=True):
    """The version of an account's stored state; each transaction that changes the account sets a new one."""

    __tablename__ = "account_versions"
    account_id: str = Field(sa_column=text_column(primary_key=True))
    version: UUID


class Salesperson(EscalationTable, table=True):
    """A salesperson, by the latest fact that orders published.

    `email_failed_at` is when mail to the address came back.
    """

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
    email_failed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    email_failed_because: str | None = Field(sa_column=text_column(nullable=True))
    approves_up_to: str | None = Field(sa_column=Column(JSONB, nullable=True))


class Case(EscalationTable, table=True):
    """A case, as far as escalation needs it: the order that it is about."""

    __tablename__ = "cases"
    account_id: str = Field(sa_column=text_column(primary_key=True))
    case_id: str = Field(sa_column=text_column(primary_key=True))
    order_id: str | None = Field(sa_column=text_column(nullable=True))
