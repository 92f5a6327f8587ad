"""Reads win-backs: those that a batch's events are about, those to look at now, and a reader's own."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.escalation.domain.detections.history import History
from services.escalation.domain.duties import Sale
from services.escalation.domain.duty_buttons import WinBackLogged
from services.escalation.domain.entities import Account, Directory, Order, Salesperson
from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.own_facts import ReopenPressed
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.domain.win_backs import LOOKED_BACK, WinBack, WinBackChecked, WinBackState
from services.escalation.store.duties import ACCOUNTS_OF, PEOPLE_OF, THEIRS
from services.escalation.store.inbox import MAY_SEE
from shared.contracts.envelope import Envelope, Fact
from shared.database import Connection, Pool
from shared.ids import AccountId, SalespersonId

_FIELDS = tuple(column.name for column in fields(WinBack))
_OF_EPISODES = "select * from escalation.win_backs where episode_id = any($1::uuid[])"
# Over all accounts, so these counts are taken before the fact is reported, and come with it. They are taken once for
# everything to look at, and not at all if that is nothing.
_TO_CHECK = """
    with due as (
        select * from escalation.win_backs where check_at <= shared.app_now() order by check_at, episode_id limit $1
    ), losses as (
        select loss_class, segment, count(*) as n from escalation.win_backs
        where exists (select from due) and lost_at > shared.app_now() - $2::interval and state <> 'undone'
        group by loss_class, segment
    ), requests as (
        select o.segment, count(*) as n from escalation.signals s
        join escalation.episodes e using (episode_id) join escalation.orders o on o.order_id = e.order_id
        where exists (select from due) and s.at > shared.app_now() - $2::interval
            and s.kind in ('refund_requested', 'cancellation_requested')
        group by o.segment
    )
    select d.episode_id, d.account_id, d.check_at, coalesce(l.n, 0) as losses, coalesce(r.n, 0) as requests
    from due d
    left join losses l on l.loss_class = d.loss_class and l.segment is not distinct from d.segment
    left join requests r on r.segment is not distinct from d.segment
    order by d.check_at, d.episode_id
"""
_OF_READER = f"""
    {THEIRS}
    select w.*, exists (
        select from escalation.episodes e where e.episode_id = w.episode_id and {MAY_SEE}) as readable
    from theirs join escalation.win_backs w using (order_id)
    left join escalation.accounts a on a.account_id = w.account_id
    where w.state in ('due', 'waits') and coalesce(a.preference, 'none') = 'none'
        and not exists (select from escalation.results r where r.episode_id = w.episode_id and r.state = 'won_back')
    order by w.state, w.due_at, w.episode_id limit $2
"""
_ORDERS = "select * from escalation.orders where order_id = any($1::text[])"
_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ToCheck:
    """A win-back to look at now, with the counts for it."""

    episode_id: UUID
    account_id: AccountId
    check_at: datetime
    losses: int
    requests: int


class LostSale(NamedTuple):
    """A win-back with its sale. `readable`: the reader may see the lost episode, if it is still kept."""

    win_back: WinBack
    sale: Sale
    readable: bool


async def load(connection: Connection, work: UnitOfWork, events: Sequence[Envelope[Fact]]) -> None:
    """Load the win-backs that events of a batch are about."""
    kinds = (WinBackChecked, WinBackLogged, ReopenPressed)
    meant = [event.data.episode for event in events if isinstance(event.data, kinds)]
    for row in await connection.fetch(_OF_EPISODES, meant) if meant else ():
        work.win_backs[row["episode_id"]] = _win_back(row)


async def to_check(pool: Pool, limit: int) -> Sequence[ToCheck]:
    """The win-backs whose time to be looked at has come, the first ones first."""
    return [ToCheck(**row) for row in await pool.fetch(_TO_CHECK, limit, LOOKED_BACK)]


async def of_reader(pool: Pool, reader: SalespersonId) -> tuple[Sequence[LostSale], Directory]:
    """The win-backs of orders that may be the reader's, those due first, and the people who may have them."""
    rows = await pool.fetch(_OF_READER, reader, _LIMIT)
    found, readable = [_win_back(row) for row in rows], {row["episode_id"] for row in rows if row["readable"]}
    if not found:
        return (), {}
    orders = {row["order_id"]: Order(**row) for row in await pool.fetch(_ORDERS, [one.order_id for one in found])}
    accounts = {
        row["account_id"]: Account(**row) for row in await pool.fetch(ACCOUNTS_OF, [o.account_id for o in found])
    }
    owners = {reader, *(order.sold_by for order in orders.values()), *(one.assigned_to for one in accounts.values())}
    people = await pool.fetch(PEOPLE_OF, list(filter(None, owners)))
    sales = [
        LostSale(
            one,
            Sale(orders[one.order_id], accounts.get(one.account_id) or Account(one.account_id), History()),
            readable=one.episode_id in readable,
        )
        for one in found
        if one.order_id in orders
    ]
    return sales, {row["salesperson_id"]: Salesperson(**row) for row in people}


def _win_back(row: Any) -> WinBack:
    kinds = {"state": WinBackState(row["state"]), "loss_class": LossClass(row["loss_class"])}
    return WinBack(**{name: row[name] for name in _FIELDS} | kinds)
