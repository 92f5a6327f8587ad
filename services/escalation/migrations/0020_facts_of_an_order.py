"""The facts of one order, of some kinds, found without reading all of its account's"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

online_safe = True  # an index; writers wait while it is made


def upgrade() -> None:
    op.drop_index("facts_account", table_name="facts", schema="escalation")
    op.create_index("facts_account", "facts", ["account_id", "order_id", "kind"], schema="escalation")


def downgrade() -> None:
    op.drop_index("facts_account", table_name="facts", schema="escalation")
    op.create_index("facts_account", "facts", ["account_id"], schema="escalation")
