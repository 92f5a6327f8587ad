"""Since when a session is open: it is prolonged by use, up to an age

A session of the version before has been open since its end less the time that sessions last unused.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

online_safe = True  # a column that the version before need not fill


def upgrade() -> None:
    op.add_column("sessions", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True), schema="escalation")


def downgrade() -> None:
    op.drop_column("sessions", "opened_at", schema="escalation")
