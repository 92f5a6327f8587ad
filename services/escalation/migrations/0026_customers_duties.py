"""Promises that customers made themselves are found by their due time, as ours are"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

online_safe = True  # an index; writers wait while it is made

_CUSTOMER_DUTIES = sa.text("kind = 'customer_duty'")


def upgrade() -> None:
    op.create_index(
        "facts_customer_duties", "facts", ["due_at"], schema="escalation", postgresql_where=_CUSTOMER_DUTIES
    )


def downgrade() -> None:
    op.drop_index("facts_customer_duties", table_name="facts", schema="escalation", postgresql_where=_CUSTOMER_DUTIES)
