"""Notices say what does not arrive: mail at an address, or notifications on any device

The version before makes notices of addresses only. It cancels one of devices that it finds due.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

online_safe = True  # a column with a default, which the version before does not write


def upgrade() -> None:
    column = sa.Column("kind", sa.Text(), nullable=False, server_default="address_failed")
    op.add_column("notices", column, schema="escalation")
    op.execute(
        "alter table escalation.notices add constraint notices_kind "
        "check (kind in ('address_failed', 'last_device_gone')) not valid"
    )
    op.execute("alter table escalation.notices validate constraint notices_kind")


def downgrade() -> None:
    op.execute("delete from escalation.notices where kind <> 'address_failed'")
    op.drop_column("notices", "kind", schema="escalation")
