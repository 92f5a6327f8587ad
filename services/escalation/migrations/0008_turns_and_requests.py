"""Whose turn it is on a case, lines of one conversation, and by what a request is known when it is told again

What was told before this has none of it, and counts as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXTS = ("currency", "waiting_for", "conversation", "said", "asked_by")


def upgrade() -> None:
    op.add_column("facts", sa.Column("amount_minor", sa.BigInteger(), nullable=True), schema="escalation")
    for name in _TEXTS:
        op.add_column("facts", sa.Column(name, sa.Text(), nullable=True), schema="escalation")


def downgrade() -> None:
    for name in ("amount_minor", *_TEXTS):
        op.drop_column("facts", name, schema="escalation")
