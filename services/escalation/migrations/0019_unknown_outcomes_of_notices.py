"""How often it stayed unknown whether a notice was accepted: that alone gives it up, not a mail server that is away

The version before counts none, and gives up after fifty attempts of any outcome.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

online_safe = True  # columns with a default, which the version before does not write

_TABLES = ("address_notices", "notices")


def upgrade() -> None:
    for table in _TABLES:
        column = sa.Column("unknown_count", sa.Integer(), nullable=False, server_default=sa.text("0"))
        op.add_column(table, column, schema="escalation")


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "unknown_count", schema="escalation")
