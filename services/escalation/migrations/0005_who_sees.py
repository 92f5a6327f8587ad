"""Who sees an episode: the person it is offered to, and everyone notified before"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

online_safe = True  # indexes; writers wait while they are made


def upgrade() -> None:
    op.create_index(
        "episodes_offered_to",
        "episodes",
        ["offered_to"],
        schema="escalation",
        postgresql_where=sa.text("closed_at is null and offered_to is not null"),
    )
    op.create_index(
        "episodes_asked_again",
        "episodes",
        ["episode_id"],
        schema="escalation",
        postgresql_where=sa.text("closed_at is null and acknowledged_at is null and rings > 1"),
    )
