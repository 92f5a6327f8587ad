"""The turn on a case, the conversation of a line, and digests that recognise a repeated request

Earlier facts have none of it, and count as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill

_TEXTS = ("waiting_for", "conversation", "said", "asked_by")


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("facts", sa.Column(name, sa.Text(), nullable=True), schema="escalation")


def downgrade() -> None:
    for name in _TEXTS:
        op.drop_column("facts", name, schema="escalation")
