"""Duties of a sale: when it was reported, when its outcome is expected, and an index of one person's

Earlier sales count as reported now, so old sales make no duties.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

online_safe = False  # an instant of each sale that the version before does not fill in

_INSTANT = sa.DateTime(timezone=True)
_ASSIGNED = sa.text("assigned_to is not null")
_PROMISES = sa.text("kind = 'promise'")


def upgrade() -> None:
    op.add_column("orders", sa.Column("outcome_expected_by", _INSTANT, nullable=True), schema="escalation")
    now = sa.text("shared.app_now()")
    op.add_column("orders", sa.Column("seen_at", _INSTANT, nullable=False, server_default=now), schema="escalation")
    op.alter_column("orders", "seen_at", server_default=None, schema="escalation")
    op.create_index("orders_sold_by", "orders", ["sold_by"], schema="escalation")
    op.create_index(
        "accounts_assigned_to", "accounts", ["assigned_to"], schema="escalation", postgresql_where=_ASSIGNED
    )
    op.create_index("facts_promises", "facts", ["due_at"], schema="escalation", postgresql_where=_PROMISES)


def downgrade() -> None:
    op.drop_index("facts_promises", table_name="facts", schema="escalation", postgresql_where=_PROMISES)
    op.drop_index("accounts_assigned_to", table_name="accounts", schema="escalation", postgresql_where=_ASSIGNED)
    op.drop_index("orders_sold_by", table_name="orders", schema="escalation")
    op.drop_column("orders", "seen_at", schema="escalation")
    op.drop_column("orders", "outcome_expected_by", schema="escalation")
