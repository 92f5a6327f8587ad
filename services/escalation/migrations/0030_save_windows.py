"""Save windows: until when a colleague calls a customer who asked for a refund or a cancellation

The version before neither reads nor writes them: its open episodes get one with their next event, if time is left.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

online_safe = True  # a table that the version before does not know

_ENDS = (
    *("executed", "withdrawn", "customer_insists", "must_not_be_called"),
    *("saved", "lost", "not_ours", "cause_gone", "time_up"),
)
_INSTANT = sa.DateTime(timezone=True)
_CHECKS = {"ended": f"ended in {_ENDS!r}", "ended_at": "(ended is null) = (ended_at is null)"}


def upgrade() -> None:
    op.create_table(
        "save_windows",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("requested_at", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("call_at", _INSTANT, nullable=True),
        sa.Column("reached_at", _INSTANT, nullable=True),
        *(sa.CheckConstraint(condition, name=f"save_windows_{name}") for name, condition in _CHECKS.items()),
        sa.ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        sa.PrimaryKeyConstraint("episode_id"),
        schema="escalation",
    )
    is_open = sa.text("ended is null")
    op.create_index("save_windows_open", "save_windows", ["account_id"], schema="escalation", postgresql_where=is_open)
    op.create_index("save_windows_account", "save_windows", ["account_id"], schema="escalation")


def downgrade() -> None:
    op.drop_table("save_windows", schema="escalation")
