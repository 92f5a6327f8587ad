"""Reads stored dead letters, for people and for replays."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from shared.database import Pool
from shared.inputs import RawMessage

_LIST = """
    select id, topic, partition, record_offset, code, reason, received_at, replayed_at,
           dismissed_at, dismissed_by, dismissed_why
    from shared.dead_letters where (replayed_at is null or $2) and (dismissed_at is null or $3)
    order by received_at desc limit $1
"""
_DISMISS = """
    update shared.dead_letters set dismissed_at = shared.app_now(), dismissed_by = $2, dismissed_why = $3
    where id = any($1::uuid[]) and replayed_at is null and dismissed_at is null returning id
"""
_BYTES = "select id, topic, key, headers, body from shared.dead_letters where id = any($1::uuid[])"
_ONE = "select * from shared.dead_letters where id = $1"


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A stored dead letter. Without a position it came by HTTP, or had waited."""

    id: UUID
    topic: str
    partition: int | None
    record_offset: int | None
    code: str
    reason: str
    received_at: datetime
    replayed_at: datetime | None
    dismissed_at: datetime | None = None
    dismissed_by: str | None = None
    dismissed_why: str | None = None


async def kept_letters(
    pool: Pool, *, limit: int, with_replayed: bool, with_dismissed: bool = False
) -> list[KeptLetter]:
    """The newest dead letters, the latest first."""
    return [KeptLetter(**row) for row in await pool.fetch(_LIST, limit, with_replayed, with_dismissed)]


async def dismiss(pool: Pool, ids: Sequence[UUID], *, by: str, why: str) -> set[UUID]:
    """Note that these will never be applied. Return those that were neither replayed nor dismissed before."""
    return {row["id"] for row in await pool.fetch(_DISMISS, list(ids), by, why)}


async def kept_letter(pool: Pool, id: UUID) -> tuple[KeptLetter, RawMessage] | None:
    """One dead letter and its bytes."""
    row = await pool.fetchrow(_ONE, id)
    if row is None:
        return None
    letter = KeptLetter(**{name: row[name] for name in KeptLetter.__slots__})
    return letter, RawMessage(row["topic"], row["key"], decode_headers(row["headers"]), row["body"])


async def kept_bytes(pool: Pool, ids: Sequence[UUID]) -> dict[UUID, RawMessage]:
    """The bytes of these letters, as received."""
    return {
        row["id"]: RawMessage(row["topic"], row["key"], decode_headers(row["headers"]), row["body"])
        for row in await pool.fetch(_BYTES, list(ids))
    }


def decode_headers(stored: bytes | None) -> list[tuple[str, bytes | None]]:
    pairs = orjson.loads(stored) if stored else []
    return [(name, None if value is None else base64.b64decode(value)) for name, value in pairs]
