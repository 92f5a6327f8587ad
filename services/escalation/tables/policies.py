"""The published versions of the policy."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Integer
from sqlmodel import Field

from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column


class Policy(EscalationTable, table=True):
    """A version of the policy. The first is the text that shipped when the database was made. `digest` is the
    document's."""

    __tablename__ = "policies"
    __table_args__ = (CheckConstraint("version > 0", name="policies_count_from_one"),)
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    since: datetime = Field(sa_column=instant_column())
    document: str = Field(sa_column=text_column())
    digest: str = Field(sa_column=text_column())
    published_by: str = Field(sa_column=text_column())
    summary: str = Field(sa_column=text_column())
