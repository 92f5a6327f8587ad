"""Since when a talk is due: after the reminder of an appointment, an earlier talk or attempt no longer counts for it

The version before sets nothing: for its reminders any talk since the acknowledgement counts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

online_safe = True  # a column that the version before need not fill


def upgrade() -> None:
    op.add_column(
        "episodes",
        sa.Column("talk_due_since", sa.DateTime(timezone=True), nullable=True),
        schema="escalation",
    )


def downgrade() -> None:
    op.drop_column("episodes", "talk_due_since", schema="escalation")
