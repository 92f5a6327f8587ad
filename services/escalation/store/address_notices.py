"""Notices of changed addresses: stored in the transaction of the change, claimed before they are sent, like deliveries.

A notice still `sending` after the timeout belonged to a process that died: it is sent again with the same Message-ID.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation import tables
from services.escalation.domain.addresses import AddressNotice, Outcome
from services.escalation.store.claims import SENDING_LIMIT
from shared.database import Connection, Pool, bulk_insert

_ADD = bulk_insert(tables.AddressNotice)
_CLAIM = """
    with due as (
        select notice_id from escalation.address_notices
        where state in ('pending', 'sending') and try_at <= (select shared.app_now())
        order by try_at limit $1 for update skip locked
    ), claimed as (
        update escalation.address_notices n
        set state = 'sending', attempts = n.attempts + 1,
            unknown_count = n.unknown_count + (n.state = 'sending')::int,
            changed_at = shared.app_now(), try_at = shared.app_now() + $2
        from due where n.notice_id = due.notice_id
        returning n.notice_id, n.salesperson_id, n.address, n.is_new, n.other, n.made_at, n.attempts, n.unknown_count
    )
    select c.notice_id, c.salesperson_id, c.address, c.is_new, c.other, c.made_at, c.attempts, c.unknown_count,
           coalesce(p.name, c.salesperson_id) as name, coalesce(p.zone, 'UTC') as zone
    from claimed c left join escalation.salespeople p using (salesperson_id)
"""
_END = """
    update escalation.address_notices
    set state = $3, reason = $4, changed_at = shared.app_now(), try_at = shared.app_now() + $5,
        address = case when $3 = 'pending' then address end, unknown_count = $6
    where notice_id = $1 and attempts = $2 and state = 'sending'
"""


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A notice being sent."""

    notice_id: UUID
    salesperson_id: str
    address: str
    is_new: bool
    other: bool
    made_at: datetime
    attempts: int
    unknown_count: int
    name: str
    zone: str


async def add(connection: Connection, notices: Iterable[AddressNotice]) -> None:
    await _ADD.run(connection, [[getattr(one, name) for name in _ADD.columns] for one in notices])


async def claim(pool: Pool, limit: int) -> Sequence[ClaimedNotice]:
    """Take at most `limit` due notices, and mark them as `sending`."""
    return [ClaimedNotice(**row) for row in await pool.fetch(_CLAIM, limit, SENDING_LIMIT)]


async def end(pool: Pool, notice: ClaimedNotice, outcome: Outcome, reason: str | None) -> None:
    """Store an attempt's result. An ended notice keeps no address."""
    known = (notice.notice_id, notice.attempts)
    await pool.execute(_END, *known, outcome.state, reason, outcome.pause, outcome.unknown_count)
