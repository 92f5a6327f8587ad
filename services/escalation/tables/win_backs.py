"""Calls to lost customers, months after the loss."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy import text as sql
from sqlmodel import Field

from services.escalation.domain.win_backs import WinBackState
from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column

_STATES = tuple(state.value for state in WinBackState)


class WinBack(EscalationTable, table=True):
    """One loss, by its episode, and the call that follows it. It is looked at again at `check_at`."""

    __tablename__ = "win_backs"
    __table_args__ = (
        Index("win_backs_check_at", "check_at", postgresql_where=sql("check_at is not null")),
        Index("win_backs_lost_at", "lost_at"),
        Index("win_backs_shown", "order_id", postgresql_where=sql("state in ('due', 'waits')")),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        CheckConstraint(f"state in {_STATES!r}", name="win_backs_state"),
        CheckConstraint("(check_at is not null) = (state in ('planned', 'waits', 'due'))", name="win_backs_open"),
        CheckConstraint("waits_since is not null or state <> 'waits'", name="win_backs_waits_since"),
    )
    episode_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    order_id: str = Field(sa_column=text_column())
    lost_at: datetime = Field(sa_column=instant_column())
    reason: str = Field(sa_column=text_column())
    loss_class: str = Field(sa_column=text_column())
    segment: str | None = Field(sa_column=text_column(nullable=True))
    state: str = Field(sa_column=text_column())
    due_at: datetime = Field(sa_column=instant_column())
    lapses_at: datetime = Field(sa_column=instant_column())
    check_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    changed_at: datetime = Field(sa_column=instant_column())
    postponed: bool
    waits_since: datetime | None = Field(sa_column=instant_column(nullable=True))
    losses: int | None = Field(default=None, nullable=True)
    requests: int | None = Field(default=None, nullable=True)
    ended_by: str | None = Field(sa_column=text_column(nullable=True))
