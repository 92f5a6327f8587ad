"""What a customer insists on is found by the account, however many facts it has: Postgres before 18 skips no column"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

online_safe = True  # an index; writers wait while it is made

_INSISTING = sa.text("kind = 'customer_insists'")


def upgrade() -> None:
    op.create_index("facts_insisting", "facts", ["account_id"], schema="escalation", postgresql_where=_INSISTING)


def downgrade() -> None:
    op.drop_index("facts_insisting", table_name="facts", schema="escalation", postgresql_where=_INSISTING)
