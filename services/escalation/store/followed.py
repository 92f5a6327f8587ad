"""Reads episodes that a salesperson follows without a part in them, and closed ones, each as a line of a list."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.store.held import held_until
from services.escalation.store.inbox import FOUND, HAS_A_PART, SUPERSEDED, WANTED_SEVERITY, Wanted
from services.escalation.store.outcomes import OUTCOME_COLUMNS, OUTCOME_JOIN
from services.escalation.store.ranking import MOST_URGENT_FIRST
from services.escalation.store.rounds import round_of
from services.escalation.store.rows import BESIDE_THE_LADDER, GIVEN_MINOR
from shared.database import Pool
from shared.ids import SalespersonId

MOST = 50
_LATEST = f"""
    left join lateral (
        select alert_id, cause from escalation.alerts latest
        where latest.episode_id = e.episode_id and latest.cause not in {BESIDE_THE_LADDER!r}
        order by latest.ring desc limit 1
    ) latest on true
"""
# The columns of FollowedRow.
LINE = f"""
    select e.episode_id, e.account_id, e.order_id, e.severity, e.responsible, responsible.name as responsible_name,
           e.acknowledged_by, acknowledged.name as acknowledged_name, e.acknowledged_at, e.reached_at,
           e.deadline_at,
           e.closed_at, e.closed_by, closed.name as closed_name, e.result, e.reason, {SUPERSEDED} as superseded,
           {OUTCOME_COLUMNS},
           e.changed_at,
           {GIVEN_MINOR},
           o.customer_name, coalesce(o.bought, '') as bought, o.amount_minor, o.currency, o.segment,
           coalesce(o.products, '[]') as products, latest.cause,
           {held_until("latest.alert_id")}
    from escalation.episodes e
    left join escalation.orders o on o.order_id = e.order_id
    left join escalation.salespeople responsible on responsible.salesperson_id = e.responsible
    left join escalation.salespeople acknowledged on acknowledged.salesperson_id = e.acknowledged_by
    left join escalation.salespeople closed on closed.salesperson_id = e.closed_by
    {_LATEST}
    {OUTCOME_JOIN}
"""
# Reports and theirs, found once: this runs with every page, for every open episode. `team` has everyone below.
_TEAM = """
    with reports as materialized (select salesperson_id as id from escalation.salespeople where manager = $1),
    team as materialized (
        select id from reports union
        select salesperson_id from escalation.salespeople where manager in (select id from reports))
"""
_OF_TEAM = """
    (e.salesperson in (select id from team) or e.responsible in (select id from team)
     or e.acknowledged_by in (select id from team))
"""
_FOLLOWED = f"""
    {_TEAM} {LINE} where e.closed_at is null and {HAS_A_PART} is not true and {FOUND} and {WANTED_SEVERITY} and (
        e.salesperson = $1 or {_OF_TEAM}
        or (e.acknowledged_at is not null and exists (
            select from escalation.alerts asked where asked.episode_id = e.episode_id and asked.recipient = $1)))
    order by {MOST_URGENT_FIRST}, e.episode_id
    limit {MOST + 1}
"""
_CLOSED = f"""
    {_TEAM} {LINE} where e.closed_at is not null and (e.closed_at > $2
      or e.episode_id = any(array(select episode_id from escalation.results where changed_at > $2)))
      and (e.salesperson = $1 or e.acknowledged_by = $1 or e.closed_by = $1 or e.responsible = $1 or {_OF_TEAM})
    order by e.closed_at desc, o.amount_minor desc nulls last, e.episode_id limit {MOST + 1}
"""


@dataclass(frozen=True, slots=True)
class FollowedRow:
    """An episode with its order, its customer, and the people who have or had it; `products` is a JSON array.

    `cause` is the reason of its latest alert, which is held until `held_until`.
    """

    episode_id: UUID
    account_id: str
    order_id: str
    severity: str
    responsible: str | None
    responsible_name: str | None
    acknowledged_by: str | None
    acknowledged_name: str | None
    acknowledged_at: datetime | None
    reached_at: datetime | None
    deadline_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    closed_name: str | None
    result: str | None
    reason: str | None
    superseded: bool
    given_minor: int
    outcome: str | None
    proof_due_at: datetime | None
    disproof: str | None
    disproved_at: datetime | None
    won_by: str | None
    changed_at: datetime
    customer_name: str | None
    bought: str
    amount_minor: int | None
    currency: str | None
    segment: str | None
    products: str
    cause: str | None
    held_until: datetime | None

    @property
    def round(self) -> str:
        """The round of the episode, which identifies the state that a button press is about."""
        return round_of(self.changed_at)


async def followed(database: Pool, reader: SalespersonId, wanted: Wanted) -> list[FollowedRow]:
    """Open episodes of the reader's sales and teams that others have, by the requested words and severity, the most
    urgent first; at most MOST + 1, so that the page knows whether there are more."""
    rows = await database.fetch(_FOLLOWED, reader, wanted.search, wanted.severity)
    return [FollowedRow(**row) for row in rows]


async def closed_since(database: Pool, reader: SalespersonId, since: datetime) -> list[FollowedRow]:
    """The episodes of the reader and of their team that ended, or whose result changed, after this, the latest first;
    at most MOST + 1."""
    return [FollowedRow(**row) for row in await database.fetch(_CLOSED, reader, since)]
