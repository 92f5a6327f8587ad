"""initial"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

online_safe = True  # nothing ran before it


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sold_by", sa.Text(), nullable=True),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("promises", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expected_outcome", sa.Text(), nullable=True),
        sa.Column("customer_name", sa.Text(), nullable=True),
        sa.Column("customer_phone", sa.Text(), nullable=True),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("customer_zone", sa.Text(), nullable=True),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="orders_currency"),
        sa.CheckConstraint("jsonb_typeof(lines) = 'array' and lines <> '[]'", name="orders_lines"),
        sa.CheckConstraint("jsonb_typeof(promises) = 'array'", name="orders_promises"),
        sa.CheckConstraint("amount_minor >= 0", name="orders_amount"),
        sa.CheckConstraint("octet_length(content) = 32", name="orders_content"),
        sa.PrimaryKeyConstraint("order_id"),
        schema="orders",
    )
    op.create_index("orders_account", "orders", ["account_id"], unique=False, schema="orders")
    op.create_table(
        "salespeople",
        sa.Column("salesperson_id", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("manager", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("chat", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("working_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=True),
        sa.Column("successor_since", sa.Date(), nullable=True),
        sa.CheckConstraint("jsonb_typeof(working_hours) = 'array'", name="salespeople_working_hours"),
        sa.CheckConstraint("(successor is null) = (successor_since is null)", name="salespeople_successor"),
        sa.PrimaryKeyConstraint("salesperson_id"),
        schema="orders",
    )
    op.create_table(
        "order_facts",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(amount_minor is not null) = (kind = 'refund_paid')", name="order_facts_refund"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="order_facts_currency"),
        sa.CheckConstraint("due_at is null or kind = 'confirmation_required'", name="order_facts_due_at"),
        sa.CheckConstraint(
            "kind in ('confirmation_required', 'order_confirmed', 'order_delivered', 'order_cancelled', 'refund_paid')",
            name="order_facts_kind",
        ),
        sa.CheckConstraint("reason is null or kind = 'order_cancelled'", name="order_facts_reason"),
        sa.CheckConstraint("(currency is null) = (amount_minor is null)", name="order_facts_money"),
        sa.CheckConstraint("amount_minor >= 0", name="order_facts_amount"),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.orders.order_id"],
        ),
        sa.PrimaryKeyConstraint("source", "event_id"),
        schema="orders",
    )
    op.create_index("order_facts_order", "order_facts", ["order_id"], unique=False, schema="orders")


def downgrade() -> None:
    op.drop_index("order_facts_order", table_name="order_facts", schema="orders")
    op.drop_table("order_facts", schema="orders")
    op.drop_table("salespeople", schema="orders")
    op.drop_index("orders_account", table_name="orders", schema="orders")
    op.drop_table("orders", schema="orders")
