"""judgement: the facts that signals are found from, severity, the ladder, proof of contact, closing, and reasons

Signals of before stand for themselves: no fact is known that they began with, so nothing but people ends them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

online_safe = False  # columns that code from before does not fill, and rows it would not understand

_INSTANT = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_NUMBER_ALERTS = """
    update escalation.alerts a set ring = numbered.ring
    from (
        select alert_id, row_number() over (partition by episode_id order by raised_at, alert_id) as ring
        from escalation.alerts
    ) numbered
    where numbered.alert_id = a.alert_id
"""
_FORGET_LATER_RINGS = """
    with later as (
        select alert_id from escalation.alerts a where exists (
            select from escalation.alerts b
            where b.episode_id = a.episode_id and b.signal_id = a.signal_id and b.ring < a.ring)
    ), undelivered as (
        delete from escalation.deliveries where alert_id in (select alert_id from later)
    )
    delete from escalation.alerts where alert_id in (select alert_id from later)
"""
_ADDED = {
    "alerts": "ring step cause severity policy_version",
    "episodes": "severity policy_version rings step repeats deadline_at deadline_for attempts reached_at offered_to "
    "offered_until exhausted_at closed_by result reason follows",
    "orders": "segment products corrected_at",
    "salespeople": "backup away days_off country region rings_off_hours",
    "signals": "fact_id policy_version by_silence ended ended_at ended_because",
}
_COUNT_RINGS = """
    update escalation.episodes e set rings = (
        select count(*) from escalation.alerts a where a.episode_id = e.episode_id)
