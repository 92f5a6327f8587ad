"""Stores which deliveries the notifications on devices are about, and claims the notifications to take back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.escalation.store.claims import NEEDLESS
from shared.database import Pool
from shared.ids import SalespersonId

SHOWN_FOR = timedelta(days=7)
"""How long a notification is taken back. A device keeps one until its owner removes it; few are needed for so long."""
_AT_ONCE = 20

_KEEP = """
    insert into escalation.shown_notifications (delivery_id, salesperson_id, tag, shown_at)
    select unnest($1::uuid[]), $2, $3, shared.app_now()
    on conflict (delivery_id) do update set tag = excluded.tag, shown_at = excluded.shown_at
"""
_FORGET = "delete from escalation.shown_notifications where shown_at < shared.app_now() - $1::interval"
# A notification goes once nobody needs any of the deliveries that it is about. It is claimed by deleting its rows, so
# that it is taken back at most once.
_CLAIM = f"""
    with over as (
        select n.salesperson_id, n.tag from escalation.shown_notifications n
        join escalation.deliveries d using (delivery_id)
        join escalation.alerts a on a.alert_id = d.alert_id join escalation.episodes e on e.episode_id = a.episode_id
        where n.shown_at >= shared.app_now() - $2::interval
        group by n.salesperson_id, n.tag having bool_and({NEEDLESS} is not null) limit $1
    ), claimed as (
        delete from escalation.shown_notifications n using over
        where n.salesperson_id = over.salesperson_id and n.tag = over.tag
        returning n.salesperson_id, n.tag, n.delivery_id, n.shown_at
    )
    select c.salesperson_id, c.tag, p.name as reader, coalesce(p.zone, 'UTC') as zone, shared.app_now() as now,
           max(c.shown_at) as shown_at, bool_and(a.cause = 'approval') as is_approval,
           max(e.episode_id::text)::uuid as episode_id, count(distinct e.episode_id) as episodes,
           max(o.customer_name) as customer_name, max(e.account_id) as account_id,
           max(e.acknowledged_by) as acknowledged_by, max(e.acknowledged_at) as acknowledged_at,
           max(taker.name) as acknowledged_name,
           max(e.closed_at) as closed_at, max(e.closed_by) as closed_by, max(closer.name) as closed_name
    from claimed c
    join escalation.deliveries d using (delivery_id)
    join escalation.alerts a on a.alert_id = d.alert_id join escalation.episodes e on e.episode_id = a.episode_id
    join escalation.orders o on o.order_id = e.order_id
    left join escalation.salespeople p on p.salesperson_id = c.salesperson_id
    left join escalation.salespeople taker on taker.salesperson_id = e.acknowledged_by
    left join escalation.salespeople closer on closer.salesperson_id = e.closed_by
    group by c.salesperson_id, c.tag, p.name, p.zone
"""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A notification to take back from a person's devices, shown last at `shown_at`. The state of its episode is known
    if it is about one."""

    salesperson_id: SalespersonId
    tag: str
    reader: str | None
    zone: str
    now: datetime
    shown_at: datetime
    episode_id: UUID
    episodes: int
    customer_name: str | None
    account_id: str
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    acknowledged_name: str | None
    closed_at: datetime | None
    closed_by: str | None
    closed_name: str | None
    is_approval: bool = False


async def keep(pool: Pool, person: SalespersonId, tag: str, deliveries: Sequence[UUID]) -> None:
    """Note that a person's devices may show a notification about these deliveries, before it is sent."""
    await pool.execute(_KEEP, list(deliveries), person, tag)


async def claim_over(pool: Pool) -> Sequence[TakenBack]:
    """The notifications that nobody needs any more, each once, but for those that are too old to be shown."""
    return [TakenBack(**row) for row in await pool.fetch(_CLAIM, _AT_ONCE, SHOWN_FOR)]


async def forget_old(pool: Pool) -> None:
    """Delete what is known of notifications that are too old to be shown."""
    await pool.execute(_FORGET, SHOWN_FOR)
