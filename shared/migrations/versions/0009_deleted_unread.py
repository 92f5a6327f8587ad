"""Records that Kafka deleted before they were read, until they were published again"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

online_safe = True  # a table and a nullable column that the version before does not know


def upgrade() -> None:
    op.add_column("offsets", sa.Column("whole_to", sa.BigInteger(), nullable=True), schema="shared")
    op.create_table(
        "deleted_unread",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unread_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("topic"),
        schema="shared",
    )


def downgrade() -> None:
    op.drop_table("deleted_unread", schema="shared")
    op.drop_column("offsets", "whole_to", schema="shared")
