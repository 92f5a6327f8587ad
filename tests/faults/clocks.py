"""Clocks of the inbound services that run ahead of a history: an inbound service refuses events
dated ahead of its clock.
"""

from datetime import timedelta

import asyncpg

INBOUND_SERVICES = ("orders", "support")
_AHEAD = timedelta(hours=2)
_MOVE = """
    insert into shared.clock (single, ahead) values (true, $1)
    on conflict (single) do update set ahead = clock.ahead + $1
"""


async def keep_ahead(url: str) -> None:
    """Put a service's clock so far ahead that no event of a history is in its future, even after a
    step back of an hour."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(_MOVE, _AHEAD)
    finally:
        await connection.close()
