"""Alerts, each on its channels, and other messages sent by mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text
from sqlalchemy import text as sql
from sqlmodel import Field

from services.escalation.domain.channels import CHANNELS, SHOWING
from services.escalation.domain.notices import NoticeKind
from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column


class Alert(EscalationTable, table=True):
    """One alert to one person for one cause. `why_you` is the reason in words at the time of the alert."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("alerts_once_per_ring", "episode_id", "ring", unique=True),
        Index("alerts_account", "account_id"),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
    )
    alert_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    episode_id: UUID
    signal_id: UUID
    recipient: str = Field(sa_column=text_column())
    because: str = Field(sa_column=text_column())
    why_you: str = Field(sa_column=text_column())
    raised_at: datetime = Field(sa_column=instant_column())
    ring: int
    step: str = Field(sa_column=text_column())
    cause: str = Field(sa_column=text_column())
    severity: str = Field(sa_column=text_column())
    policy_version: int
    sent_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    traceparent: str | None = Field(sa_column=text_column(nullable=True))


DELIVERY_STATES = (
    "pending",
    "sending",
    "sent",
    "held",
    "unknown",
    "failed",
    "cancelled",
    "expired",
    "skipped",
)
_IS_SENT = " and ".join(f"channel <> '{name}'" for name in SHOWING)


class Delivery(EscalationTable, table=True):
    """One alert on one channel, in exactly one state. `unknown` means: it may or may not have been accepted.

    `recipient` is the alert's: a person's due and recent deliveries are read from this table alone.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("deliveries_once_per_channel", "alert_id", "channel", unique=True),
        Index(
            "deliveries_to_try", "try_at", postgresql_where=sql("state in ('pending', 'sending', 'held', 'unknown')")
        ),
        Index(
            "deliveries_due_for", "recipient", "try_at", postgresql_where=sql("state in ('pending', 'held', 'unknown')")
        ),
        Index(
            "deliveries_sent_to",
            "recipient",
            "changed_at",
            postgresql_where=sql(f"{_IS_SENT} and state in ('sending', 'sent', 'unknown')"),
        ),
        Index("deliveries_moving", "state", postgresql_where=sql("state in ('pending', 'sending', 'held', 'unknown')")),
        ForeignKeyConstraint(["alert_id"], ["escalation.alerts.alert_id"]),
        CheckConstraint(f"state in {DELIVERY_STATES!r}", name="deliveries_state"),
        CheckConstraint(f"channel in {tuple(CHANNELS)!r}", name="deliveries_channel"),
    )
    delivery_id: UUID = Field(primary_key=True)
    alert_id: UUID
    recipient: str = Field(sa_column=text_column())
    channel: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    reason: str | None = Field(sa_column=text_column(nullable=True))
    attempts: int
    unknown_count: int
    list_id: UUID | None = Field(default=None, nullable=True)
    try_at: datetime = Field(sa_column=instant_column())
    changed_at: datetime = Field(sa_column=instant_column())


class Notice(EscalationTable, table=True):
    """A message to one person about another, or about the result of an episode; sent once."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("notices_to_try", "try_at", postgresql_where=sql("state in ('pending', 'sending')")),
        CheckConstraint("state in ('pending', 'sending', 'sent', 'failed', 'cancelled')", name="notices_state"),
        CheckConstraint(f"kind in {tuple(one.value for one in NoticeKind)!r}", name="notices_kind"),
    )
    notice_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default="address_failed"))
    recipient: str = Field(sa_column=text_column())
    about: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    reason: str | None = Field(sa_column=text_column(nullable=True))
    attempts: int
    unknown_count: int = Field(sa_column_kwargs={"server_default": sql("0")})
    try_at: datetime = Field(sa_column=instant_column())
    changed_at: datetime = Field(sa_column=instant_column())
    episode_id: UUID | None = Field(default=None, nullable=True)
