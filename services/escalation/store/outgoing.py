"""Reads deliveries for operators: those that have not arrived, and those that one message was about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.domain.channels import SENT_AGAIN
from shared.database import Pool

_COLUMNS = """
    select d.delivery_id, d.channel, d.state, d.recipient, d.attempts, d.reason, d.changed_at, d.try_at,
           a.account_id, a.episode_id, e.order_id, e.closed_at is null and e.acknowledged_at is null as open
    from escalation.deliveries d
    join escalation.alerts a on a.alert_id = d.alert_id join escalation.episodes e on e.episode_id = a.episode_id
"""
_LISTED = f"""
    {_COLUMNS}
    where d.channel = any($5::text[]) and d.state = any($1::text[]) and ($2::timestamptz is null or d.changed_at >= $2)
      and (not $3 or (e.closed_at is null and e.acknowledged_at is null))
    order by d.changed_at desc, d.delivery_id limit $4
"""
_BY_ID = f"{_COLUMNS} where d.delivery_id = any($1::uuid[])"
_OF_MESSAGE = """
    select d.delivery_id, d.recipient, d.attempts, a.account_id
    from escalation.deliveries d join escalation.alerts a on a.alert_id = d.alert_id
    where d.channel = $2 and (d.delivery_id = $1 or d.list_id = $1)
"""


@dataclass(frozen=True, slots=True)
class ListedDelivery:
    """One delivery for operators. `open`: a response is still due. `try_at`: the time of the next attempt."""

    delivery_id: UUID
    channel: str
    state: str
    recipient: str
    attempts: int
    reason: str | None
    changed_at: datetime
    try_at: datetime
    account_id: str
    episode_id: UUID
    order_id: str
    open: bool


@dataclass(frozen=True, slots=True)
class SentDelivery:
    """A delivery that a message was about."""

    delivery_id: UUID
    recipient: str
    attempts: int
    account_id: str


async def listed(
    pool: Pool, states: Sequence[str], *, since: datetime | None = None, only_open: bool = False, limit: int
) -> Sequence[ListedDelivery]:
    """Deliveries in these states on channels that allow sending again, the latest first."""
    rows = await pool.fetch(_LISTED, states, since, only_open, limit, SENT_AGAIN)
    return [ListedDelivery(**row) for row in rows]


async def by_id(pool: Pool, ids: Sequence[UUID]) -> Sequence[ListedDelivery]:
    return [ListedDelivery(**row) for row in await pool.fetch(_BY_ID, ids)]


async def of_message(pool: Pool, channel: str, message: UUID) -> Sequence[SentDelivery]:
    """The deliveries of a message with this id: one, or those of a list; empty if it is not ours."""
    return [SentDelivery(**row) for row in await pool.fetch(_OF_MESSAGE, message, channel)]
