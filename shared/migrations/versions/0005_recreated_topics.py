"""Topics deleted and created again, until what nobody had read of them was published again"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

online_safe = True  # a table that the version before does not know


def upgrade() -> None:
    op.create_table(
        "recreated_topics",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unread_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("topic"),
        schema="shared",
    )


def downgrade() -> None:
    op.drop_table("recreated_topics", schema="shared")
