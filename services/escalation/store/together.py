"""Reads many episodes of one person at once: those waiting for an acknowledgement, their states, and the order of
calls. Every statement names the reader."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.words import MUST_NOT_BE_CALLED, Risk
from services.escalation.store.inbox import FOUND, MAY_SEE, WANTED_SEVERITY, Wanted
from services.escalation.store.ranking import MOST_URGENT_FIRST
from services.escalation.store.risks import RISK_COLUMNS, risk_of
from services.escalation.store.rounds import round_of
from shared.database import Pool
from shared.ids import AccountId, SalespersonId

MOST_AT_ONCE = 100
"""The number of episodes that one press acknowledges, and of places in a queue that are shown."""


@dataclass(frozen=True, slots=True)
class UnansweredRow:
    """An episode that waits for the reader's acknowledgement; `risks` are its signals that stand."""

    episode_id: UUID
    round: str
    segment: str | None
    products: str
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True)
class StateRow:
    """The current state of an episode and the person who has it."""

    episode_id: UUID
    account_id: AccountId
    changed_at: datetime
    closed_at: datetime | None
    acknowledged_by: str | None
    acknowledged_name: str | None
    responsible: str | None
    responsible_name: str | None

    @property
    def round(self) -> str:
        return round_of(self.changed_at)


_SEVEREST_FIRST = "array_position(array['critical', 'high', 'watch'], e.severity)"
_UNANSWERED = f"""
    select e.episode_id, e.changed_at, o.segment, coalesce(o.products, '[]') as products
    from escalation.episodes e left join escalation.orders o on o.order_id = e.order_id
    where e.closed_at is null and e.responsible = $1 and e.acknowledged_at is null and {FOUND} and {WANTED_SEVERITY}
    order by {MOST_URGENT_FIRST}, e.episode_id limit $4
"""
_RISKS = f"""
    select s.episode_id, {RISK_COLUMNS}
    from escalation.signals s join escalation.episodes e on e.episode_id = s.episode_id
    left join escalation.orders o on o.order_id = e.order_id
    where s.episode_id = any($2::uuid[]) and s.ended is null and {MAY_SEE}
    order by s.at, s.signal_id
"""
_STATES = f"""
    select e.episode_id, e.account_id, e.changed_at, e.closed_at, e.acknowledged_by, taker.name as acknowledged_name,
           e.responsible, asked.name as responsible_name
    from escalation.episodes e left join escalation.orders o on o.order_id = e.order_id
    left join escalation.salespeople taker on taker.salesperson_id = e.acknowledged_by
    left join escalation.salespeople asked on asked.salesperson_id = e.responsible
    where e.episode_id = any($2::uuid[]) and {MAY_SEE}
    order by {MOST_URGENT_FIRST}, e.episode_id
"""
_TO_CALL = """
    e.closed_at is null and e.responsible = $1 and e.acknowledged_by = $1 and e.deadline_for = 'redeem'
"""
_AHEAD = f"""
    select count(distinct e.account_id) from escalation.episodes e
    where {_TO_CALL} and e.account_id <> (select account_id from escalation.episodes where episode_id = $2)
      and {_SEVEREST_FIRST} <= (select {_SEVEREST_FIRST} from escalation.episodes e where e.episode_id = $2)
"""
_QUEUE = f"""
    select e.episode_id, e.account_id from escalation.episodes e
    left join escalation.orders o on o.order_id = e.order_id
    left join escalation.accounts account on account.account_id = e.account_id
    where {_TO_CALL} and coalesce(account.preference, 'none') <> all($3::text[])
      and (coalesce(o.customer_phone, '') <> '' or coalesce(o.customer_email, '') = '')
    order by {MOST_URGENT_FIRST}, e.episode_id limit $2
"""


async def unanswered(
    database: Pool, reader: SalespersonId, wanted: Wanted, policies: Policies
) -> Sequence[UnansweredRow]:
    """The reader's episodes that wait for an acknowledgement, the most urgent first."""
    rows = await database.fetch(_UNANSWERED, reader, wanted.search, wanted.severity, MOST_AT_ONCE)
    risks: dict[UUID, list[Risk]] = {row["episode_id"]: [] for row in rows}
    for row in await database.fetch(_RISKS, reader, list(risks)):
        risks[row["episode_id"]].append(risk_of(row, policies))
    return [
        UnansweredRow(
            row["episode_id"],
            round_of(row["changed_at"]),
            row["segment"],
            row["products"],
            tuple(risks[row["episode_id"]]),
        )
        for row in rows
    ]


async def states(database: Pool, reader: SalespersonId, episodes: Collection[UUID]) -> Sequence[StateRow]:
    """The episodes among these that the reader may see, the most urgent first."""
    return [StateRow(**row) for row in await database.fetch(_STATES, reader, list(episodes))]


async def calls_ahead(database: Pool, reader: SalespersonId, episode: UUID) -> int:
    """The number of other customers whom the reader has to call first: of the same or a higher severity.

    All orders of a customer are one call.
    """
    ahead: int = await database.fetchval(_AHEAD, reader, episode)
    return ahead


async def queue(database: Pool, reader: SalespersonId) -> Mapping[UUID, int]:
    """The reader's calls by place: the most urgent first.

    Empty if there is at most one. All orders of a customer are one call; customers who must not be called, or have only
    an address, have none.
    """
    rows = await database.fetch(_QUEUE, reader, MOST_AT_ONCE, list(MUST_NOT_BE_CALLED))
    customers = list(dict.fromkeys(row["account_id"] for row in rows))
    if len(customers) <= 1:
        return {}
    places = {account: place for place, account in enumerate(customers, start=1)}
    return {row["episode_id"]: places[row["account_id"]] for row in rows}
