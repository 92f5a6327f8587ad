"""Whether an attempt moved the deadline of a talk: its expiry then cites another line of the policy

The version before sets nothing: its expiries cite the line of the acknowledgement.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

online_safe = True  # a column that the version before need not fill


def upgrade() -> None:
    op.add_column(
        "episodes",
        sa.Column("deadline_extended", sa.Boolean(), nullable=False, server_default=sa.false()),
        schema="escalation",
    )


def downgrade() -> None:
    op.drop_column("episodes", "deadline_extended", schema="escalation")
