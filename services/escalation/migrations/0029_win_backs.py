"""Calls to lost customers, months after the loss, and an index of requests by their time

The version before plans none for the losses it closes, and an undo of it leaves the call of a loss planned.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

online_safe = True  # a table that the version before does not know, and an index; writers wait while it is made

_INSTANT = sa.DateTime(timezone=True)
_STATES = ("planned", "waits", "due", "won_back", "no", "lapsed", "bought_again", "must_not_be_called", "undone")
_OPEN = sa.text("check_at is not null")
_SHOWN = sa.text("state in ('due', 'waits')")
_REQUESTS = sa.text("kind in ('refund_requested', 'cancellation_requested')")


def upgrade() -> None:
    op.create_table(
        "win_backs",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("lost_at", _INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("loss_class", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("lapses_at", _INSTANT, nullable=False),
        sa.Column("check_at", _INSTANT, nullable=True),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("postponed", sa.Boolean(), nullable=False),
        sa.Column("waits_since", _INSTANT, nullable=True),
        sa.Column("losses", sa.Integer(), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(f"state in {_STATES!r}", name="win_backs_state"),
        sa.CheckConstraint("(check_at is not null) = (state in ('planned', 'waits', 'due'))", name="win_backs_open"),
        sa.CheckConstraint("waits_since is not null or state <> 'waits'", name="win_backs_waits_since"),
        sa.ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        sa.PrimaryKeyConstraint("episode_id"),
        schema="escalation",
    )
    op.create_index("win_backs_check_at", "win_backs", ["check_at"], schema="escalation", postgresql_where=_OPEN)
    op.create_index("win_backs_lost_at", "win_backs", ["lost_at"], schema="escalation")
    op.create_index("win_backs_shown", "win_backs", ["order_id"], schema="escalation", postgresql_where=_SHOWN)
    op.create_index("signals_requests", "signals", ["at"], schema="escalation", postgresql_where=_REQUESTS)


def downgrade() -> None:
    op.drop_index("signals_requests", table_name="signals", schema="escalation", postgresql_where=_REQUESTS)
    op.drop_table("win_backs", schema="escalation")
