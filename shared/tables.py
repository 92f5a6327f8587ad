"""The tables of every service's database, in schema `shared`: locks, journal, ledger, outbox, timers, dead letters.

Only `shared.transaction` writes them, in the one transaction of a batch. Start with `Journal` and `Outbox`.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

MAX_PAYLOAD_BYTES = 900_000


class SharedTable(SQLModel):
    metadata = MetaData(schema="shared")


def text_column(*, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column(Text, nullable=nullable, primary_key=primary_key)


def instant_column(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class Lock(SharedTable, table=True):
    """One row for each account or salesperson ever seen. Every writer locks its rows first, sorted by key."""

    __tablename__ = "locks"
    key: str = Field(sa_column=text_column(primary_key=True))


class Clock(SharedTable, table=True):
    """At most one row: how far `shared.app_now()` runs ahead of the database's clock. Moved by tests and demos only."""

    __tablename__ = "clock"
    __table_args__ = (CheckConstraint("single", name="clock_has_one_row"),)
    single: bool = Field(default=True, primary_key=True)
    ahead: timedelta = Field(sa_column=Column(Interval, nullable=False))


class Journal(SharedTable, table=True):
    """Every applied input (record, HTTP call, timer, button), as bytes, with the `now` of its decision.

    Because of its key (source, event_id) an event counts once. `body` is the erasable column of personal fields.
    `rules_version` is the version of the rules of its decision; a service without rules has none.
    """

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_source_event_id", "source", "event_id", unique=True),
        Index("journal_subject", "subject", "at", "position"),
        CheckConstraint("kind in ('record', 'http', 'timer', 'button', 'delivery')", name="journal_kind"),
    )
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    source: str = Field(sa_column=text_column())
    event_id: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    type: str = Field(sa_column=text_column())
    subject: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    decided_at: datetime = Field(sa_column=instant_column())
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    traceparent: str | None = Field(sa_column=text_column(nullable=True))
    body: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    rules_version: int | None = Field(default=None, nullable=True)


class Ledger(SharedTable, table=True):
    """Every delivered offset once, with its outcome."""

    __tablename__ = "ledger"
    __table_args__ = (CheckConstraint("outcome in ('applied', 'duplicate', 'dead_lettered')", name="ledger_outcome"),)
    topic: str = Field(sa_column=text_column(primary_key=True))
    partition: int = Field(primary_key=True)
    record_offset: int = Field(sa_column=Column(BigInteger, primary_key=True))
    outcome: str = Field(sa_column=text_column())
    decided_at: datetime = Field(sa_column=instant_column())


class Offset(SharedTable, table=True):
    """The next offset of each partition, and the instant up to which it is known to have been read completely.

    Before offset `whole_to` no record is missing that is not noted as deleted unread; None: not checked yet. `topic_id`
    is Kafka's id of the topic; a topic that was deleted and created again has another. The ledger's entries from before
    `begun_at` belong to a deleted topic of this name.
    """

    __tablename__ = "offsets"
    topic: str = Field(sa_column=text_column(primary_key=True))
    partition: int = Field(primary_key=True)
    next_offset: int = Field(sa_column=Column(BigInteger, nullable=False))
    read_through_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    topic_id: UUID | None = Field(default=None, nullable=True)
    begun_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    whole_to: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class RecreatedTopic(SharedTable, table=True):
    """A topic that was deleted and created again: records since `unread_since` may have gone with it unread.

    `settled_at` is when they were published again, or a person (`settled_by`) decided that they need not be.
    """

    __tablename__ = "recreated_topics"
    topic: str = Field(sa_column=text_column(primary_key=True))
    topic_id: UUID | None = Field(default=None, nullable=True)
    found_at: datetime = Field(sa_column=instant_column())
    unread_since: datetime = Field(sa_column=instant_column())
    settled_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    settled_by: str | None = Field(sa_column=text_column(nullable=True))


class DeletedUnread(SharedTable, table=True):
    """A topic with records since `unread_since` that Kafka deleted before they were read, and their number.

    `settled_at` is when they were published again, or a person (`settled_by`) decided that they need not be.
    """

    __tablename__ = "deleted_unread"
    topic: str = Field(sa_column=text_column(primary_key=True))
    records: int = Field(sa_column=Column(BigInteger, nullable=False))
    found_at: datetime = Field(sa_column=instant_column())
    unread_since: datetime = Field(sa_column=instant_column())
    settled_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    settled_by: str | None = Field(sa_column=text_column(nullable=True))


