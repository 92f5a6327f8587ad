"""Reads the open episodes of everyone below one manager: one page of them, and how many each filter would show.

Every statement starts from the reader, $1, and walks the directory down; circles of managers end the walk.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.escalation.domain.entities import Salesperson
from services.escalation.store.followed import LINE, FollowedRow
from services.escalation.store.inbox import EPISODE, MAY_SEE, EpisodeRow
from services.escalation.store.ranking import DUE_AT
from services.escalation.store.rows import HAS_DEVICE
from shared.database import Connection, Pool
from shared.ids import SalespersonId

PAGE_SIZE = 30
MOST_FOUND = 50
_FEWEST_DIGITS = 5
"""A telephone number is searched from this many digits on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The requested episodes: of one severity, with a standing signal of one kind, with one product, with one person.
    `soonest`: ordered by time left instead of money."""

    severity: str | None = None
    cause: str | None = None
    product: str | None = None
    person: str | None = None
    soonest: bool = False


@dataclass(frozen=True, slots=True)
class TeamPage:
    """One page of episodes in order, and what all pages have: `found` episodes of the `opened` ones, with this `money`
    in minor units by currency. `counts` has the number of episodes by filter and value, with the other filters on."""

    episodes: Sequence[UUID] = ()
    opened: int = 0
    found: int = 0
    money: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


TEAM = """
    team (id) as (
        select salesperson_id from escalation.salespeople where manager = $1 and salesperson_id <> $1
        union
        select p.salesperson_id from team join escalation.salespeople p on p.manager = team.id
        where p.salesperson_id <> $1
    )
"""
"""Everyone below the reader, $1, for `with recursive`."""

_OF_TEAM = "(e.responsible in (select id from team) or e.salesperson in (select id from team))"
# A refund request puts its amount at stake, any other signal the whole order: as `domain.stakes`, in the order's
# currency. What asks for another currency counts as the whole order.
IS_ASKED_BACK = """
    s.kind = 'refund_requested' and s.amount_minor > 0 and coalesce(s.currency, opened.currency) = opened.currency
"""
_PAGE = f"""
    with recursive {TEAM}, opened as materialized (
        select e.episode_id, e.severity, e.responsible, {DUE_AT} as due_at, o.currency, o.amount_minor, o.products
        from escalation.episodes e left join escalation.orders o on o.order_id = e.order_id
        where e.closed_at is null and {_OF_TEAM}
    ), by_kind as (
        select opened.episode_id, s.kind, sum(s.amount_minor) as asked_back, bool_and({IS_ASKED_BACK}) as is_asked_back
        from opened join escalation.signals s on s.episode_id = opened.episode_id and s.ended is null
        group by opened.episode_id, s.kind
    ), standing as materialized (
        select episode_id, array_agg(kind) as kinds, case when bool_and(is_asked_back) then sum(asked_back) end as asked
        from by_kind group by episode_id
    ), judged as materialized (
        select opened.*, standing.kinds, least(standing.asked, opened.amount_minor)::bigint as at_stake,
               coalesce($2::text = opened.severity, true) as of_severity,
               coalesce($3::text = any(standing.kinds), $3::text is null) as of_cause,
               coalesce(opened.products ? $4::text, $4::text is null) as of_product,
               coalesce($5::text = opened.responsible, $5::text is null) as of_person
        from opened left join standing using (episode_id)
    ), found as materialized (
        select * from judged where of_severity and of_cause and of_product and of_person
    ), ranked as (
        select episode_id, row_number() over (order by
            case when $6 then due_at end nulls last, at_stake desc nulls last, due_at nulls last, episode_id) as place
        from found
    )
    select 'episode' as what, episode_id::text as value, place as number from ranked where place > $7 and place <= $8
    union all select 'opened', '', count(*) from judged
    union all select 'found', '', count(*) from found
    union all select 'money', currency, sum(at_stake)::bigint from found where currency is not null group by currency
    union all select 'severity', severity, count(*) from judged
              where of_cause and of_product and of_person group by severity
    union all select 'person', responsible, count(*) from judged
              where of_severity and of_cause and of_product and responsible is not null group by responsible
    union all select 'cause', kind, count(*) from judged, unnest(kinds) as kind
              where of_severity and of_product and of_person group by kind
    union all select 'product', product, count(*) from judged,
              lateral (select distinct jsonb_array_elements_text(products)) as sold (product)
              where of_severity and of_cause and of_person group by product
    order by what, number, value
