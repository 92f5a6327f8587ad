"""Accounts set aside: their records, and how often a timer was put off"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

online_safe = True  # a table that the version before does not know, and a column that it need not fill


def upgrade() -> None:
    op.create_table(
        "set_aside",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("lock_key", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("record_offset", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.Uuid(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("headers", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="shared",
    )
    op.create_index("set_aside_account", "set_aside", ["lock_key", "id"], schema="shared")
    op.create_index(
        "set_aside_position",
        "set_aside",
        ["topic", "partition", "record_offset", "topic_id"],
        unique=True,
        schema="shared",
        postgresql_nulls_not_distinct=True,
    )
    op.add_column("timers", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"), schema="shared")


def downgrade() -> None:
    op.drop_column("timers", "attempts", schema="shared")
    op.drop_table("set_aside", schema="shared")
