"""Looks at another person's figures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlmodel import Field

from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column


class FigureLook(EscalationTable, table=True):
    """A look by one person at the figures of another, who sees it on their own page."""

    __tablename__ = "figure_looks"
    __table_args__ = (Index("figure_looks_of", "whose", "looked_at"),)
    look_id: UUID = Field(primary_key=True, sa_column_kwargs={"server_default": sql("gen_random_uuid()")})
    looked_at: datetime = Field(sa_column=instant_column())
    by: str = Field(sa_column=text_column())
    whose: str = Field(sa_column=text_column())
