"""The schema that all of escalation's tables are in."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class EscalationTable(SQLModel):
    metadata = MetaData(schema="escalation")
