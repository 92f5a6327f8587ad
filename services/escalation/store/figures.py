"""Reads the episodes that figures count, and the working time of the people in them. Start at `episodes`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg

from services.escalation.domain.calendar import WorkingTime, calendar_of, company_calendar
from services.escalation.domain.entities import INFORMING, Salesperson, products_in
from services.escalation.domain.figures.episodes import CalendarOf, EpisodeRow
from services.escalation.domain.offers import AGREED
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.results import ResultState
from services.escalation.store.rows import HAS_DEVICE
from services.escalation.store.team import IS_ASKED_BACK
from shared.contracts.escalation import REQUESTS, EpisodeResult, SignalKind
from shared.contracts.support_inbound import ContactPreference
from shared.database import Connection, Pool

Reader: TypeAlias = "Connection | Pool"

LOOKS_KEPT = timedelta(days=365)
"""How long a look at another person's figures is stored."""
_MOST_LOOKS = 20
_TALKS = "rule in ('acknowledged', 'attempt', 'reached', 'taken_over')"
"""The condition of the index `decisions_talks`, with its own values: a planner uses the index for nothing else."""
# A signal that was withdrawn never was: an episode of such signals alone is not counted. The stored time of a talk is
# that of its event; for an earlier talk than the last, it is the time of its report.
_EPISODES = f"""
    with opened as materialized (
        select e.episode_id, e.account_id, e.order_id, e.salesperson, e.responsible, e.raised_at, e.closed_at, e.result,
               e.reached_at, o.amount_minor, o.currency, o.segment, o.products
        from escalation.episodes e left join escalation.orders o on o.order_id = e.order_id
        where e.raised_at >= $1 and ($2::text[] is null or e.salesperson = any($2))
    ), caused as (
        select s.episode_id, min(s.at) as began_at, (array_agg(s.kind order by s.at, s.signal_id))[1] as cause,
               bool_or(s.kind = any($3)) as requested, sum(s.amount_minor) as asked_back,
               bool_and({IS_ASKED_BACK}) as is_asked_back,
               bool_and(s.kind = 'refund_requested' and s.refund_kind <> all($4)) as informs
        from opened join escalation.signals s on s.episode_id = opened.episode_id
        where s.ended is distinct from 'withdrawn' group by s.episode_id
    ), rung as (
        select a.episode_id, count(*) as rings, min(a.raised_at) as notified_at
        from opened join escalation.alerts a on a.episode_id = opened.episode_id
        where a.cause <> all($5) group by a.episode_id
    ), acted as (
        select d.episode_id,
            min(d.at) filter (where d.rule in ('acknowledged', 'taken_over')) as acknowledged_at,
            (array_agg(d.who order by d.at) filter (where d.rule in ('acknowledged', 'taken_over')))[1]
                as acknowledged_by,
            min(d.at) filter (where d.rule = 'reached') as talked_at,
            (array_agg(d.who order by d.at) filter (where d.rule = 'reached'))[1] as talked_by,
            bool_or(d.rule in ('attempt', 'reached')) as tried
        from opened join escalation.decisions d on d.episode_id = opened.episode_id
        where d.{_TALKS} group by d.episode_id
    ), given as (
        select f.episode_id, sum(f.agreed_minor) as given_minor
        from opened join escalation.offers f on f.episode_id = opened.episode_id and f.currency = opened.currency
        where f.state = any($6) group by f.episode_id
    )
    select opened.episode_id, order_id, salesperson, responsible, cause, began_at, raised_at, closed_at, result, state,
           requested,
           result is not distinct from 'informed' or coalesce(informs, false)
               or coalesce(a.preference = any($7), false),
           coalesce(tried, false), coalesce(rings, 0), notified_at, acknowledged_at, acknowledged_by,
           least(opened.reached_at, acted.talked_at), talked_by,
           coalesce(case when is_asked_back then least(asked_back, amount_minor)::bigint end, amount_minor, 0),
           coalesce(given_minor, 0)::bigint, currency, segment, coalesce(products, '[]')
    from opened join caused using (episode_id) left join rung using (episode_id) left join acted using (episode_id)
    left join given using (episode_id)
    left join (select episode_id, state from escalation.results where state <> 'undone') as found using (episode_id)
    left join escalation.accounts a on a.account_id = opened.account_id
"""
_SELLERS = """
    select p.salesperson_id, p.manager, p.name, exists (
        select from escalation.episodes e where e.salesperson = p.salesperson_id and e.raised_at >= $1
    ) as sold
    from escalation.salespeople p
"""
_PEOPLE = f"select p.*, {HAS_DEVICE} from escalation.salespeople p where p.salesperson_id = any($1::text[])"
_MISSED = """
    select causes from escalation.results where by = $1 and state = 'missed' and closed_at >= $2 order by closed_at
"""
_LOOKED = """
    with gone as (delete from escalation.figure_looks where looked_at < shared.app_now() - $3::interval)
    insert into escalation.figure_looks (looked_at, by, whose) values (shared.app_now(), $1, $2)
"""
_LOOKS = f"""
    select coalesce(p.name, f.by) as name, max(f.looked_at) as looked_at from escalation.figure_looks f
    left join escalation.salespeople p on p.salesperson_id = f.by
    where f.whose = $1 and f.looked_at >= shared.app_now() - $2::interval
    group by f.by, p.name, f.looked_at::date order by looked_at desc limit {_MOST_LOOKS}
"""
_KINDS = {one.value: one for one in SignalKind}
_RESULTS: Mapping[str | None, EpisodeResult | None] = {None: None, **{one.value: one for one in EpisodeResult}}
_STATES: Mapping[str | None, ResultState | None] = {None: None, **{one.value: one for one in ResultState}}
_NOBODYS = (ContactPreference.DISPUTE.value, ContactPreference.DECEASED.value)
"""Customers that no seller may contact, so there is nothing to save."""


