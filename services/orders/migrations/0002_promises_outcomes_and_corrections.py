"""Promises kept, outcomes, corrections and late deliveries; who looks after an account; when people are away."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

online_safe = True  # what the version before writes passes every check, and it need not fill what is new

FACTS_CHANGED = {
    "order_facts_kind": (
        "kind in ('confirmation_required', 'order_confirmed', 'order_delivered', 'delivery_late', 'order_cancelled', "
        "'refund_paid', 'promise_kept', 'outcome_reported', 'sale_corrected')"
    ),
    "order_facts_due_at": "due_at is null or kind in ('confirmation_required', 'delivery_late')",
    "order_facts_reason": "reason is null or kind in ('order_cancelled', 'sale_corrected')",
}
FACTS_BEFORE = {
    "order_facts_kind": (
        "kind in ('confirmation_required', 'order_confirmed', 'order_delivered', 'order_cancelled', 'refund_paid')"
    ),
    "order_facts_due_at": "due_at is null or kind = 'confirmation_required'",
    "order_facts_reason": "reason is null or kind = 'order_cancelled'",
}
FACTS_NEW = {
    "order_facts_promise": "(promise is not null) = (kind = 'promise_kept')",
    "order_facts_proof": "proof is null or kind = 'promise_kept'",
    "order_facts_reached": "(reached is not null) = (kind = 'outcome_reported')",
    "order_facts_words": "words is null or kind in ('outcome_reported', 'delivery_late')",
    "order_facts_sold_by": "sold_by is null or kind = 'sale_corrected'",
    "order_facts_corrected_by": "(corrected_by is not null) = (kind = 'sale_corrected')",
}
PEOPLE_NEW = {
    "salespeople_away": "jsonb_typeof(away) = 'array'",
    "salespeople_days_off": "jsonb_typeof(days_off) = 'array'",
    "salespeople_country": "country ~ '^[A-Z]{2}$'",
    "salespeople_region": "region ~ '^[A-Z0-9]{1,3}$'",
}
FACT_TEXTS = ("promise", "proof", "words", "sold_by", "corrected_by")
PEOPLE_TEXTS = ("backup", "country", "region")


def upgrade() -> None:
    _add("orders", sa.Column("segment", sa.Text(), nullable=True))
    _add("orders", sa.Column("delivery_due_at", sa.DateTime(timezone=True), nullable=True))
    _add("orders", sa.Column("outcome_expected_by", sa.DateTime(timezone=True), nullable=True))

    for name in FACT_TEXTS:
        _add("order_facts", sa.Column(name, sa.Text(), nullable=True))
    _add("order_facts", sa.Column("reached", sa.Boolean(), nullable=True))
    for name in FACTS_BEFORE:
        op.drop_constraint(name, "order_facts", schema="orders")
    _check("order_facts", FACTS_CHANGED | FACTS_NEW)

    for name in PEOPLE_TEXTS:
        _add("salespeople", sa.Column(name, sa.Text(), nullable=True))
    for name in ("away", "days_off"):
        empty = sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]")
        _add("salespeople", empty)
    _add("salespeople", sa.Column("rings_off_hours", sa.Boolean(), nullable=False, server_default="false"))
    _check("salespeople", PEOPLE_NEW)

    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("reassigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reassigned_by", sa.Text(), nullable=False),
        sa.Column("salesperson", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
        schema="orders",
    )


def downgrade() -> None:
    op.drop_table("accounts", schema="orders")
    for name in (*PEOPLE_TEXTS, "away", "days_off", "rings_off_hours"):
        op.drop_column("salespeople", name, schema="orders")
    op.execute(f"delete from orders.order_facts where not ({FACTS_BEFORE['order_facts_kind']})")
    for name in (*FACT_TEXTS, "reached"):
        op.drop_column("order_facts", name, schema="orders")
    for name in FACTS_CHANGED:
        op.drop_constraint(name, "order_facts", schema="orders")
    _check("order_facts", FACTS_BEFORE)
    for name in ("segment", "delivery_due_at", "outcome_expected_by"):
        op.drop_column("orders", name, schema="orders")


def _add(table: str, column: sa.Column[Any]) -> None:
    op.add_column(table, column, schema="orders")


def _check(table: str, conditions: dict[str, str]) -> None:
    for name, condition in conditions.items():
        op.create_check_constraint(name, table, condition, schema="orders")
