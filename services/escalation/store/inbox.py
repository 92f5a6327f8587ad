"""What one salesperson may read: what shows an episode or a customer names the reader, so another's is not there.

Two statements show neither: the clock with the round that a press of the button belongs to, and the fingerprints.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.store.facts import TOLD_TYPES, told_event
from shared.contracts.envelope import Envelope, Fact
from shared.database import Connection, Pool
from shared.ids import AccountId, EpisodeId, SalespersonId

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """An episode with its order and its customer."""

    episode_id: EpisodeId
    account_id: AccountId
    order_id: str
    why_you: str | None
    raised_at: datetime
    changed_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_name: str | None
    bought: str
    amount_minor: int | None
    currency: str | None
    customer_name: str | None
    customer_phone: str | None
    customer_email: str | None
    customer_zone: str | None


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal of an episode."""

    signal_id: UUID
    fact_id: UUID
    episode_id: EpisodeId
    kind: str
    at: datetime
    case_id: str | None
    amount_minor: int | None
    currency: str | None
    refund_kind: str | None
    words: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Open episodes of one salesperson: all, those nobody acknowledged, and those the search found."""

    opened: int
    waiting: int
    found: int


_EPISODE = """
    select e.episode_id, e.account_id, e.order_id, e.why_you, e.raised_at, e.changed_at,
           e.acknowledged_at, e.acknowledged_by, p.name as acknowledged_name,
           coalesce(o.bought, '') as bought, o.amount_minor, o.currency,
           o.customer_name, o.customer_phone, o.customer_email, o.customer_zone
    from escalation.episodes e
    left join escalation.orders o on o.order_id = e.order_id
    left join escalation.salespeople p on p.salesperson_id = e.acknowledged_by
"""
_ONE_EPISODE = f"{_EPISODE} where e.responsible = $1 and e.episode_id = $2"
_FOUND = """
    ($2 = '' or strpos(lower(concat_ws(' ', o.customer_name, o.bought, e.order_id, e.account_id)), lower($2)) > 0)
"""
_OPEN_EPISODES = f"""
    {_EPISODE}
    where e.responsible = $1 and e.closed_at is null and {_FOUND}
    order by e.acknowledged_at is not null,
             (select max(s.at) from escalation.signals s where s.episode_id = e.episode_id) desc nulls last,
             e.episode_id
    limit $3 offset $4
"""
_COUNTS = f"""
    select count(*) as opened, count(*) filter (where e.acknowledged_at is null) as waiting,
           count(*) filter (where {_FOUND}) as found
    from escalation.episodes e left join escalation.orders o on o.order_id = e.order_id
    where e.responsible = $1 and e.closed_at is null
"""
_SIGNALS = """
    select s.signal_id, s.fact_id, s.episode_id, s.kind, s.at, s.case_id,
           s.amount_minor, s.currency, s.refund_kind, s.words
    from escalation.signals s join escalation.episodes e on e.episode_id = s.episode_id
    where e.responsible = $1 and s.episode_id = any($2::uuid[])
    order by s.at, s.signal_id
"""
_FACTS = """
    select account_id as subject, j.source, j.event_id, j.type, j.at, j.body
    from (
        select distinct account_id from escalation.episodes where responsible = $1 and account_id = any($2::text[])
    ) accounts
    cross join lateral (
        select source, event_id, type, at, body, position from shared.journal
        where subject = account_id and type = any($3::text[]) and body is not null
        order by at desc, position desc limit $4
    ) j
    order by j.at desc, j.position desc
"""
# Equal for equal rows whatever the order of commits: the largest `changed_at` would miss a late commit.
_FINGERPRINTS = """
    select responsible, count(*)::text || ':' || bit_xor(hashtextextended(episode_id::text || changed_at::text, 0))
    from escalation.episodes where closed_at is null and responsible = any($1::text[])
    group by responsible
"""


_NOW_AND_ROUND = """
    select shared.app_now() as now,
           (select rings || '-' || attempts from escalation.episodes where episode_id = $1) as round
"""


async def now(database: Pool) -> datetime:
    """The one clock that decides anything."""
    instant: datetime = await database.fetchval("select shared.app_now()")
    return instant


async def now_and_round(database: Pool, episode_id: UUID) -> tuple[datetime, str]:
    """The time, and what stands for the ring of an episode, and the attempt, that a press of a button now is about."""
    row = await database.fetchrow(_NOW_AND_ROUND, episode_id)
    assert row is not None
    return row["now"], row["round"] or ""


async def open_episodes(database: Pool, reader: SalespersonId, *, search: str = "", page: int = 1) -> list[EpisodeRow]:
    """A page of the reader's open episodes: nobody acknowledged it first, then by latest signal."""
    offset = (page - 1) * PAGE_SIZE
    rows = await database.fetch(_OPEN_EPISODES, reader, search, PAGE_SIZE, offset)
    return [EpisodeRow(**row) for row in rows]


async def counts(database: Pool, reader: SalespersonId, *, search: str = "") -> Counts:
    row = await database.fetchrow(_COUNTS, reader, search)
    return Counts(**row) if row else Counts(0, 0, 0)


async def one_episode(database: Pool, reader: SalespersonId, episode_id: UUID) -> EpisodeRow | None:
    """An episode, or None: there is none, or the reader is not responsible for it."""
    row = await database.fetchrow(_ONE_EPISODE, reader, episode_id)
    return EpisodeRow(**row) if row else None


async def signals_of(
    database: Pool, reader: SalespersonId, episodes: Collection[UUID]
) -> Mapping[UUID, Sequence[SignalRow]]:
    """The signals of the reader's episodes, each in the order they happened."""
    found = defaultdict[UUID, list[SignalRow]](list)
    for row in await database.fetch(_SIGNALS, reader, list(episodes)):
        found[row["episode_id"]].append(SignalRow(**row))
    return found


async def facts_of(
    database: Pool, reader: SalespersonId, accounts: Collection[AccountId], *, limit: int
) -> Mapping[AccountId, Sequence[Envelope[Fact]]]:
    """What orders and support told of each account that the reader has an episode of, newest first.

    Facts whose body was erased are left out.
    """
    found = defaultdict[AccountId, list[Envelope[Fact]]](list)
    for row in await database.fetch(_FACTS, reader, list(accounts), TOLD_TYPES, limit):
        found[row["subject"]].append(told_event(row))
    return found


async def fingerprints(database: Connection, readers: Collection[str]) -> Mapping[str, str]:
    """For each reader with open episodes a text that changes whenever one of them does."""
    return {row[0]: row[1] for row in await database.fetch(_FINGERPRINTS, list(readers))}
