"""Which topic each stored offset is of: one that is deleted and created again keeps its name, not its id"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill


def upgrade() -> None:
    op.add_column("offsets", sa.Column("topic_id", sa.Uuid(), nullable=True), schema="shared")
    op.add_column("offsets", sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True), schema="shared")


def downgrade() -> None:
    op.drop_column("offsets", "begun_at", schema="shared")
    op.drop_column("offsets", "topic_id", schema="shared")
