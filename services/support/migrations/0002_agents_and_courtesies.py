"""Who of us made a contact, and which contacts are a courtesy."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

online_safe = True  # columns that the version before need not fill


def upgrade() -> None:
    op.add_column("contacts", sa.Column("agent", sa.Text(), nullable=True), schema="support")
    op.add_column("contacts", sa.Column("courtesy", sa.Text(), nullable=True), schema="support")
    courtesies = "courtesy in ('thanks', 'automatic_reply')"
    op.create_check_constraint("contacts_courtesy", "contacts", courtesies, schema="support")


def downgrade() -> None:
    op.drop_column("contacts", "courtesy", schema="support")
    op.drop_column("contacts", "agent", schema="support")
