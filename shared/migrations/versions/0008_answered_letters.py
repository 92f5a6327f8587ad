"""Whether the publisher of a dead letter had the refusal as the answer to its request"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

online_safe = True  # a column that the version before leaves at its default

# Of those kept before, what has no position and one of these codes was refused over HTTP; of other codes that is not
# known, for what waited first has no position either.
_ANSWERED = """
    update shared.dead_letters set answered = true
    where partition is null and code in ('id_reused', 'time_ahead', 'not_applicable')
"""


def upgrade() -> None:
    column = sa.Column("answered", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    op.add_column("dead_letters", column, schema="shared")
    op.execute(_ANSWERED)


def downgrade() -> None:
    op.drop_column("dead_letters", "answered", schema="shared")
