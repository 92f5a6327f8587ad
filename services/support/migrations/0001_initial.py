"""initial"""

import sqlalchemy as sa
from alembic import op

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
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_by", sa.Text(), nullable=False),
        sa.Column("reassignments", sa.Integer(), nullable=False),
        sa.Column("reassigned_by", sa.Text(), nullable=True),
        sa.Column("assigned_to", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("person_name", sa.Text(), nullable=True),
        sa.Column("person_phone", sa.Text(), nullable=True),
        sa.Column("person_email", sa.Text(), nullable=True),
        sa.CheckConstraint("(reassignments = 0) = (reassigned_by is null)", name="cases_reassigned_by"),
        sa.CheckConstraint("assigned_to is null or reassignments > 0", name="cases_assigned_to"),
        sa.CheckConstraint("octet_length(content) = 32", name="cases_content"),
        sa.CheckConstraint("reassignments >= 0", name="cases_reassignments"),
        sa.PrimaryKeyConstraint("account_id", "case_id"),
        schema="support",
    )
    op.create_table(
        "contacts",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=True),
        sa.Column("person_phone", sa.Text(), nullable=True),
        sa.Column("person_email", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "channel in ('phone', 'email', 'chat', 'message', 'web', 'in_person', 'other')",
            name="contacts_channel",
        ),
        sa.CheckConstraint("direction in ('inbound', 'outbound')", name="contacts_direction"),
        sa.CheckConstraint(
            "result in ('answered', 'unanswered', 'voicemail', 'dead_end', 'resolved')",
            name="contacts_result",
        ),
        sa.PrimaryKeyConstraint("source", "event_id"),
        schema="support",
    )
    op.create_index("contacts_account", "contacts", ["account_id"], unique=False, schema="support")


def downgrade() -> None:
    op.drop_index("contacts_account", table_name="contacts", schema="support")
    op.drop_table("contacts", schema="support")
    op.drop_table("cases", schema="support")
