"""Facts about customers, the signals that they imply, and the episodes that the signals make."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Identity, Index
from sqlalchemy import text as sql
from sqlmodel import Field

from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column


class AccountFact(EscalationTable, table=True):
    """The data kept of a fact that can raise or end a signal, without customers' personal data."""

    __tablename__ = "facts"
    __table_args__ = (
        Index("facts_account", "account_id", "order_id", "kind"),
        Index("facts_promises", "due_at", postgresql_where=sql("kind = 'promise'")),
        Index("facts_customer_duties", "due_at", postgresql_where=sql("kind = 'customer_duty'")),
        Index("facts_insisting", "account_id", postgresql_where=sql("kind = 'customer_insists'")),
    )
    fact_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    case_id: str | None = Field(sa_column=text_column(nullable=True))
    order_id: str | None = Field(sa_column=text_column(nullable=True))
    direction: str | None = Field(sa_column=text_column(nullable=True))
    channel: str | None = Field(sa_column=text_column(nullable=True))
    result: str | None = Field(sa_column=text_column(nullable=True))
    agent: str | None = Field(sa_column=text_column(nullable=True))
    courtesy: bool
    number: int | None = Field(default=None, nullable=True)
    due_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    what: str | None = Field(sa_column=text_column(nullable=True))
    amount_minor: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    currency: str | None = Field(sa_column=text_column(nullable=True))
    waiting_for: str | None = Field(sa_column=text_column(nullable=True))
    conversation: str | None = Field(sa_column=text_column(nullable=True))
    said: str | None = Field(sa_column=text_column(nullable=True))
    asked_by: str | None = Field(sa_column=text_column(nullable=True))
    reason_code: str | None = Field(sa_column=text_column(nullable=True))


class Signal(EscalationTable, table=True):
    """One thing that puts a sale at risk. Without an episode it waits for its order. It stands until it `ended`."""

    __tablename__ = "signals"
    __table_args__ = (
        Index("signals_account", "account_id"),
        Index("signals_waiting", "seen_at", postgresql_where=sql("episode_id is null and ended is null")),
        Index("signals_episode", "episode_id"),
        Index(
            "signals_requests",
            "at",
            postgresql_where=sql("kind in ('refund_requested', 'cancellation_requested')"),
        ),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        CheckConstraint("ended in ('cleared', 'withdrawn')", name="signals_ended"),
        CheckConstraint("(ended is null) = (ended_at is null)", name="signals_ended_at"),
        CheckConstraint("(ended is null) = (ended_because is null)", name="signals_ended_because"),
    )
    signal_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    seen_at: datetime = Field(sa_column=instant_column())
    fact_id: UUID
    policy_version: int
    by_silence: bool
    case_id: str | None = Field(sa_column=text_column(nullable=True))
    names_order: str | None = Field(sa_column=text_column(nullable=True))
    order_awaited_until: datetime | None = Field(sa_column=instant_column(nullable=True))
    episode_id: UUID | None = Field(default=None, nullable=True)
    ended: str | None = Field(sa_column=text_column(nullable=True))
    ended_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    ended_because: str | None = Field(sa_column=text_column(nullable=True))
    amount_minor: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    currency: str | None = Field(sa_column=text_column(nullable=True))
    refund_kind: str | None = Field(sa_column=text_column(nullable=True))
    words: str | None = Field(sa_column=text_column(nullable=True))
    traceparent: str | None = Field(sa_column=text_column(nullable=True))
    reason_code: str | None = Field(sa_column=text_column(nullable=True))


