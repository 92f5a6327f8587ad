"""An order's lines and amount as reported last, the order whose seller a renewal has, and a customer's country"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

online_safe = True  # only columns that may be empty

_INSTANT = sa.DateTime(timezone=True)
_ADDED: dict[str, Any] = {
    "customer_country": sa.Text(),
    "inherits_from": sa.Text(),
    "quantities": postgresql.JSONB(astext_type=sa.Text()),
    "lines_changed_at": _INSTANT,
    "amount_changed_at": _INSTANT,
}


def upgrade() -> None:
    for name, kind in _ADDED.items():
        op.add_column("orders", sa.Column(name, kind, nullable=True), schema="escalation")


def downgrade() -> None:
    op.execute("delete from escalation.facts where kind in ('order_changed', 'order_lines')")
    for name in _ADDED:
        op.drop_column("orders", name, schema="escalation")
