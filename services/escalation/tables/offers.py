"""Offers to customers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlalchemy import text as sql
from sqlmodel import Field

from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column

_PENDING = sql("state = 'pending'")


class Offer(EscalationTable, table=True):
    """An offer made on an episode, or asked for. `what` is in the free words of the person who made it."""

    __tablename__ = "offers"
    __table_args__ = (
        Index("offers_account", "account_id"),
        Index("offers_episode", "episode_id"),
        Index("offers_asked", "asked", postgresql_where=_PENDING),
        Index("offers_one_pending", "episode_id", unique=True, postgresql_where=_PENDING),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        CheckConstraint("state in ('made', 'pending', 'approved', 'declined', 'withdrawn')", name="offers_state"),
        CheckConstraint("amount_minor >= 0", name="offers_amount"),
        CheckConstraint(
            "(state = 'pending') = (asked is not null and asked_step is not null and until is not null)",
            name="offers_asked",
        ),
        CheckConstraint("(state in ('made', 'approved')) = (agreed_minor is not null)", name="offers_agreed"),
        CheckConstraint("(state in ('made', 'pending')) = (answered_at is null)", name="offers_answered"),
    )
    offer_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    episode_id: UUID
    order_id: str = Field(sa_column=text_column())
    at: datetime = Field(sa_column=instant_column())
    by: str = Field(sa_column=text_column())
    amount_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    currency: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    percent: int | None = Field(default=None, nullable=True)
    agreed_minor: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    asked: str | None = Field(sa_column=text_column(nullable=True))
    asked_step: str | None = Field(sa_column=text_column(nullable=True))
    until: datetime | None = Field(sa_column=instant_column(nullable=True))
    answered_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    answered_by: str | None = Field(sa_column=text_column(nullable=True))
    what: str | None = Field(sa_column=text_column(nullable=True))
