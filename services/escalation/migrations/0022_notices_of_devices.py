"""Notices say what does not arrive: mail at an address, or notifications on any device

The version before makes notices of addresses only. It cancels one of devices that it finds due.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill


def upgrade() -> None:
    column = sa.Column("kind", sa.Text(), nullable=False, server_default="address_failed")
    op.add_column("notices", column, schema="escalation")
    op.execute(
        "alter table escalation.notices add constraint notices_kind "
        "check (kind in ('address_failed', 'last_device_gone')) not valid"
    )
    op.execute("alter table escalation.notices validate constraint notices_kind")
    reported = sa.Column("loss_reported_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("push_devices", reported, schema="escalation")
    op.create_index(
        "push_devices_lost",
        "push_devices",
        ["salesperson_id"],
        schema="escalation",
        postgresql_where=sa.text("ended_because = 'gone' and loss_reported_at is null"),
    )


def downgrade() -> None:
    op.drop_column("push_devices", "loss_reported_at", schema="escalation")
    op.execute("delete from escalation.notices where kind <> 'address_failed'")
    op.drop_column("notices", "kind", schema="escalation")
