"""Browsers that receive notifications for a salesperson, and the notifications that they show."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy import text as sql
from sqlmodel import Field

from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column

_SECRETS = "endpoint, endpoint_hash, p256dh, auth, press_key"


class PushDevice(EscalationTable, table=True):
    """A browser's subscription to notifications of one salesperson; it keeps no address, key or session once it ended.

    `p256dh` and `auth` are the browser's keys in base64url, `press_key` signs the buttons of its notifications, and
    `key_fingerprint` is that of the installation's key that it subscribed with. It was signed in by `session_hash`.
    `loss_reported_at`: since when it is known, of a device that its push service no longer knows, whether it was the
    person's last one.
    """

    __tablename__ = "push_devices"
    __table_args__ = (
        Index("push_devices_once", "endpoint_hash", unique=True, postgresql_where=sql("ended_at is null")),
        Index("push_devices_of", "salesperson_id", "added_at"),
        Index(
            "push_devices_lost",
            "salesperson_id",
            postgresql_where=sql("ended_because = 'gone' and loss_reported_at is null"),
        ),
        Index("push_devices_in", "session_hash", postgresql_where=sql("session_hash is not null")),
        CheckConstraint("(ended_at is null) = (ended_because is null)", name="push_devices_ended"),
        CheckConstraint(
            f"case when ended_at is null then num_nulls({_SECRETS}) = 0 "
            f"else num_nonnulls({_SECRETS}, session_hash) = 0 end",
            name="push_devices_secrets",
        ),
    )
    device_id: UUID = Field(primary_key=True)
    salesperson_id: str = Field(sa_column=text_column())
    endpoint: str | None = Field(sa_column=text_column(nullable=True))
    endpoint_hash: bytes | None = Field(nullable=True)
    p256dh: str | None = Field(sa_column=text_column(nullable=True))
    auth: str | None = Field(sa_column=text_column(nullable=True))
    press_key: bytes | None = Field(nullable=True)
    label: str = Field(sa_column=text_column())
    key_fingerprint: str = Field(sa_column=text_column())
    session_hash: bytes | None = Field(nullable=True)
    added_at: datetime = Field(sa_column=instant_column())
    accepted_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    ended_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    ended_because: str | None = Field(sa_column=text_column(nullable=True))
    loss_reported_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class ShownNotification(EscalationTable, table=True):
    """A delivery that a notification on devices is about, until that notification is taken back or too old.

    Notifications with the same `tag` replace each other on a device.
    """

    __tablename__ = "shown_notifications"
    __table_args__ = (
        Index("shown_notifications_of", "salesperson_id", "tag"),
        Index("shown_notifications_since", "shown_at"),
    )
    delivery_id: UUID = Field(primary_key=True)
    salesperson_id: str = Field(sa_column=text_column())
    tag: str = Field(sa_column=text_column())
    shown_at: datetime = Field(sa_column=instant_column())
