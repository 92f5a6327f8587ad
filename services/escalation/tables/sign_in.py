"""Who is signed in to the inbox."""

from datetime import datetime

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
    """A signed-in browser. Only the hash of its cookie is stored."""

    __tablename__ = "sessions"
    token_hash: bytes = Field(primary_key=True)
    salesperson_id: str = Field(sa_column=text_column())
    csrf_token: str = Field(sa_column=text_column())
    expires_at: datetime = Field(sa_column=instant_column())
