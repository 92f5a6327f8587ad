"""Figures: looks at another person's figures, and indexes to read a team's episodes and the first talks of each

The version before neither reads nor writes them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

online_safe = True  # a table that the version before does not know, and indexes; writers wait while these are made

_OF_TALKS = sa.text("rule in ('acknowledged', 'attempt', 'reached', 'taken_over')")


def upgrade() -> None:
    op.create_table(
        "figure_looks",
        sa.Column("look_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("look_id"),
        schema="escalation",
    )
    op.create_index("figure_looks_of", "figure_looks", ["whose", "looked_at"], schema="escalation")
    op.create_index("episodes_sold_by", "episodes", ["salesperson", "raised_at"], schema="escalation")
    op.create_index(
        "decisions_talks",
        "decisions",
        ["episode_id", "rule", "at", "who"],
        schema="escalation",
        postgresql_where=_OF_TALKS,
    )


def downgrade() -> None:
    op.drop_index("decisions_talks", table_name="decisions", schema="escalation")
    op.drop_index("episodes_sold_by", table_name="episodes", schema="escalation")
    op.drop_table("figure_looks", schema="escalation")
