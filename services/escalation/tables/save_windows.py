"""The save windows of episodes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy import text as sql
from sqlmodel import Field

from services.escalation.tables.base import EscalationTable
from shared.contracts.escalation import SaveWindowEnd
from shared.tables import instant_column, text_column


class SaveWindow(EscalationTable, table=True):
    """The time in which a colleague calls a customer who asked for a refund or a cancellation."""

    __tablename__ = "save_windows"
    __table_args__ = (
        Index("save_windows_account", "account_id"),
        Index("save_windows_open", "account_id", postgresql_where=sql("ended is null")),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        CheckConstraint(f"ended in {tuple(one.value for one in SaveWindowEnd)!r}", name="save_windows_ended"),
        CheckConstraint("(ended is null) = (ended_at is null)", name="save_windows_ended_at"),
    )
    episode_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    order_id: str = Field(sa_column=text_column())
    request_id: UUID
    case_id: str | None = Field(sa_column=text_column(nullable=True))
    requested_at: datetime = Field(sa_column=instant_column())
    until: datetime = Field(sa_column=instant_column())
    opened_at: datetime = Field(sa_column=instant_column())
    changed_at: datetime = Field(sa_column=instant_column())
    who: str = Field(sa_column=text_column())
    acknowledged: bool
    ended: str | None = Field(sa_column=text_column(nullable=True))
    ended_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    call_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    reached_at: datetime | None = Field(sa_column=instant_column(nullable=True))
