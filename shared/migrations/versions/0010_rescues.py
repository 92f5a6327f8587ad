"""Open save windows, as escalation publishes them"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

online_safe = True  # a table that the version before does not know


def upgrade() -> None:
    op.create_table(
        "rescues",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("episode_id"),
        schema="shared",
    )
    op.create_index("rescues_account", "rescues", ["account_id"], schema="shared")
    op.create_index("rescues_case", "rescues", ["case_id"], schema="shared")


def downgrade() -> None:
    op.drop_table("rescues", schema="shared")
