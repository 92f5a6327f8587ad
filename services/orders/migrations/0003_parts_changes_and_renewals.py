"""Parts of an order that were delivered, changes of what it is about, what it renews; a customer's country"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

online_safe = True  # columns that may be empty, and conditions that hold for what the version before writes

_KINDS = (
    "'confirmation_required', 'order_confirmed', 'order_delivered', 'order_changed', 'delivery_late', "
    "'order_cancelled', 'refund_paid', 'promise_kept', 'outcome_reported', 'sale_corrected'"
)
_KINDS_BEFORE = _KINDS.replace("'order_changed', ", "")
WIDENED = {
    "order_facts_kind": f"kind in ({_KINDS})",
    "order_facts_refund": "amount_minor is not null or kind <> 'refund_paid'",
    "order_facts_money": "amount_minor is null or kind in ('refund_paid', 'order_changed')",
}
BEFORE = {
    "order_facts_kind": f"kind in ({_KINDS_BEFORE})",
    "order_facts_refund": "(amount_minor is not null) = (kind = 'refund_paid')",
    "order_facts_money": "(currency is null) = (amount_minor is null)",
}
NEW = {
    "order_facts_refund_currency": "(currency is not null) = (kind = 'refund_paid')",
    "order_facts_lines": "lines is null or kind in ('order_delivered', 'order_changed')",
    "order_facts_complete": "complete is null or kind = 'order_delivered'",
    "order_facts_delivery_due_at": "delivery_due_at is null or kind = 'order_changed'",
}


def upgrade() -> None:
    op.add_column("orders", sa.Column("renews", sa.Text(), nullable=True), schema="orders")
    op.add_column("orders", sa.Column("customer_country", sa.Text(), nullable=True), schema="orders")
    _check("orders", {"orders_customer_country": "customer_country ~ '^[A-Z]{2}$'"})

    op.add_column("order_facts", sa.Column("complete", sa.Boolean(), nullable=True), schema="orders")
    due = sa.Column("delivery_due_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("order_facts", due, schema="orders")
    lines = sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    op.add_column("order_facts", lines, schema="orders")
    for name in BEFORE:
        op.drop_constraint(name, "order_facts", schema="orders")
    _check("order_facts", WIDENED | NEW)


def downgrade() -> None:
    op.execute("delete from orders.order_facts where kind = 'order_changed'")
    for name in (*WIDENED, *NEW):
        op.drop_constraint(name, "order_facts", schema="orders")
    for name in ("complete", "delivery_due_at", "lines"):
        op.drop_column("order_facts", name, schema="orders")
    _check("order_facts", BEFORE)
    for name in ("renews", "customer_country"):
        op.drop_column("orders", name, schema="orders")


def _check(table: str, conditions: dict[str, str]) -> None:
    """Each holds for new rows at once, and is then read over the old ones without a lock against writes."""
    for name, condition in conditions.items():
        op.execute(f"alter table orders.{table} add constraint {name} check ({condition}) not valid")
        op.execute(f"alter table orders.{table} validate constraint {name}")
