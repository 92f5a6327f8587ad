"""Makes the relay publish events again for a topic that lost them. The outbox itself needs the tables."""

from datetime import datetime

from shared.database import Pool

OUTBOX_CHANNEL = "outbox"
"""The channel by which Postgres wakes the relay."""

RETENTION_DAYS = 14
"""How long a published event stays in the outbox: no topic keeps it longer."""

# All in one statement: rows committed meanwhile come after them, so each account keeps its order.
_PUBLISH_AGAIN = """
    with again as (update shared.outbox set published_at = null where published_at >= $1 returning 1)
    select count(*) from again
"""
_PUBLISH_AGAIN_SECONDS = 3_600


async def publish_again(pool: Pool, since: datetime) -> int:
    """Make the relay publish all events since a time again, in the same order. Return their number."""
    async with pool.acquire() as connection:
        await connection.execute(f"set statement_timeout = '{_PUBLISH_AGAIN_SECONDS}s'")  # ends with the session's use
        rows: int = await connection.fetchval(_PUBLISH_AGAIN, since, timeout=_PUBLISH_AGAIN_SECONDS)
        await connection.execute("select pg_notify($1, '')", OUTBOX_CHANNEL)
        return rows
