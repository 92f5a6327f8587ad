"""An appointment stays with its episode though something new has happened, and a talk is then due sooner

The version before drops the appointment instead, and sets nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

online_safe = True  # a column with a default, which the version before does not write


def upgrade() -> None:
    op.add_column(
        "episodes",
        sa.Column("talk_due_sooner", sa.Boolean(), nullable=False, server_default=sa.false()),
        schema="escalation",
    )


def downgrade() -> None:
    op.drop_column("episodes", "talk_due_sooner", schema="escalation")