@dataclass(frozen=True, slots=True)
class Sellers:
    """The directory, as trees of figures need it: managers and names by person, and who has sold what was at risk."""

    managers: Mapping[str, str | None]
    names: Mapping[str, str]
    sellers: frozenset[str]


async def sellers_since(reader: Reader, since: datetime) -> Sellers:
    """Everyone in the directory; sellers are those with episodes raised since then."""
    rows = await reader.fetch(_SELLERS, since)
    return Sellers(
        {row["salesperson_id"]: row["manager"] for row in rows},
        {row["salesperson_id"]: row["name"] for row in rows},
        frozenset(row["salesperson_id"] for row in rows if row["sold"]),
    )


async def episodes(
    reader: Reader, since: datetime, policy: Policy, *, sellers: Collection[str] | None = None
) -> list[EpisodeRow]:
    """The episodes raised since then of orders sold by these people; None: of all orders, also of those without a
    seller."""
    rows = await reader.fetch(
        _EPISODES,
        since,
        None if sellers is None else sorted(sellers),
        [kind.value for kind in REQUESTS],
        [kind.value for kind in policy.plays.refund_kinds],
        [cause.value for cause in INFORMING],
        [state.value for state in AGREED],
        list(_NOBODYS),
    )
    return [_episode(row) for row in rows]


async def calendars(reader: Reader, rows: Sequence[EpisodeRow], policy: Policy) -> CalendarOf:
    """The working time of the people who acted on these episodes, or are to act now."""
    acted = {who for row in rows for who in (row.acknowledged_by, row.talked_by, row.responsible) if who is not None}
    people = [Salesperson(**row) for row in await reader.fetch(_PEOPLE, sorted(acted))]
    known = {person.salesperson_id: calendar_of(person, policy.company) for person in people}
    company = company_calendar(policy.company)

    def of(person: str | None) -> WorkingTime:
        return known.get(person or "", company)

    return of


async def missed_alarms(reader: Reader, person: str, since: datetime) -> list[SignalKind]:
    """The main signals of episodes that this person closed as "nothing was wrong", and that facts since disprove."""
    return [SignalKind(row["causes"].split()[0]) for row in await reader.fetch(_MISSED, person, since)]


async def keep_look(database: Pool, *, by: str, whose: str) -> None:
    """Store that one person looked at another's figures."""
    await database.execute(_LOOKED, by, whose, LOOKS_KEPT)


async def looks_at(database: Pool, person: str) -> list[tuple[str, datetime]]:
    """Who looked at this person's figures, and when last on each day; the latest first."""
    return [(row["name"], row["looked_at"]) for row in await database.fetch(_LOOKS, person, LOOKS_KEPT)]


def _episode(row: asyncpg.Record) -> EpisodeRow:
    """The statement has one column for each field, in their order: with thousands of rows, names would take longer."""
    episode, order, seller, responsible, cause, began_at, raised_at, closed_at, result, state = row[:10]
    requested, not_ours, tried, rings = row[10:14]
    notified_at, acknowledged_at, acknowledged_by, talked_at, talked_by, stake, given, currency, segment, products = (
        row[14:]
    )
    return EpisodeRow(
        episode,
        order,
        seller,
        responsible,
        _KINDS[cause],
        began_at,
        raised_at,
        closed_at,
        _RESULTS[result],
        _STATES[state],
        requested,
        not_ours,
        tried or given > 0,
        rings,
        notified_at,
        acknowledged_at,
        acknowledged_by,
        talked_at,
        talked_by,
        stake,
        given,
        currency,
        segment,
        products_in(products),
    )
