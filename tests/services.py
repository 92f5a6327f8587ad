"""A service's handlers on a real database, without Kafka: apply facts, see what it keeps and publishes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import asyncpg
import orjson

from shared.contracts.envelope import Decoded, Envelope, Fact
from shared.database import Pool, open_pool
from shared.ids import derived
from shared.inputs import Input, Report
from shared.messaging.codec import decode_message
from shared.transaction import Handler, InputProcessor
from tests.builders import ZONE, batch_of

FIRST_DAY = date(2026, 11, 25)
"""The day on which stories begin, whenever the tests run: a Wednesday, weeks from any holiday or change of the hour."""

_MOVE = """
    insert into shared.clock (single, ahead) values (true, $1)
    on conflict (single) do update set ahead = clock.ahead + excluded.ahead
"""


@dataclass(frozen=True)
class ServiceUnderTest:
    """One service under test."""

    pool: Pool
    processor: InputProcessor

    async def receive(self, *inputs: Input | Fact) -> Report:
        """Apply inputs in one batch."""
        return await self.processor.apply(batch_of(*inputs))

    async def receive_one_by_one(self, *inputs: Input | Fact) -> list[Report]:
        """Apply each input in a batch of its own."""
        return [await self.receive(one) for one in inputs]

    async def now(self) -> datetime:
        """The service's own clock."""
        now: datetime = await self.pool.fetchval("select shared.app_now()")
        return now

    async def move_clock(self, ahead: timedelta) -> None:
        await self.pool.execute(_MOVE, ahead)

    async def begin_at(self, hour: int) -> None:
        """Set the clock to this hour of the first day, in the zone of the sellers and customers of most stories."""
        await self.move_clock(datetime.combine(FIRST_DAY, time(hour), ZONE) - await self.now())

    async def published(self) -> list[Envelope[Any]]:
        """The events in the outbox, in order, without announcements of dead letters."""
        rows = await self.pool.fetch("select * from shared.outbox where topic not like '%dead-letters%' order by id")
        return [_decoded(row) for row in rows]

    async def published_types(self) -> list[str]:
        return [event.type for event in await self.published()]

    async def published_ids(self) -> set[str]:
        return {event.id for event in await self.published()}

    async def rows(self, table: str, order_by: str = "1, 2") -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(f"select * from {table} order by {order_by}")]

    async def row(self, table: str) -> dict[str, Any]:
        """The only row of a table."""
        (row,) = await self.rows(table)
        return row

    async def waiting(self) -> list[str]:
        """Types of the waiting facts, in the order of their times."""
        rows = await self.pool.fetch("select type from shared.waiting_facts order by at, event_id")
        return [row["type"] for row in rows]

    async def dead_letter_codes(self) -> list[str]:
        rows = await self.pool.fetch("select code from shared.dead_letters order by received_at, code")
        return [row["code"] for row in rows]


@asynccontextmanager
async def running(
    url: str, name: str, handle: Handler, own_facts: Mapping[str, type[Fact]] | None = None
) -> AsyncIterator[ServiceUnderTest]:
    """The service's handlers on its database."""
    pool = await open_pool(url, name=name)
    try:
        yield ServiceUnderTest(pool, InputProcessor(pool, name, handle, own_facts or {}))
    finally:
        await pool.close()


def published_id(cause: Input) -> str:
    """The id of the one event published for an inbound fact, under its own name for it."""
    event = cause.envelope
    published_as = event.type.replace(".inbound.", ".")
    return str(derived("event", event.source, event.id, published_as, ""))


def _decoded(row: asyncpg.Record) -> Envelope[Fact]:
    headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"])]
    decoded = decode_message(row["payload"], headers, key=row["key"].encode(), topic=row["topic"])
    assert isinstance(decoded, Decoded), decoded
    return decoded.envelope