"""
_EPISODES = f"{EPISODE} where e.episode_id = any($2::uuid[]) and {MAY_SEE}"
_NAMES = "select salesperson_id, name from escalation.salespeople where salesperson_id = any($1::text[])"
_HAS_REPORTS = f"with recursive {TEAM} select exists (select from team)"
_AWAY = f"""
    with recursive {TEAM}
    select p.*, {HAS_DEVICE} from escalation.salespeople p join team on team.id = p.salesperson_id
    where p.active and p.away <> '[]' order by lower(p.name), p.salesperson_id
"""
_CLOSED = f"""
    with recursive {TEAM}
    {LINE} where e.closed_at is not null
      and (e.salesperson in (select id from team) or e.responsible in (select id from team)
           or e.closed_by in (select id from team))
      and (e.order_id = $2 or strpos(lower(o.customer_name), lower($2)) > 0
           or ($3 <> '' and strpos(regexp_replace(o.customer_phone, '[^0-9]', '', 'g'), $3) > 0))
    order by e.closed_at desc, e.episode_id limit {MOST_FOUND + 1}
"""
_FINGERPRINT = f"""
    with recursive {TEAM}
    select count(*)::text || ':' || coalesce(bit_xor(hashtextextended(e.episode_id::text || e.changed_at::text, 0)), 0)
    from escalation.episodes e where e.closed_at is null and {_OF_TEAM}
"""


async def has_reports(database: Pool, reader: SalespersonId) -> bool:
    found: bool = await database.fetchval(_HAS_REPORTS, reader)
    return found


async def team_page(database: Pool, reader: SalespersonId, wanted: Wanted, *, page: int = 1) -> TeamPage:
    """A page of the open episodes below the reader, by the money at stake, then by the time left."""
    before = (page - 1) * PAGE_SIZE
    filters = (wanted.severity, wanted.cause, wanted.product, wanted.person, wanted.soonest)
    rows = await database.fetch(_PAGE, reader, *filters, before, before + PAGE_SIZE)
    numbers = defaultdict[str, dict[str, int]](dict)
    for row in rows:
        numbers[row["what"]][row["value"]] = row["number"]
    return TeamPage(
        episodes=[UUID(id) for id in numbers["episode"]],
        opened=numbers["opened"][""],
        found=numbers["found"][""],
        money=numbers["money"],
        counts={name: numbers[name] for name in ("severity", "cause", "product", "person")},
    )


async def episodes_of(database: Pool, reader: SalespersonId, episodes: Sequence[UUID]) -> list[EpisodeRow]:
    """These episodes, in this order, without those that the reader may not see any more."""
    rows = {row["episode_id"]: row for row in await database.fetch(_EPISODES, reader, list(episodes))}
    return [EpisodeRow(**rows[id]) for id in episodes if id in rows]


async def names_of(database: Pool, people: Collection[str]) -> Mapping[str, str]:
    """The names of people in the directory."""
    return {row["salesperson_id"]: row["name"] for row in await database.fetch(_NAMES, list(people))}


async def people_with_absences(database: Pool, reader: SalespersonId) -> list[Salesperson]:
    """The people below the reader who are, were or will be away."""
    return [Salesperson(**row) for row in await database.fetch(_AWAY, reader)]


async def closed_found(database: Pool, reader: SalespersonId, words: str) -> list[FollowedRow]:
    """Closed episodes of the team by customer, order or telephone number, never by salesperson; the latest first, at
    most MOST_FOUND + 1."""
    digits = "".join(one for one in words if one.isascii() and one.isdecimal()).lstrip("0")
    is_number = len(digits) >= _FEWEST_DIGITS and not any(one.isalpha() for one in words)
    rows = await database.fetch(_CLOSED, reader, words, digits if is_number else "")
    return [FollowedRow(**row) for row in rows]


async def team_fingerprint(database: Connection, reader: str) -> str:
    """A text that changes whenever an open episode below the reader changes."""
    found: str = await database.fetchval(_FINGERPRINT, reader)
    return found
