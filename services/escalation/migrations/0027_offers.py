"""Offers to customers, with pending requests to approve one, and up to which amounts a person may approve them

The version before neither reads nor writes them: a request that falls due meanwhile stays pending until an answer.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

online_safe = True  # a column that may be empty, and a table that the version before does not know

_STATES = ("made", "pending", "approved", "declined", "withdrawn")
_INSTANT = sa.DateTime(timezone=True)
_CHECKS = {
    "state": f"state in {_STATES!r}",
    "amount": "amount_minor >= 0",
    "asked": "(state = 'pending') = (asked is not null and asked_step is not null and until is not null)",
    "agreed": "(state in ('made', 'approved')) = (agreed_minor is not null)",
    "answered": "(state in ('made', 'pending')) = (answered_at is null)",
}


def upgrade() -> None:
    column = sa.Column("approves_up_to", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    op.add_column("salespeople", column, schema="escalation")
    op.create_table(
        "offers",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("agreed_minor", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.Text(), nullable=True),
        sa.Column("asked_step", sa.Text(), nullable=True),
        sa.Column("until", _INSTANT, nullable=True),
        sa.Column("answered_at", _INSTANT, nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=True),
        *(sa.CheckConstraint(condition, name=f"offers_{name}") for name, condition in _CHECKS.items()),
        sa.ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        sa.PrimaryKeyConstraint("offer_id"),
        schema="escalation",
    )
    op.create_index("offers_account", "offers", ["account_id"], schema="escalation")
    op.create_index("offers_episode", "offers", ["episode_id"], schema="escalation")
    pending = sa.text("state = 'pending'")
    op.create_index("offers_asked", "offers", ["asked"], schema="escalation", postgresql_where=pending)
    op.create_index(
        "offers_one_pending", "offers", ["episode_id"], unique=True, schema="escalation", postgresql_where=pending
    )


def downgrade() -> None:
    op.drop_table("offers", schema="escalation")
    op.drop_column("salespeople", "approves_up_to", schema="escalation")
