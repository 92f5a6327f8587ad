"""initial"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

online_safe = True  # nothing ran before it

# The one clock that decides anything. Tests and demos move it; nothing else writes shared.clock.
APP_NOW = """
    create function shared.app_now() returns timestamptz language sql volatile as $$
        select clock_timestamp() + coalesce((select ahead from shared.clock), interval '0')
    $$
"""


def upgrade() -> None:
    op.create_table(
        "clock",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("ahead", sa.Interval(), nullable=False),
        sa.CheckConstraint("single", name="clock_has_one_row"),
        sa.PrimaryKeyConstraint("single"),
        schema="shared",
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=True),
        sa.Column("record_offset", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("headers", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="shared",
    )
    op.create_index(
        "dead_letters_kept",
        "dead_letters",
        ["received_at"],
        unique=False,
        schema="shared",
        postgresql_where=sa.text("replayed_at is null"),
    )
    op.create_index("dead_letters_received", "dead_letters", ["received_at"], unique=False, schema="shared")
    op.create_table(
        "journal",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("kind in ('record', 'http', 'timer', 'button', 'delivery')", name="journal_kind"),
        sa.PrimaryKeyConstraint("position"),
        schema="shared",
    )
    op.create_index("journal_source_event_id", "journal", ["source", "event_id"], unique=True, schema="shared")
    op.create_index("journal_subject", "journal", ["subject"], unique=False, schema="shared")
    op.create_table(
        "ledger",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("record_offset", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome in ('applied', 'duplicate', 'dead_lettered')", name="ledger_outcome"),
        sa.PrimaryKeyConstraint("topic", "partition", "record_offset"),
        schema="shared",
    )
    op.create_table(
        "locks", sa.Column("key", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("key"), schema="shared"
    )
    op.create_table(
        "offsets",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("read_through_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("topic", "partition"),
        schema="shared",
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(payload) <= 900000", name="outbox_payload_size"),
        sa.PrimaryKeyConstraint("id"),
        schema="shared",
    )
    op.create_index(
        "outbox_published",
        "outbox",
        ["published_at"],
        unique=False,
        schema="shared",
        postgresql_where=sa.text("published_at is not null"),
    )
    op.create_index(
        "outbox_unpublished",
        "outbox",
        ["id"],
        unique=False,
        schema="shared",
        postgresql_where=sa.text("published_at is null"),
    )
    op.create_table(
        "timers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lock_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_of_silence", sa.Boolean(), nullable=False),
        sa.Column("awaits", sa.Text(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="shared",
    )
    op.create_index(
        "timers_awaits",
        "timers",
        ["awaits"],
        unique=False,
        schema="shared",
        postgresql_where=sa.text("awaits is not null"),
    )
    op.create_index("timers_due", "timers", ["due_at"], unique=False, schema="shared")
    op.create_table(
        "waiting_facts",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("awaits", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id"),
        schema="shared",
    )
    op.create_index("waiting_facts_awaits", "waiting_facts", ["awaits"], unique=False, schema="shared")
    op.create_index("waiting_facts_kept", "waiting_facts", ["kept_at"], unique=False, schema="shared")
    op.execute(APP_NOW)


def downgrade() -> None:
    op.execute("drop function shared.app_now()")
    op.drop_index("waiting_facts_kept", table_name="waiting_facts", schema="shared")
    op.drop_index("waiting_facts_awaits", table_name="waiting_facts", schema="shared")
    op.drop_table("waiting_facts", schema="shared")
    op.drop_index("timers_due", table_name="timers", schema="shared")
    op.drop_index("timers_awaits", table_name="timers", schema="shared", postgresql_where=sa.text("awaits is not null"))
    op.drop_table("timers", schema="shared")
    op.drop_index(
        "outbox_published",
        table_name="outbox",
        schema="shared",
        postgresql_where=sa.text("published_at is not null"),
    )
    op.drop_index(
        "outbox_unpublished",
        table_name="outbox",
        schema="shared",
        postgresql_where=sa.text("published_at is null"),
    )
    op.drop_table("outbox", schema="shared")
    op.drop_table("offsets", schema="shared")
    op.drop_table("locks", schema="shared")
    op.drop_table("ledger", schema="shared")
    op.drop_index("journal_subject", table_name="journal", schema="shared")
    op.drop_index("journal_source_event_id", table_name="journal", schema="shared")
    op.drop_table("journal", schema="shared")
    op.drop_index(
        "dead_letters_kept",
        table_name="dead_letters",
        schema="shared",
        postgresql_where=sa.text("replayed_at is null"),
    )
    op.drop_index("dead_letters_received", table_name="dead_letters", schema="shared")
    op.drop_table("dead_letters", schema="shared")
    op.drop_table("clock", schema="shared")
