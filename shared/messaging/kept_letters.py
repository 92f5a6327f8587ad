"""Dead letters as they are kept: read by people, and to be tried again."""

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from shared.database import Pool
from shared.inputs import RawMessage

_LIST = """
    select id, topic, partition, record_offset, code, reason, received_at, replayed_at from shared.dead_letters
    where replayed_at is null or $2 order by received_at desc limit $1
"""
_ONE = "select * from shared.dead_letters where id = $1"


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A dead letter as it stands in the table; without a position it came by HTTP."""

    id: UUID
    topic: str
    partition: int | None
    record_offset: int | None
    code: str
    reason: str
    received_at: datetime
    replayed_at: datetime | None


async def kept_letters(pool: Pool, *, limit: int, with_replayed: bool) -> list[KeptLetter]:
    """The newest dead letters, first those that came last."""
    return [KeptLetter(**row) for row in await pool.fetch(_LIST, limit, with_replayed)]


async def kept_letter(pool: Pool, id: UUID) -> tuple[KeptLetter, RawMessage] | None:
    """One dead letter and its bytes."""
    row = await pool.fetchrow(_ONE, id)
    if row is None:
        return None
    letter = KeptLetter(**{name: row[name] for name in KeptLetter.__slots__})
    return letter, RawMessage(row["topic"], row["key"], decode_headers(row["headers"]), row["body"])


def decode_headers(stored: bytes | None) -> list[tuple[str, bytes | None]]:
    pairs = orjson.loads(stored) if stored else []
    return [(name, None if value is None else base64.b64decode(value)) for name, value in pairs]
