"""The journal tells by which version of the rules an input was decided; what is older has none."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

online_safe = True  # a column that the version before need not fill


def upgrade() -> None:
    op.add_column("journal", sa.Column("rules_version", sa.Integer(), nullable=True), schema="shared")


def downgrade() -> None:
    op.drop_column("journal", "rules_version", schema="shared")
