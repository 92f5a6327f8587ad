"""A case is found by its id alone: agents and help desks do not always know the account"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

online_safe = True  # an index; writers wait while it is made


def upgrade() -> None:
    op.create_index("cases_case", "cases", ["case_id"], schema="support")


def downgrade() -> None:
    op.drop_index("cases_case", table_name="cases", schema="support")