"""


def upgrade() -> None:
    _make_accounts()
    _make_decisions()
    _make_facts()
    _add_to_alerts()
    _add_to_episodes()
    _add_to_signals()
    for column in (
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("products", _JSON, nullable=False, server_default="[]"),
        sa.Column("corrected_at", _INSTANT, nullable=True),
    ):
        _add("orders", column)
    for column in (
        sa.Column("backup", sa.Text(), nullable=True),
        sa.Column("away", _JSON, nullable=False, server_default="[]"),
        sa.Column("days_off", _JSON, nullable=False, server_default="[]"),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("rings_off_hours", sa.Boolean(), nullable=False, server_default="false"),
    ):
        _add("salespeople", column)
    op.drop_column("cases", "reassignments", schema="escalation")
    op.drop_index("deliveries_to_try", table_name="deliveries", schema="escalation")
    op.create_index(
        "deliveries_to_try",
        "deliveries",
        ["try_at"],
        unique=False,
        schema="escalation",
        postgresql_where=sa.text("state in ('pending', 'sending', 'held', 'unknown')"),
    )


def downgrade() -> None:
    """Delete the later alerts of a signal: the earlier tables have one alert a signal."""
    op.execute(_FORGET_LATER_RINGS)
    for table in ("accounts", "decisions", "facts"):
        op.drop_table(table, schema="escalation")
    for table, index in (("alerts", "alerts_once_per_ring"), ("episodes", "episodes_order")):
        op.drop_index(index, table_name=table, schema="escalation")
    for index in ("signals_account", "signals_waiting"):
        op.drop_index(index, table_name="signals", schema="escalation")
    for table, names in _ADDED.items():
        for name in names.split():
            op.drop_column(table, name, schema="escalation")
    op.create_index("alerts_once_per_cause", "alerts", ["episode_id", "signal_id"], unique=True, schema="escalation")
    waiting = sa.text("episode_id is null")
    op.create_index("signals_waiting", "signals", ["account_id"], schema="escalation", postgresql_where=waiting)
    _add("cases", sa.Column("reassignments", sa.Integer(), nullable=False, server_default="0"))


def _add(table: str, column: sa.Column[Any]) -> None:
    """Add a column; its default is for the rows that are there already."""
    op.add_column(table, column, schema="escalation")
    if column.server_default is not None:
        op.alter_column(table, column.name, server_default=None, schema="escalation")


def _make_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("assigned_to", sa.Text(), nullable=True),
        sa.Column("assigned_since", sa.Date(), nullable=True),
        sa.Column("assigned_at", _INSTANT, nullable=True),
        sa.Column("preference", sa.Text(), nullable=False),
        sa.Column("preference_at", _INSTANT, nullable=True),
        sa.CheckConstraint("(assigned_to is null) = (assigned_at is null)", name="accounts_assigned_at"),
        sa.CheckConstraint("(assigned_to is null) = (assigned_since is null)", name="accounts_assigned_since"),
        sa.PrimaryKeyConstraint("account_id"),
        schema="escalation",
    )


def _make_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("signal_id", sa.Uuid(), nullable=True),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("policy_path", sa.Text(), nullable=True),
        sa.Column("cause_type", sa.Text(), nullable=True),
        sa.Column("cause_source", sa.Text(), nullable=True),
        sa.Column("cause_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("decision_id"),
        schema="escalation",
    )
    op.create_index("decisions_account", "decisions", ["account_id"], unique=False, schema="escalation")
    op.create_index("decisions_episode", "decisions", ["episode_id"], unique=False, schema="escalation")


def _make_facts() -> None:
    op.create_table(
        "facts",
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("courtesy", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("due_at", _INSTANT, nullable=True),
        sa.Column("what", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("fact_id"),
        schema="escalation",
    )
    op.create_index("facts_account", "facts", ["account_id"], unique=False, schema="escalation")


def _add_to_alerts() -> None:
    for column in (
        sa.Column("ring", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("step", sa.Text(), nullable=False, server_default="seller"),
        sa.Column("cause", sa.Text(), nullable=False, server_default="signal"),
        sa.Column("severity", sa.Text(), nullable=False, server_default="high"),
        sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1"),
    ):
        _add("alerts", column)
    op.execute(_NUMBER_ALERTS)
    op.drop_index("alerts_once_per_cause", table_name="alerts", schema="escalation")
    op.create_index("alerts_once_per_ring", "alerts", ["episode_id", "ring"], unique=True, schema="escalation")


def _add_to_episodes() -> None:
    for column in (
        sa.Column("severity", sa.Text(), nullable=False, server_default="high"),
        sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("rings", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("deadline_at", _INSTANT, nullable=True),
        sa.Column("deadline_for", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reached_at", _INSTANT, nullable=True),
        sa.Column("offered_to", sa.Text(), nullable=True),
        sa.Column("offered_until", _INSTANT, nullable=True),
        sa.Column("exhausted_at", _INSTANT, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("follows", sa.Uuid(), nullable=True),
    ):
        _add("episodes", column)
    op.execute(_COUNT_RINGS)
    op.create_index("episodes_order", "episodes", ["order_id"], unique=False, schema="escalation")
    for name, condition in (
        ("deadline", "(deadline_at is null) = (deadline_for is null)"),
        ("offered", "(offered_to is null) = (offered_until is null)"),
        ("result", "(closed_at is null) = (result is null)"),
        ("reason", "(closed_at is null) = (reason is null)"),
        ("closed_is_quiet", "closed_at is null or deadline_at is null"),
        ("severity", "severity in ('watch', 'high', 'critical')"),
    ):
        op.create_check_constraint(f"episodes_{name}", "episodes", condition, schema="escalation")


def _add_to_signals() -> None:
    for column in (
        sa.Column("fact_id", sa.Uuid(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("by_silence", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
    ):
        _add("signals", column)
    op.execute("update escalation.signals set fact_id = signal_id")
    op.alter_column("signals", "fact_id", nullable=False, schema="escalation")
    op.drop_index("signals_waiting", table_name="signals", schema="escalation")
    op.create_index(
        "signals_waiting",
        "signals",
        ["seen_at"],
        unique=False,
        schema="escalation",
        postgresql_where=sa.text("episode_id is null and ended is null"),
    )
    op.create_index("signals_account", "signals", ["account_id"], unique=False, schema="escalation")
    for name, condition in (
        ("ended", "ended in ('cleared', 'withdrawn')"),
        ("ended_at", "(ended is null) = (ended_at is null)"),
        ("ended_because", "(ended is null) = (ended_because is null)"),
    ):
        op.create_check_constraint(f"signals_{name}", "signals", condition, schema="escalation")
