"""How much was paid back, and by which version of the rules a decision was made; what is older does not say."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill


def upgrade() -> None:
    op.add_column("facts", sa.Column("amount_minor", sa.BigInteger(), nullable=True), schema="escalation")
    op.add_column("facts", sa.Column("currency", sa.Text(), nullable=True), schema="escalation")
    op.add_column("decisions", sa.Column("rules_version", sa.Integer(), nullable=True), schema="escalation")


def downgrade() -> None:
    op.drop_column("decisions", "rules_version", schema="escalation")
    op.drop_column("facts", "currency", schema="escalation")
    op.drop_column("facts", "amount_minor", schema="escalation")
