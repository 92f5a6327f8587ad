"""Dead letters that a person dismissed, because they will never be applied"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True), schema="shared")
    op.add_column("dead_letters", sa.Column("dismissed_by", sa.Text(), nullable=True), schema="shared")
    op.add_column("dead_letters", sa.Column("dismissed_why", sa.Text(), nullable=True), schema="shared")


def downgrade() -> None:
    for column in ("dismissed_why", "dismissed_by", "dismissed_at"):
        op.drop_column("dead_letters", column, schema="shared")
