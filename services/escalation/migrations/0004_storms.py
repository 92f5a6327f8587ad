"""What one person is sent: by recipient, and in which list"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

online_safe = False  # a recipient that the version before does not fill in

_NAME_RECIPIENTS = """
    update escalation.deliveries d set recipient = a.recipient from escalation.alerts a where a.alert_id = d.alert_id
"""
_WAITING = sa.text("state in ('pending', 'held', 'unknown')")
_SENT = sa.text("channel <> 'inbox' and state in ('sending', 'sent', 'unknown')")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("recipient", sa.Text(), nullable=True), schema="escalation")
    op.add_column("deliveries", sa.Column("list_id", sa.Uuid(), nullable=True), schema="escalation")
    op.execute(_NAME_RECIPIENTS)
    op.alter_column("deliveries", "recipient", nullable=False, schema="escalation")
    op.create_index(
        "deliveries_due_for",
        "deliveries",
        ["recipient", "try_at"],
        unique=False,
        schema="escalation",
        postgresql_where=_WAITING,
    )
    op.create_index(
        "deliveries_sent_to",
        "deliveries",
        ["recipient", "changed_at"],
        unique=False,
        schema="escalation",
        postgresql_where=_SENT,
    )


def downgrade() -> None:
    op.drop_index("deliveries_sent_to", table_name="deliveries", schema="escalation", postgresql_where=_SENT)
    op.drop_index("deliveries_due_for", table_name="deliveries", schema="escalation", postgresql_where=_WAITING)
    op.drop_column("deliveries", "list_id", schema="escalation")
    op.drop_column("deliveries", "recipient", schema="escalation")
