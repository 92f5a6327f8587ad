"""Orders' tables: sales as they were made, what became of them, and the people who sell.

A sale and the facts about it are written once and never changed. Personal fields stand in columns of their
own, so that one statement a table erases them.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.tables import instant_column, text_column

ORDER_FACT_KINDS = (
    "confirmation_required",
    "order_confirmed",
    "order_delivered",
    "order_cancelled",
    "refund_paid",
)


class OrdersTable(SQLModel):
    metadata = MetaData(schema="orders")


class Order(OrdersTable, table=True):
    """One sale, as first told. `content` is the SHA-256 that tells a repeat from a contradiction."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_account", "account_id"),
        CheckConstraint("octet_length(content) = 32", name="orders_content"),
        CheckConstraint("amount_minor >= 0", name="orders_amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="orders_currency"),
        CheckConstraint("jsonb_typeof(lines) = 'array' and lines <> '[]'", name="orders_lines"),
        CheckConstraint("jsonb_typeof(promises) = 'array'", name="orders_promises"),
    )
    order_id: str = Field(sa_column=text_column(primary_key=True))
    account_id: str = Field(sa_column=text_column())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    placed_at: datetime = Field(sa_column=instant_column())
    sold_by: str | None = Field(sa_column=text_column(nullable=True))
    sold_at: datetime = Field(sa_column=instant_column())
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str = Field(sa_column=text_column())
    lines: str = Field(sa_column=Column(JSONB, nullable=False))
    promises: str = Field(sa_column=Column(JSONB, nullable=False))
    expected_outcome: str | None = Field(sa_column=text_column(nullable=True))
    customer_name: str | None = Field(sa_column=text_column(nullable=True))
    customer_phone: str | None = Field(sa_column=text_column(nullable=True))
    customer_email: str | None = Field(sa_column=text_column(nullable=True))
    customer_zone: str | None = Field(sa_column=text_column(nullable=True))


class OrderFact(OrdersTable, table=True):
    """What became of an order: one row for each fact told, with the fields its kind has."""

    __tablename__ = "order_facts"
    __table_args__ = (
        Index("order_facts_order", "order_id"),
        ForeignKeyConstraint(["order_id"], ["orders.orders.order_id"]),
        CheckConstraint(f"kind in {ORDER_FACT_KINDS!r}", name="order_facts_kind"),
        CheckConstraint("due_at is null or kind = 'confirmation_required'", name="order_facts_due_at"),
        CheckConstraint("reason is null or kind = 'order_cancelled'", name="order_facts_reason"),
        CheckConstraint("(amount_minor is not null) = (kind = 'refund_paid')", name="order_facts_refund"),
        CheckConstraint("(currency is null) = (amount_minor is null)", name="order_facts_money"),
        CheckConstraint("amount_minor >= 0", name="order_facts_amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="order_facts_currency"),
    )
    source: str = Field(sa_column=text_column(primary_key=True))
    event_id: str = Field(sa_column=text_column(primary_key=True))
    order_id: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    due_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    amount_minor: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    currency: str | None = Field(sa_column=text_column(nullable=True))
    reason: str | None = Field(sa_column=text_column(nullable=True))


class Salesperson(OrdersTable, table=True):
    """Who sells. The fact with the latest time counts, ties by its id: `changed_at`, `changed_by`."""

    __tablename__ = "salespeople"
    __table_args__ = (
        CheckConstraint("jsonb_typeof(working_hours) = 'array'", name="salespeople_working_hours"),
        CheckConstraint("(successor is null) = (successor_since is null)", name="salespeople_successor"),
    )
    salesperson_id: str = Field(sa_column=text_column(primary_key=True))
    changed_at: datetime = Field(sa_column=instant_column())
    changed_by: str = Field(sa_column=text_column())
    name: str = Field(sa_column=text_column())
    manager: str | None = Field(sa_column=text_column(nullable=True))
    email: str | None = Field(sa_column=text_column(nullable=True))
    phone: str | None = Field(sa_column=text_column(nullable=True))
    chat: str | None = Field(sa_column=text_column(nullable=True))
    zone: str = Field(sa_column=text_column())
    working_hours: str = Field(sa_column=Column(JSONB, nullable=False))
    active: bool
    successor: str | None = Field(sa_column=text_column(nullable=True))
    successor_since: date | None = Field(sa_column=Column(Date, nullable=True))
