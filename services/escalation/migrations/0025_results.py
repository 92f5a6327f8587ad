"""Results of closed episodes, and notices of proven and relapsed saves

The version before closes episodes without a result, which no later fact contradicts. It cancels a notice of a result
that it finds due.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

online_safe = True  # a table that the version before does not know, and a column that it need not fill

_STATES = ("provisional", "proven", "relapsed", "lost", "won_back", "false_alarm", "missed", "undone")
_KINDS = ("address_failed", "last_device_gone", "save_proven", "save_relapsed")


def upgrade() -> None:
    text, instant = sa.Text(), sa.DateTime(timezone=True)
    op.create_table(
        "results",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("account_id", "order_id", "state", "by")),
        *(sa.Column(name, instant, nullable=False) for name in ("began_at", "closed_at", "changed_at")),
        *(sa.Column(name, text, nullable=False) for name in ("severity", "causes")),
        sa.Column("proof_due_at", instant, nullable=True),
        sa.Column("proof_was_due", sa.Boolean(), nullable=False),
        sa.Column("because", text, nullable=True),
        sa.Column("because_at", instant, nullable=True),
        sa.Column("because_id", sa.Uuid(), nullable=True),
        sa.Column("won_by", text, nullable=True),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ("follow_up", "shares_fate_of")),
        sa.CheckConstraint(f"state in {_STATES!r}", name="results_state"),
        sa.CheckConstraint(
            "(state in ('relapsed', 'missed')) = (because is not null) or state = 'undone'", name="results_because"
        ),
        sa.CheckConstraint("(state = 'won_back') = (won_by is not null)", name="results_won_by"),
        sa.ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        sa.PrimaryKeyConstraint("episode_id"),
        schema="escalation",
    )
    op.create_index("results_account", "results", ["account_id"], schema="escalation")
    op.create_index("results_changed_at", "results", ["changed_at"], schema="escalation")
    op.add_column("notices", sa.Column("episode_id", sa.Uuid(), nullable=True), schema="escalation")
    op.execute(
        "alter table escalation.notices drop constraint notices_kind, "
        f"add constraint notices_kind check (kind in {_KINDS!r}) not valid"
    )
    op.execute("alter table escalation.notices validate constraint notices_kind")


def downgrade() -> None:
    op.execute("delete from escalation.notices where kind in ('save_proven', 'save_relapsed')")
    op.execute(
        "alter table escalation.notices drop constraint notices_kind, "
        f"add constraint notices_kind check (kind in {_KINDS[:2]!r})"
    )
    op.drop_column("notices", "episode_id", schema="escalation")
    op.drop_table("results", schema="escalation")
