"""Devices that receive notifications, what they show, and deliveries of alerts to them

The version before adds no device, so no delivery to one is made while only that version runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

online_safe = True  # tables that the version before does not know, and a check that is wider than its own

_SECRETS = "endpoint, endpoint_hash, p256dh, auth, press_key"
_IS_LIVE = (
    f"case when ended_at is null then num_nulls({_SECRETS}) = 0 else num_nonnulls({_SECRETS}, session_hash) = 0 end"
)


def upgrade() -> None:
    op.create_table(
        "push_devices",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("salesperson_id", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=True),
        sa.Column("endpoint_hash", sa.LargeBinary(), nullable=True),
        sa.Column("p256dh", sa.Text(), nullable=True),
        sa.Column("auth", sa.Text(), nullable=True),
        sa.Column("press_key", sa.LargeBinary(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("key_fingerprint", sa.Text(), nullable=False),
        sa.Column("session_hash", sa.LargeBinary(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (ended_because is null)", name="push_devices_ended"),
        sa.CheckConstraint(_IS_LIVE, name="push_devices_secrets"),
        sa.PrimaryKeyConstraint("device_id"),
        schema="escalation",
    )
    op.create_index(
        "push_devices_once",
        "push_devices",
        ["endpoint_hash"],
        unique=True,
        schema="escalation",
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index("push_devices_of", "push_devices", ["salesperson_id", "added_at"], schema="escalation")
    op.create_index(
        "push_devices_in",
        "push_devices",
        ["session_hash"],
        schema="escalation",
        postgresql_where=sa.text("session_hash is not null"),
    )
    op.create_table(
        "shown_notifications",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("salesperson_id", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id"),
        schema="escalation",
    )
    op.create_index("shown_notifications_of", "shown_notifications", ["salesperson_id", "tag"], schema="escalation")
    op.create_index("shown_notifications_since", "shown_notifications", ["shown_at"], schema="escalation")
    _check_channel("'inbox', 'email', 'push'")


def downgrade() -> None:
    op.execute("delete from escalation.deliveries where channel = 'push'")
    _check_channel("'inbox', 'email'")
    op.drop_table("shown_notifications", schema="escalation")
    op.drop_table("push_devices", schema="escalation")


def _check_channel(names: str) -> None:
    """It holds for new rows at once, and is then read over the old ones."""
    op.drop_constraint("deliveries_channel", "deliveries", schema="escalation")
    op.execute(
        f"alter table escalation.deliveries add constraint deliveries_channel check (channel in ({names})) not valid"
    )
    op.execute("alter table escalation.deliveries validate constraint deliveries_channel")
