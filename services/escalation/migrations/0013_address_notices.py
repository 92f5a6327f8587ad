"""Notices to old and new addresses that a person's address was changed"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

online_safe = True  # a table that the version before does not know


def upgrade() -> None:
    op.create_table(
        "address_notices",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("salesperson_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("other", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('pending', 'sending', 'sent', 'failed')", name="address_notices_state"),
        sa.CheckConstraint("address is not null or state in ('sent', 'failed')", name="address_notices_address"),
        sa.PrimaryKeyConstraint("notice_id"),
        schema="escalation",
    )
    op.create_index(
        "address_notices_to_try",
        "address_notices",
        ["try_at"],
        schema="escalation",
        postgresql_where=sa.text("state in ('pending', 'sending')"),
    )


def downgrade() -> None:
    op.drop_table("address_notices", schema="escalation")
