"""The clock at an episode's close, for an undo of the close, and notes

The version before sets none of it: an episode that it closes reopens without its clock, and a proof is due again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill, and a table that it does not know

_ABOUT = ("attempt", "talk", "hand_over", "close")


def upgrade() -> None:
    for name in ("stopped_deadline_at", "stopped_appointment_at"):
        op.add_column("episodes", sa.Column(name, sa.DateTime(timezone=True), nullable=True), schema="escalation")
    op.add_column("episodes", sa.Column("stopped_deadline_for", sa.Text(), nullable=True), schema="escalation")
    op.create_table(
        "notes",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint(f"about in {_ABOUT!r}", name="notes_about"),
        sa.ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        sa.PrimaryKeyConstraint("note_id"),
        schema="escalation",
    )
    op.create_index("notes_episode", "notes", ["episode_id"], schema="escalation")
    op.create_index("notes_account", "notes", ["account_id"], schema="escalation")


def downgrade() -> None:
    op.drop_table("notes", schema="escalation")
    for name in ("stopped_deadline_at", "stopped_deadline_for", "stopped_appointment_at"):
        op.drop_column("episodes", name, schema="escalation")
