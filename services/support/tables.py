"""Support's tables: the matters that customers raised, and every attempt of customer and company to reach each other.

Personal fields (names, numbers, addresses, words) have columns of their own, so one statement per table erases them.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, MetaData
from sqlmodel import Field, SQLModel

from shared.contracts.support_inbound import ContactChannel, ContactResult, Courtesy, Direction
from shared.tables import instant_column, text_column


class SupportTable(SQLModel):
    metadata = MetaData(schema="support")


def _one_of(column: str, kind: type[StrEnum]) -> str:
    return f"{column} in ({', '.join(repr(member.value) for member in kind)})"


class Case(SupportTable, table=True):
    """One matter of an account. Columns are the fields of `domain.Case`, in the same order.

    The opening is written once; `content` is the SHA-256 that distinguishes its repeat from a contradiction. The status
    is the latest reported one (by `status_at`, ties by the event's id `status_by`), the assignment that of the highest
    count.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("octet_length(content) = 32", name="cases_content"),
        CheckConstraint("reassignments >= 0", name="cases_reassignments"),
        CheckConstraint("(reassignments = 0) = (reassigned_by is null)", name="cases_reassigned_by"),
        CheckConstraint("assigned_to is null or reassignments > 0", name="cases_assigned_to"),
        Index("cases_case", "case_id"),
    )
    account_id: str = Field(sa_column=text_column(primary_key=True))
    case_id: str = Field(sa_column=text_column(primary_key=True))
    order_id: str | None = Field(sa_column=text_column(nullable=True))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    opened_at: datetime = Field(sa_column=instant_column())
    status: str = Field(sa_column=text_column())
    status_at: datetime = Field(sa_column=instant_column())
    status_by: str = Field(sa_column=text_column())
    reassignments: int
    reassigned_by: str | None = Field(sa_column=text_column(nullable=True))
    assigned_to: str | None = Field(sa_column=text_column(nullable=True))
    title: str | None = Field(sa_column=text_column(nullable=True))
    person_name: str | None = Field(sa_column=text_column(nullable=True))
    person_phone: str | None = Field(sa_column=text_column(nullable=True))
    person_email: str | None = Field(sa_column=text_column(nullable=True))


class Contact(SupportTable, table=True):
    """One attempt of customer or company to reach the other. Written once; its case may be unknown."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index("contacts_account", "account_id"),
        CheckConstraint(_one_of("direction", Direction), name="contacts_direction"),
        CheckConstraint(_one_of("channel", ContactChannel), name="contacts_channel"),
        CheckConstraint(_one_of("result", ContactResult), name="contacts_result"),
        CheckConstraint(_one_of("courtesy", Courtesy), name="contacts_courtesy"),
    )
    source: str = Field(sa_column=text_column(primary_key=True))
    event_id: str = Field(sa_column=text_column(primary_key=True))
    account_id: str = Field(sa_column=text_column())
    case_id: str | None = Field(sa_column=text_column(nullable=True))
    order_id: str | None = Field(sa_column=text_column(nullable=True))
    at: datetime = Field(sa_column=instant_column())
    direction: str = Field(sa_column=text_column())
    channel: str = Field(sa_column=text_column())
    result: str = Field(sa_column=text_column())
    person_name: str | None = Field(sa_column=text_column(nullable=True))
    person_phone: str | None = Field(sa_column=text_column(nullable=True))
    person_email: str | None = Field(sa_column=text_column(nullable=True))
    words: str | None = Field(sa_column=text_column(nullable=True))
    agent: str | None = Field(sa_column=text_column(nullable=True))
    courtesy: str | None = Field(sa_column=text_column(nullable=True))