class Outbox(SharedTable, table=True):
    """Outgoing events. `id` is drawn while the account's lock is held, so its order is the account's order."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(f"octet_length(payload) <= {MAX_PAYLOAD_BYTES}", name="outbox_payload_size"),
        Index("outbox_unpublished", "id", postgresql_where=sql("published_at is null")),
        Index("outbox_published", "published_at", postgresql_where=sql("published_at is not null")),
    )
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    topic: str = Field(sa_column=text_column())
    key: str = Field(sa_column=text_column())
    headers: str = Field(sa_column=Column(JSONB, nullable=False))
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_column=instant_column())
    published_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class Timer(SharedTable, table=True):
    """A fact that takes effect at `due_at`, or earlier when the lock key in `awaits` is hurried.

    `attempts` counts how often it was postponed because it failed or took too long.
    """

    __tablename__ = "timers"
    __table_args__ = (
        Index("timers_due", "due_at"),
        Index("timers_awaits", "awaits", postgresql_where=sql("awaits is not null")),
    )
    id: UUID = Field(primary_key=True)
    lock_key: str = Field(sa_column=text_column())
    subject: str = Field(sa_column=text_column())
    type: str = Field(sa_column=text_column())
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    due_at: datetime = Field(sa_column=instant_column())
    made_of_silence: bool
    awaits: str | None = Field(sa_column=text_column(nullable=True))
    traceparent: str | None = Field(sa_column=text_column(nullable=True))
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default="0"))


class SetAside(SharedTable, table=True):
    """Records of accounts with a record that took too long even alone, as bytes and in order, to be tried again.

    While an account has a record here, its later records go behind it. Their offsets are passed and not in the ledger
    yet. `attempts` and `try_at` of an account's first row set its next turn. `body` holds a customer's words.
    """

    __tablename__ = "set_aside"
    __table_args__ = (
        Index(
            "set_aside_position",
            "topic",
            "partition",
            "record_offset",
            "topic_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("set_aside_account", "lock_key", "id"),
    )
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    lock_key: str = Field(sa_column=text_column())
    topic: str = Field(sa_column=text_column())
    partition: int
    record_offset: int = Field(sa_column=Column(BigInteger, nullable=False))
    topic_id: UUID | None = Field(default=None, nullable=True)
    kept_at: datetime = Field(sa_column=instant_column())
    try_at: datetime = Field(sa_column=instant_column())
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default="0"))
    key: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    headers: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    body: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))


class WaitingFact(SharedTable, table=True):
    """A fact that arrived before its subject's opening: it `awaits` that opening, and is published right after it.

    `body` holds a customer's words. To erase a customer, delete their rows: they cannot be published without it.
    """

    __tablename__ = "waiting_facts"
    __table_args__ = (Index("waiting_facts_awaits", "awaits"), Index("waiting_facts_kept", "kept_at"))
    source: str = Field(sa_column=text_column(primary_key=True))
    event_id: str = Field(sa_column=text_column(primary_key=True))
    awaits: str = Field(sa_column=text_column())
    type: str = Field(sa_column=text_column())
    subject: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    traceparent: str | None = Field(sa_column=text_column(nullable=True))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    kept_at: datetime = Field(sa_column=instant_column())


class Rescue(SharedTable, table=True):
    """An open save window, as escalation published it last: until when `who`, called `name`, calls a customer.

    They promised to call at `call_at`, or talked with the customer at `reached_at`. `zone` is the customer's. A window
    that is over has no row.
    """

    __tablename__ = "rescues"
    __table_args__ = (Index("rescues_account", "account_id"), Index("rescues_case", "case_id"))
    episode_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    order_id: str = Field(sa_column=text_column())
    case_id: str | None = Field(sa_column=text_column(nullable=True))
    who: str = Field(sa_column=text_column())
    name: str | None = Field(sa_column=text_column(nullable=True))
    acknowledged: bool
    until: datetime = Field(sa_column=instant_column())
    zone: str | None = Field(sa_column=text_column(nullable=True))
    call_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    reached_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class DeadLetter(SharedTable, table=True):
    """An input that could not be applied: its bytes, its position, and the reason in words that a publisher can act on.

    `dismissed_by` decided, for a reason (`dismissed_why`), that it will never be applied; it is still kept. `answered`:
    its publisher received the refusal as the response to its request.
    """

    __tablename__ = "dead_letters"
    __table_args__ = (
        Index("dead_letters_received", "received_at"),
        Index("dead_letters_kept", "received_at", postgresql_where=sql("replayed_at is null")),
    )
    id: UUID = Field(primary_key=True)
    topic: str = Field(sa_column=text_column())
    partition: int | None = Field(default=None, nullable=True)
    record_offset: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    code: str = Field(sa_column=text_column())
    reason: str = Field(sa_column=text_column())
    received_at: datetime = Field(sa_column=instant_column())
    replayed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    key: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    headers: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    body: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    dismissed_at: datetime | None = Field(default=None, sa_column=instant_column(nullable=True))
    dismissed_by: str | None = Field(default=None, sa_column=text_column(nullable=True))
    dismissed_why: str | None = Field(default=None, sa_column=text_column(nullable=True))
    answered: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
