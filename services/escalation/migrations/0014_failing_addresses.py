"""Addresses to which mail does not arrive, and messages that tell of them

The version before sets none and sends none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill, and a table that it does not know

_STATES = ("pending", "sending", "sent", "failed", "cancelled")


def upgrade() -> None:
    op.add_column(
        "salespeople", sa.Column("email_failed_at", sa.DateTime(timezone=True), nullable=True), schema="escalation"
    )
    op.add_column("salespeople", sa.Column("email_failed_because", sa.Text(), nullable=True), schema="escalation")
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"state in {_STATES!r}", name="notices_state"),
        sa.PrimaryKeyConstraint("notice_id"),
        schema="escalation",
    )
    op.create_index(
        "notices_to_try",
        "notices",
        ["try_at"],
        schema="escalation",
        postgresql_where=sa.text("state in ('pending', 'sending')"),
    )


def downgrade() -> None:
    op.drop_table("notices", schema="escalation")
    op.drop_column("salespeople", "email_failed_because", schema="escalation")
    op.drop_column("salespeople", "email_failed_at", schema="escalation")
