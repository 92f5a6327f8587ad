"""Orders' tables: sales as they were made, facts about them, salespeople, and the assignments of accounts.

A sale and the facts about it are written once and never changed. Personal fields have columns of their own, so that one
statement a table erases them.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    "order_changed",
    "delivery_late",
    "order_cancelled",
    "refund_paid",
    "promise_kept",
    "outcome_reported",
    "sale_corrected",
)


class OrdersTable(SQLModel):
    metadata = MetaData(schema="orders")


class Order(OrdersTable, table=True):
    """One sale, as first reported. `content` is the SHA-256 that distinguishes a repeat from a contradiction."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_account", "account_id"),
        CheckConstraint("octet_length(content) = 32", name="orders_content"),
        CheckConstraint("amount_minor >= 0", name="orders_amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="orders_currency"),
        CheckConstraint("jsonb_typeof(lines) = 'array' and lines <> '[]'", name="orders_lines"),
        CheckConstraint("jsonb_typeof(promises) = 'array'", name="orders_promises"),
        CheckConstraint("customer_country ~ '^[A-Z]{2}$'", name="orders_customer_country"),
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
    customer_country: str | None = Field(sa_column=text_column(nullable=True))
    segment: str | None = Field(sa_column=text_column(nullable=True))
    delivery_due_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    outcome_expected_by: datetime | None = Field(sa_column=instant_column(nullable=True))
    renews: str | None = Field(sa_column=text_column(nullable=True))


class OrderFact(OrdersTable, table=True):
    """Facts about an order: one row for each fact, with the fields of its kind.

    The seller of an order is that of its latest `sale_corrected` (by `at`, ties by event id), if there is one; the
    order's own row keeps the first report. Likewise the latest `order_changed` with a value counts for each of `lines`,
    `amount_minor` and `delivery_due_at`. For a delivery, `lines` are the places of lines.
    """

    __tablename__ = "order_facts"
    __table_args__ = (
        Index("order_facts_order", "order_id"),
        ForeignKeyConstraint(["order_id"], ["orders.orders.order_id"]),
        CheckConstraint(f"kind in {ORDER_FACT_KINDS!r}", name="order_facts_kind"),
        CheckConstraint(
            "due_at is null or kind in ('confirmation_required', 'delivery_late')", name="order_facts_due_at"
        ),
        CheckConstraint("reason is null or kind in ('order_cancelled', 'sale_corrected')", name="order_facts_reason"),
        CheckConstraint("amount_minor is not null or kind <> 'refund_paid'", name="order_facts_refund"),
        CheckConstraint("amount_minor is null or kind in ('refund_paid', 'order_changed')", name="order_facts_money"),
        CheckConstraint("(currency is not null) = (kind = 'refund_paid')", name="order_facts_refund_currency"),
        CheckConstraint("lines is null or kind in ('order_delivered', 'order_changed')", name="order_facts_lines"),
        CheckConstraint("complete is null or kind = 'order_delivered'", name="order_facts_complete"),
        CheckConstraint("delivery_due_at is null or kind = 'order_changed'", name="order_facts_delivery_due_at"),
        CheckConstraint("amount_minor >= 0", name="order_facts_amount"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="order_facts_currency"),
        CheckConstraint("(promise is not null) = (kind = 'promise_kept')", name="order_facts_promise"),
        CheckConstraint("proof is null or kind = 'promise_kept'", name="order_facts_proof"),
        CheckConstraint("(reached is not null) = (kind = 'outcome_reported')", name="order_facts_reached"),
        CheckConstraint("words is null or kind in ('outcome_reported', 'delivery_late')", name="order_facts_words"),
        CheckConstraint("sold_by is null or kind = 'sale_corrected'", name="order_facts_sold_by"),
        CheckConstraint("(corrected_by is not null) = (kind = 'sale_corrected')", name="order_facts_corrected_by"),
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
    promise: str | None = Field(sa_column=text_column(nullable=True))
    proof: str | None = Field(sa_column=text_column(nullable=True))
    reached: bool | None = None
    words: str | None = Field(sa_column=text_column(nullable=True))
    sold_by: str | None = Field(sa_column=text_column(nullable=True))
    corrected_by: str | None = Field(sa_column=text_column(nullable=True))
    complete: bool | None = None
    delivery_due_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    lines: str | None = Field(sa_column=Column(JSONB, nullable=True))


class Account(OrdersTable, table=True):
    """The assignment of an account, with its start. The fact with the latest time counts, ties by its id."""

    __tablename__ = "accounts"
    account_id: str = Field(sa_column=text_column(primary_key=True))
    reassigned_at: datetime = Field(sa_column=instant_column())
    reassigned_by: str = Field(sa_column=text_column())
    salesperson: str = Field(sa_column=text_column())
    since: date = Field(sa_column=Column(Date, nullable=False))


class Salesperson(OrdersTable, table=True):
    """A salesperson. The fact with the latest time counts, ties by its id: `changed_at`, `changed_by`.

    Defaults of the database are for processes that do not know the column yet.
    """

    __tablename__ = "salespeople"
    __table_args__ = (
        CheckConstraint("jsonb_typeof(working_hours) = 'array'", name="salespeople_working_hours"),
        CheckConstraint("(successor is null) = (successor_since is null)", name="salespeople_successor"),
        CheckConstraint("jsonb_typeof(away) = 'array'", name="salespeople_away"),
        CheckConstraint("jsonb_typeof(days_off) = 'array'", name="salespeople_days_off"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="salespeople_country"),
        CheckConstraint("region ~ '^[A-Z0-9]{1,3}$'", name="salespeople_region"),
        CheckConstraint("jsonb_typeof(approves_up_to) = 'array'", name="salespeople_approves_up_to"),
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
    backup: str | None = Field(sa_column=text_column(nullable=True))
    away: str = Field(sa_column=Column(JSONB, nullable=False, server_default="[]"))
    days_off: str = Field(sa_column=Column(JSONB, nullable=False, server_default="[]"))
    country: str | None = Field(sa_column=text_column(nullable=True))
    region: str | None = Field(sa_column=text_column(nullable=True))
    rings_off_hours: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    approves_up_to: str | None = Field(sa_column=Column(JSONB, nullable=True))