class Episode(EscalationTable, table=True):
    """All open risk on one order. `responsible` is the person notified of it now; null while the seller is unknown."""

    __tablename__ = "episodes"
    __table_args__ = (
        Index("episodes_one_open_per_order", "order_id", unique=True, postgresql_where=sql("closed_at is null")),
        Index("episodes_account", "account_id"),
        Index("episodes_responsible", "responsible", postgresql_where=sql("closed_at is null")),
        Index(
            "episodes_offered_to",
            "offered_to",
            postgresql_where=sql("closed_at is null and offered_to is not null"),
        ),
        Index(
            "episodes_asked_again",
            "episode_id",
            postgresql_where=sql("closed_at is null and acknowledged_at is null and rings > 1"),
        ),
        Index("episodes_order", "order_id"),
        Index("episodes_sold_by", "salesperson", "raised_at"),
        Index(
            "episodes_nobody_to_ask",
            "nobody_since",
            postgresql_where=sql("closed_at is null and nobody_since is not null"),
        ),
        Index("episodes_lost", "closed_at", postgresql_where=sql("result = 'lost'")),
        CheckConstraint("(acknowledged_at is null) = (acknowledged_by is null)", name="episodes_acknowledged_by"),
        CheckConstraint("(deadline_at is null) = (deadline_for is null)", name="episodes_deadline"),
        CheckConstraint("(offered_to is null) = (offered_until is null)", name="episodes_offered"),
        CheckConstraint("(closed_at is null) = (result is null)", name="episodes_result"),
        CheckConstraint("(closed_at is null) = (reason is null)", name="episodes_reason"),
        CheckConstraint("closed_at is null or deadline_at is null", name="episodes_closed_is_quiet"),
        CheckConstraint("severity in ('watch', 'high', 'critical')", name="episodes_severity"),
    )
    episode_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    order_id: str = Field(sa_column=text_column())
    salesperson: str | None = Field(sa_column=text_column(nullable=True))
    responsible: str | None = Field(sa_column=text_column(nullable=True))
    why_you: str | None = Field(sa_column=text_column(nullable=True))
    raised_at: datetime = Field(sa_column=instant_column())
    severity: str = Field(sa_column=text_column())
    policy_version: int
    rang: bool
    rings: int
    step: str | None = Field(sa_column=text_column(nullable=True))
    repeats: int
    deadline_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    deadline_for: str | None = Field(sa_column=text_column(nullable=True))
    acknowledged_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    acknowledged_by: str | None = Field(sa_column=text_column(nullable=True))
    attempts: int
    reached_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    offered_to: str | None = Field(sa_column=text_column(nullable=True))
    offered_until: datetime | None = Field(sa_column=instant_column(nullable=True))
    exhausted_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    closed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    closed_by: str | None = Field(sa_column=text_column(nullable=True))
    result: str | None = Field(sa_column=text_column(nullable=True))
    reason: str | None = Field(sa_column=text_column(nullable=True))
    follows: UUID | None = Field(default=None, nullable=True)
    appointment_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    nobody_since: datetime | None = Field(sa_column=instant_column(nullable=True))
    talk_due_sooner: bool = Field(sa_column_kwargs={"server_default": "false"})
    stopped_deadline_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    stopped_deadline_for: str | None = Field(sa_column=text_column(nullable=True))
    stopped_appointment_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    talk_due_since: datetime | None = Field(sa_column=instant_column(nullable=True))
    deadline_extended: bool = Field(sa_column_kwargs={"server_default": "false"})
    changed_at: datetime = Field(sa_column=instant_column())


class Note(EscalationTable, table=True):
    """A salesperson's note about the customer, in free text, for the next person who has the episode."""

    __tablename__ = "notes"
    __table_args__ = (
        Index("notes_episode", "episode_id"),
        Index("notes_account", "account_id"),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        CheckConstraint("about in ('attempt', 'talk', 'hand_over', 'close')", name="notes_about"),
    )
    note_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    episode_id: UUID
    at: datetime = Field(sa_column=instant_column())
    by: str = Field(sa_column=text_column())
    about: str = Field(sa_column=text_column())
    words: str = Field(sa_column=text_column())


class Loss(EscalationTable, table=True):
    """What a salesperson answered when they closed an episode as lost; null: not answered. `could_have` is free text.

    It is deleted if the close is undone.
    """

    __tablename__ = "losses"
    __table_args__ = (
        Index("losses_account", "account_id"),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        CheckConstraint(
            "contributed in ('expectation_not_discussed', 'wrong_product', 'unknown_duty', 'nothing')",
            name="losses_contributed",
        ),
    )
    episode_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    could_have: str | None = Field(sa_column=text_column(nullable=True))
    contributed: str | None = Field(sa_column=text_column(nullable=True))
    may_call_again: bool | None = Field(default=None, nullable=True)


class Decision(EscalationTable, table=True):
    """One decision about an episode: its rule, the line and version of the policy, and its cause.

    It holds no customer's personal data: `words` name only orders and salespeople.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        Index("decisions_episode", "episode_id"),
        Index("decisions_account", "account_id"),
        Index(
            "decisions_talks",
            *("episode_id", "rule", "at", "who"),
            postgresql_where=sql("rule in ('acknowledged', 'attempt', 'reached', 'taken_over')"),
        ),
    )
    decision_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    account_id: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    rule: str = Field(sa_column=text_column())
    words: str = Field(sa_column=text_column())
    policy_version: int
    episode_id: UUID | None = Field(default=None, nullable=True)
    signal_id: UUID | None = Field(default=None, nullable=True)
    who: str | None = Field(sa_column=text_column(nullable=True))
    policy_path: str | None = Field(sa_column=text_column(nullable=True))
    cause_type: str | None = Field(sa_column=text_column(nullable=True))
    cause_source: str | None = Field(sa_column=text_column(nullable=True))
    cause_id: str | None = Field(sa_column=text_column(nullable=True))
    rules_version: int | None = Field(default=None, nullable=True)
