"""A person changes: appointments pass to the next acknowledger, and episodes with nobody to notify are known"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

online_safe = True  # columns that may be empty

_INSTANT = sa.DateTime(timezone=True)
_NOBODY = sa.text("closed_at is null and nobody_since is not null")


def upgrade() -> None:
    op.add_column("episodes", sa.Column("appointment_at", _INSTANT, nullable=True), schema="escalation")
    op.add_column("episodes", sa.Column("nobody_since", _INSTANT, nullable=True), schema="escalation")
    op.create_index(
        "episodes_nobody_to_ask", "episodes", ["nobody_since"], schema="escalation", postgresql_where=_NOBODY
    )


def downgrade() -> None:
    op.drop_index("episodes_nobody_to_ask", table_name="episodes", schema="escalation", postgresql_where=_NOBODY)
    op.drop_column("episodes", "nobody_since", schema="escalation")
    op.drop_column("episodes", "appointment_at", schema="escalation")
