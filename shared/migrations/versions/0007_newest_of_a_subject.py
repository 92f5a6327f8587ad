"""The newest entries of the journal about one subject, found without reading all of them"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

online_safe = True  # an index; writers wait while it is made


def upgrade() -> None:
    op.drop_index("journal_subject", table_name="journal", schema="shared")
    op.create_index("journal_subject", "journal", ["subject", "at", "position"], schema="shared")


def downgrade() -> None:
    op.drop_index("journal_subject", table_name="journal", schema="shared")
    op.create_index("journal_subject", "journal", ["subject"], schema="shared")
