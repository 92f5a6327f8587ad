"""The results of closed episodes, as later facts prove or disprove them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field

from services.escalation.domain.results import ResultState
from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column


class Result(EscalationTable, table=True):
    """The outcome of an episode that a person closed as saved, as lost, or because nothing was wrong."""

    __tablename__ = "results"
    __table_args__ = (
        Index("results_account", "account_id"),
        Index("results_changed_at", "changed_at"),
        ForeignKeyConstraint(["episode_id"], ["escalation.episodes.episode_id"]),
        CheckConstraint(f"state in {tuple(one.value for one in ResultState)!r}", name="results_state"),
        CheckConstraint(
            "(state in ('relapsed', 'missed')) = (because is not null) or state = 'undone'", name="results_because"
        ),
        CheckConstraint("(state = 'won_back') = (won_by is not null)", name="results_won_by"),
    )
    episode_id: UUID = Field(primary_key=True)
    account_id: str = Field(sa_column=text_column())
    order_id: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    by: str = Field(sa_column=text_column())
    began_at: datetime = Field(sa_column=instant_column())
    closed_at: datetime = Field(sa_column=instant_column())
    changed_at: datetime = Field(sa_column=instant_column())
    severity: str = Field(sa_column=text_column())
    causes: str = Field(sa_column=text_column())
    proof_due_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    proof_was_due: bool
    because: str | None = Field(sa_column=text_column(nullable=True))
    because_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    because_id: UUID | None = Field(default=None, nullable=True)
    won_by: str | None = Field(sa_column=text_column(nullable=True))
    follow_up: UUID | None = Field(default=None, nullable=True)
    shares_fate_of: UUID | None = Field(default=None, nullable=True)
