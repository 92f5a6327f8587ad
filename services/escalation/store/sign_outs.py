"""Ends a person's sessions, sign-in links and devices: in the transaction of the change that requires it, or by a
button."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.escalation.domain.devices import DeviceEnd
from services.escalation.store import devices
from shared.database import Connection, Pool

# A link counts as used, and still as requested. Links come first: if one is being used at this moment, its session is
# seen afterwards.
_END_LINKS = """
    update escalation.sign_in_links set used_at = $2
    where salesperson_id = any($1::text[]) and used_at is null and expires_at > $2
"""
_END_SESSIONS = "delete from escalation.sessions where salesperson_id = any($1::text[]) and expires_at > $2"
_NOW = "select shared.app_now()"


async def end_all(connection: Connection, people: Collection[str], now: datetime) -> None:
    """End all sessions and devices of these people, and make all links sent to them invalid."""
    if people:
        await _end(connection, sorted(people), now, DeviceEnd.SIGN_INS_ENDED)


async def sign_out_everywhere(pool: Pool, salesperson_id: str) -> None:
    """End every session, link and device of one person, all or none."""
    async with pool.acquire() as connection, connection.transaction():
        await _end(connection, [salesperson_id], await connection.fetchval(_NOW), DeviceEnd.SIGNED_OUT_EVERYWHERE)


async def _end(connection: Connection, people: Sequence[str], now: datetime, because: DeviceEnd) -> None:
    await connection.execute(_END_LINKS, people, now)
    await connection.execute(_END_SESSIONS, people, now)
    await devices.end_of_people(connection, people, because)
