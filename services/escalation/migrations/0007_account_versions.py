"""Each state of an account has a version, by which a process knows whether what it has in memory is what is stored

An account without a version is read anew with each batch until something of it changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

online_safe = False  # the version before changes accounts without a new version: processes beside it would not notice


def upgrade() -> None:
    op.create_table(
        "account_versions",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="account_versions_pkey"),
        schema="escalation",
    )


def downgrade() -> None:
    op.drop_table("account_versions", schema="escalation")
