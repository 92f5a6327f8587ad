"""Sessions and sign-in links of the inbox, and notices that an address for sign-in was changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy import text as sql
from sqlmodel import Field

from services.escalation.tables.base import EscalationTable
from shared.tables import instant_column, text_column


class SignInLink(EscalationTable, table=True):
    """A link that signs one salesperson in, once. Only the hash of its token is stored."""

    __tablename__ = "sign_in_links"
    token_hash: bytes = Field(primary_key=True)
    salesperson_id: str = Field(sa_column=text_column())
    expires_at: datetime = Field(sa_column=instant_column())
    used_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class Session(EscalationTable, table=True):
    """A signed-in browser. Only the hash of its cookie is stored. Without `opened_at` it was never prolonged."""

    __tablename__ = "sessions"
    token_hash: bytes = Field(primary_key=True)
    salesperson_id: str = Field(sa_column=text_column())
    csrf_token: str = Field(sa_column=text_column())
    expires_at: datetime = Field(sa_column=instant_column())
    opened_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class AddressNotice(EscalationTable, table=True):
    """A message to an old or a new address that a person's address was changed. Its address goes once it has ended."""

    __tablename__ = "address_notices"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'sending', 'sent', 'failed')", name="address_notices_state"),
        CheckConstraint("address is not null or state in ('sent', 'failed')", name="address_notices_address"),
        Index("address_notices_to_try", "try_at", postgresql_where=sql("state in ('pending', 'sending')")),
    )
    notice_id: UUID = Field(primary_key=True)
    salesperson_id: str = Field(sa_column=text_column())
    address: str | None = Field(sa_column=text_column(nullable=True))
    is_new: bool
    other: bool
    made_at: datetime = Field(sa_column=instant_column())
    state: str = Field(sa_column=text_column())
    try_at: datetime = Field(sa_column=instant_column())
    changed_at: datetime = Field(sa_column=instant_column())
    attempts: int
    unknown_count: int = Field(sa_column_kwargs={"server_default": sql("0")})
    reason: str | None = Field(sa_column=text_column(nullable=True))
