"""Why customers leave: their reason with a request, and the answers of the person who closed an episode as lost

The version before asks none of these questions: its losses have no row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill, and a table that it does not know

_CONTRIBUTED = ("expectation_not_discussed", "wrong_product", "unknown_duty", "nothing")


def upgrade() -> None:
    for table in ("facts", "signals"):
        op.add_column(table, sa.Column("reason_code", sa.Text(), nullable=True), schema="escalation")
    op.create_table(
        "losses",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("could_have", sa.Text(), nullable=True),
        sa.Column("contributed", sa.Text(), nullable=True),
        sa.Column("may_call_again", sa.Boolean(), nullable=True),
        sa.CheckConstraint(f"contributed in {_CONTRIBUTED!r}", name="losses_contributed"),
        sa.ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        sa.PrimaryKeyConstraint("episode_id"),
        schema="escalation",
    )
    op.create_index("losses_account", "losses", ["account_id"], schema="escalation")
    op.create_index(
        "episodes_lost",
        "episodes",
        ["closed_at"],
        schema="escalation",
        postgresql_where=sa.text("result = 'lost'"),
    )


def downgrade() -> None:
    op.drop_index("episodes_lost", table_name="episodes", schema="escalation")
    op.drop_table("losses", schema="escalation")
    for table in ("facts", "signals"):
        op.drop_column(table, "reason_code", schema="escalation")
