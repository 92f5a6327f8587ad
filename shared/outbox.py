"""The outbox: events leave a service as rows of the transaction that caused them. The relay sends them to Kafka."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from shared.breathing import in_breaths
from shared.contracts.envelope import Envelope, Fact
from shared.database import Connection, Pool, bulk_insert
from shared.messaging.codec import encode_record
from shared.publishing_again import OUTBOX_CHANNEL, RETENTION_DAYS
from shared.tables import MAX_PAYLOAD_BYTES, Outbox

_APPEND = bulk_insert(Outbox, skip=frozenset({"id", "published_at"}))
# One round trip: the rows, and a wake-up for the relay that Postgres sends when they are committed.
_APPEND_AND_WAKE = f"""
    with added as ({_APPEND.sql} returning 1)
    select pg_notify('{OUTBOX_CHANNEL}', '') from (select count(*) from added) all_added
"""
_TRIM_ROWS = 5_000
_TRIM = f"""
    delete from shared.outbox where id in (
        select id from shared.outbox
        where published_at < (select shared.app_now()) - interval '{RETENTION_DAYS} days'
        order by published_at limit {_TRIM_ROWS} for update skip locked)
"""


class BodyTooLarge(ValueError):
    """An outgoing body is over the limit that every broker accepts. Carries the type and the size in bytes."""

    def __init__(self, type: str, size_bytes: int) -> None:
        super().__init__(f"{type} would be {size_bytes} bytes, over the limit of {MAX_PAYLOAD_BYTES}")
        self.safe_message = str(self)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event to publish on a topic (without the installation's prefix)."""

    envelope: Envelope[Fact]
    topic: str

    def row(self, now: datetime) -> tuple[str, str, str, bytes, datetime]:
        key, value, headers = encode_record(self.envelope)
        if len(value) > MAX_PAYLOAD_BYTES:
            raise BodyTooLarge(self.envelope.type, len(value))
        pairs = [(name, content.decode()) for name, content in headers]
        return self.topic, key.decode(), orjson.dumps(pairs).decode(), value, now


async def append(connection: Connection, events: Sequence[Outgoing], now: datetime) -> None:
    """Append events in order. The caller holds the locks of all their accounts, so ids follow each account's order."""
    if events:
        rows = [event.row(now) async for event in in_breaths(events)]
        await connection.execute(_APPEND_AND_WAKE, *_APPEND.arguments(rows))


async def trim(pool: Pool) -> None:
    """Delete events published longer ago than any topic keeps them."""
    while await pool.execute(_TRIM) == f"DELETE {_TRIM_ROWS}":
        pass
