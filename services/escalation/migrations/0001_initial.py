"""initial"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

online_safe = True  # nothing ran before it


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("reassignments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "case_id"),
        schema="escalation",
    )
    op.create_table(
        "episodes",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("salesperson", sa.Text(), nullable=True),
        sa.Column("responsible", sa.Text(), nullable=True),
        sa.Column("why_you", sa.Text(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rang", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(acknowledged_at is null) = (acknowledged_by is null)", name="episodes_acknowledged_by"),
        sa.PrimaryKeyConstraint("episode_id"),
        schema="escalation",
    )
    op.create_index("episodes_account", "episodes", ["account_id"], unique=False, schema="escalation")
    op.create_index(
        "episodes_one_open_per_order",
        "episodes",
        ["order_id"],
        unique=True,
        schema="escalation",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_index(
        "episodes_responsible",
        "episodes",
        ["responsible"],
        unique=False,
        schema="escalation",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("sold_by", sa.Text(), nullable=True),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("bought", sa.Text(), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=True),
        sa.Column("customer_phone", sa.Text(), nullable=True),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("customer_zone", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("order_id"),
        schema="escalation",
    )
    op.create_index("orders_account", "orders", ["account_id"], unique=False, schema="escalation")
    op.create_table(
        "salespeople",
        sa.Column("salesperson_id", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("manager", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("chat", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("working_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=True),
        sa.Column("successor_since", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("salesperson_id"),
        schema="escalation",
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("salesperson_id", sa.Text(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
        schema="escalation",
    )
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("salesperson_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
        schema="escalation",
    )
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("why_you", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["episode_id"],
            ["escalation.episodes.episode_id"],
        ),
        sa.PrimaryKeyConstraint("alert_id"),
        schema="escalation",
    )
    op.create_index("alerts_account", "alerts", ["account_id"], unique=False, schema="escalation")
    op.create_index("alerts_once_per_cause", "alerts", ["episode_id", "signal_id"], unique=True, schema="escalation")
    op.create_table(
        "signals",
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("names_order", sa.Text(), nullable=True),
        sa.Column("order_awaited_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("refund_kind", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["episode_id"],
            ["escalation.episodes.episode_id"],
        ),
        sa.PrimaryKeyConstraint("signal_id"),
        schema="escalation",
    )
    op.create_index("signals_episode", "signals", ["episode_id"], unique=False, schema="escalation")
    op.create_index(
        "signals_waiting",
        "signals",
        ["account_id"],
        unique=False,
        schema="escalation",
        postgresql_where=sa.text("episode_id is null"),
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unknown_count", sa.Integer(), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel in ('inbox', 'email')", name="deliveries_channel"),
        sa.CheckConstraint(
            "state in ('pending', 'sending', 'sent', 'held', 'unknown', 'failed', 'cancelled', 'expired', 'skipped')",
            name="deliveries_state",
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["escalation.alerts.alert_id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id"),
        schema="escalation",
    )
    op.create_index(
        "deliveries_moving",
        "deliveries",
        ["state"],
        unique=False,
        schema="escalation",
        postgresql_where=sa.text("state in ('pending', 'sending', 'held', 'unknown')"),
    )
    op.create_index(
        "deliveries_once_per_channel", "deliveries", ["alert_id", "channel"], unique=True, schema="escalation"
    )
    op.create_index(
        "deliveries_to_try",
        "deliveries",
        ["try_at"],
        unique=False,
        schema="escalation",
        postgresql_where=sa.text("state in ('pending', 'sending', 'unknown')"),
    )


def downgrade() -> None:
    op.drop_index(
        "deliveries_to_try",
        table_name="deliveries",
        schema="escalation",
        postgresql_where=sa.text("state in ('pending', 'sending', 'unknown')"),
    )
    op.drop_index(
        "deliveries_moving",
        table_name="deliveries",
        schema="escalation",
        postgresql_where=sa.text("state in ('pending', 'sending', 'held', 'unknown')"),
    )
    op.drop_index("deliveries_once_per_channel", table_name="deliveries", schema="escalation")
    op.drop_table("deliveries", schema="escalation")
    op.drop_index(
        "signals_waiting",
        table_name="signals",
        schema="escalation",
        postgresql_where=sa.text("episode_id is null"),
    )
    op.drop_index("signals_episode", table_name="signals", schema="escalation")
    op.drop_table("signals", schema="escalation")
    op.drop_index("alerts_account", table_name="alerts", schema="escalation")
    op.drop_index("alerts_once_per_cause", table_name="alerts", schema="escalation")
    op.drop_table("alerts", schema="escalation")
    op.drop_table("sign_in_links", schema="escalation")
    op.drop_table("sessions", schema="escalation")
    op.drop_table("salespeople", schema="escalation")
    op.drop_index("orders_account", table_name="orders", schema="escalation")
    op.drop_table("orders", schema="escalation")
    op.drop_index(
        "episodes_responsible",
        table_name="episodes",
        schema="escalation",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.drop_index(
        "episodes_one_open_per_order",
        table_name="episodes",
        schema="escalation",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.drop_index("episodes_account", table_name="episodes", schema="escalation")
    op.drop_table("episodes", schema="escalation")
    op.drop_table("cases", schema="escalation")
