"""Reads the episodes that one salesperson may see: every statement but `now` names the reader.

A person has a part in an episode if they are responsible for it, acknowledged it, are asked to take it over or to
approve an offer, closed it or were informed of it; until it is acknowledged, everyone notified has a part. Its seller,
everyone ever notified, and all managers above its seller and above the person who has it may read it only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.escalation.store.before import BEFORE_COLUMNS, join_before
from services.escalation.store.beside import BESIDE_COLUMNS, BESIDE_JOIN
from services.escalation.store.held import held_until, join_to_unsent
from services.escalation.store.outcomes import OUTCOME_COLUMNS, OUTCOME_JOIN, saved_before
from services.escalation.store.ranking import RANKED
from services.escalation.store.rounds import round_of
from services.escalation.store.rows import BESIDE_THE_LADDER, VOICE_COLUMNS, above
from shared.database import Pool
from shared.ids import AccountId, EpisodeId, SalespersonId

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """An episode with its order and its customer; `products` is a JSON array.

    `cause` is the reason of its latest alert, which is held until `held_until`; `before_who` is the person who had it
    until then. `superseded`: its order has a newer one. Without `has_a_part` the reader may only read it: as its
    `seller`, as someone `notified` earlier, as someone `asked` whose held message was cancelled, or as a `manager`.
    Someone who `manages` the person who has it may reassign it or take it over.
    """

    episode_id: EpisodeId
    account_id: AccountId
    order_id: str
    why_you: str | None
    own_step: str | None
    salesperson: str | None
    seller_name: str | None
    seller_left: bool
    handed_on: bool
    raised_at: datetime
    changed_at: datetime
    severity: str
    step: str | None
    cause: str | None
    before_who: str | None
    before_name: str | None
    before_notified_at: datetime | None
    before_had_until: datetime | None
    held_until: datetime | None
    attempts: int
    responsible: str | None
    responsible_name: str | None
    deadline_at: datetime | None
    deadline_for: str | None
    appointment_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_name: str | None
    reached_at: datetime | None
    offered_to: str | None
    offered_name: str | None
    offered_until: datetime | None
    approval_id: UUID | None
    approval_by: str | None
    approval_by_name: str | None
    approval_asked: str | None
    approval_asked_name: str | None
    approval_minor: int | None
    approval_currency: str | None
    approval_until: datetime | None
    approval_what: str | None
    save_window_until: datetime | None
    exhausted_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    closed_name: str | None
    result: str | None
    reason: str | None
    superseded: bool
    outcome: str | None
    saved_before: Sequence[Any] | None
    proof_due_at: datetime | None
    disproof: str | None
    disproved_at: datetime | None
    won_by: str | None
    bought: str
    amount_minor: int | None
    currency: str | None
    customer_name: str | None
    customer_phone: str | None
    customer_email: str | None
    customer_zone: str | None
    customer_country: str | None
    segment: str | None
    products: str
    preference: str
    has_a_part: bool
    manages: bool
    follows_as: str | None

    @property
    def round(self) -> str:
        """The round of the episode, which identifies the state that a button press is about."""
        return round_of(self.changed_at)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The requested episodes of the list: with these words, of one severity; `show` is `waiting` for those that wait
    for the reader's response, `mine` for those that the reader has."""

    search: str = ""
    severity: str | None = None
    show: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of open episodes that one salesperson sees: all, those waiting for this person, and those requested.

    Also the numbers for each other choice of `show`, and for each severity.
    """

    opened: int = 0
    waiting: int = 0
    found: int = 0
    either: int = 0
    either_waiting: int = 0
    either_mine: int = 0
    critical: int = 0
    high: int = 0
    watch: int = 0


ASKED_TO_APPROVE = """
    e.episode_id in (select request.episode_id from escalation.offers request
                     where request.state = 'pending' and request.asked = $1)
"""
"""Whether the reader, $1, is asked to approve an offer of an episode `e`."""

HAS_A_PART = f"""
    (e.responsible = $1 or e.acknowledged_by = $1 or e.offered_to = $1 or e.closed_by = $1 or {ASKED_TO_APPROVE}
     or exists (
         select from escalation.alerts asked where asked.episode_id = e.episode_id and asked.recipient = $1
         and (e.acknowledged_at is null or asked.cause = 'informed')))
"""
"""Whether the reader, $1, has a part in an episode `e`. `deciding.buttons` decides which buttons they may press."""

FOLLOWS = f"""
    (e.salesperson = $1
     or exists (select from escalation.alerts asked where asked.episode_id = e.episode_id and asked.recipient = $1)
     or {above("e.salesperson, e.responsible, e.acknowledged_by")})
"""
"""Whether the reader, $1, may read an episode `e` as its seller, as a person notified before, or as a manager."""

MANAGES = "(e.closed_at is null and e.responsible <> $1 and " + above("e.responsible") + ")"
"""Whether the reader, $1, is above the person who has an open episode `e`, as `domain.teams` decides for a press."""

MAY_SEE = f"({HAS_A_PART} or {FOLLOWS})"
"""Whether the reader, $1, may see an episode `e`."""

SUPERSEDED = """
    (e.closed_at is not null and exists (
        select from escalation.episodes newer where newer.order_id = e.order_id and newer.follows = e.episode_id))
"""
"""Whether the order of an episode `e` has a newer one."""

# The same for open episodes, found by indexes. Only from the second alert on, another person was notified before.
_SEEN = """
    select episode_id from escalation.episodes where closed_at is null and responsible = $1
    union
    select episode_id from escalation.episodes where closed_at is null and offered_to = $1
    union
    select episode_id from escalation.offers where state = 'pending' and asked = $1
    union
    select e.episode_id from escalation.episodes e join escalation.alerts a using (episode_id)
    where e.closed_at is null and e.acknowledged_at is null and e.rings > 1 and a.recipient = $1
"""
# The columns of EpisodeRow.
# Why the reader was notified, even if others were notified later; for a person who took it over, who handed it over.
EPISODE = f"""
    select e.episode_id, e.account_id, e.order_id,
           case when own.cause = 'handed_over' and e.acknowledged_by = $1 then e.why_you
                else coalesce(own.why_you, e.why_you) end as why_you, own.step as own_step,
           {VOICE_COLUMNS}, e.raised_at, e.changed_at,
           e.severity, e.step, latest.cause, {BEFORE_COLUMNS}, {held_until("latest.alert_id")}, e.attempts,
           e.responsible, responsible.name as responsible_name, e.deadline_at, e.deadline_for,
           e.appointment_at, e.acknowledged_at, e.acknowledged_by, acknowledged.name as acknowledged_name, e.reached_at,
           e.offered_to, offered.name as offered_name, e.offered_until, {BESIDE_COLUMNS}, e.exhausted_at,
           e.closed_at, e.closed_by, closed.name as closed_name, e.result, e.reason, {SUPERSEDED} as superseded,
           {OUTCOME_COLUMNS}, {saved_before(MAY_SEE)},
           coalesce(o.bought, '') as bought, o.amount_minor, o.currency,
           o.customer_name, o.customer_phone, o.customer_email, o.customer_zone, o.customer_country,
           o.segment, coalesce(o.products, '[]') as products, coalesce(account.preference, 'none') as preference,
           {HAS_A_PART} is true as has_a_part, {MANAGES} is true as manages,
           case when e.salesperson = $1 then 'seller' when own.step is null then 'manager'
                when own.notified then 'notified' else 'asked' end as follows_as
    from escalation.episodes e
    left join escalation.orders o on o.order_id = e.order_id
    left join escalation.accounts account on account.account_id = e.account_id
    left join lateral (
        select episode_id, alert_id, raised_at, cause from escalation.alerts latest
        where latest.episode_id = e.episode_id and latest.cause not in {BESIDE_THE_LADDER!r}
        order by latest.ring desc limit 1
    ) latest on true
    {join_before("latest")}
    left join lateral (
        select why_you, cause, step, exists (
            select from escalation.alerts any_of {join_to_unsent("any_of.alert_id")}
            where any_of.episode_id = e.episode_id and any_of.recipient = $1
              and unsent.held_until is null and unsent.called_off is not true) as notified
        from escalation.alerts own
        where own.episode_id = e.episode_id and own.recipient = $1
        order by own.cause in ('approval', 'approval_answered'), own.ring desc limit 1
    ) own on true
    left join escalation.salespeople seller on seller.salesperson_id = e.salesperson
    left join escalation.salespeople responsible on responsible.salesperson_id = e.responsible
    left join escalation.salespeople acknowledged on acknowledged.salesperson_id = e.acknowledged_by
    left join escalation.salespeople offered on offered.salesperson_id = e.offered_to
    {BESIDE_JOIN}
    left join escalation.salespeople closed on closed.salesperson_id = e.closed_by
    {OUTCOME_JOIN}
"""
_ONE_EPISODE = f"{EPISODE} where e.episode_id = $2 and {MAY_SEE}"
FOUND = """
    ($2 = '' or strpos(lower(concat_ws(' ', o.customer_name, o.bought, e.order_id, e.account_id)), lower($2)) > 0)
"""
"""Whether the search words, $2, are in an episode `e` with its order `o`."""
WANTED_SEVERITY = "($3::text is null or e.severity = $3)"
_WAITS = f"((e.acknowledged_at is null and e.responsible = $1) or e.offered_to = $1 or {ASKED_TO_APPROVE})"
_MINE = "e.acknowledged_by = $1"
_SHOWN = f"($4::text is null or ($4 = 'waiting' and {_WAITS}) or ($4 = 'mine' and {_MINE}))"
# Ranked before the joins: a storm is hundreds of episodes, and thirty are shown.
_OPEN_EPISODES = f"""
    with ranked as (
        select e.episode_id, row_number() over (order by {RANKED}) as place
        from escalation.episodes e left join escalation.orders o on o.order_id = e.order_id
        where e.episode_id in ({_SEEN}) and {FOUND} and {WANTED_SEVERITY} and {_SHOWN}
        order by place limit $5 offset $6
    )
    {EPISODE} join ranked on ranked.episode_id = e.episode_id
    order by ranked.place
"""
# From its sixth use Postgres plans a statement once for all readers: as if each page had few rows, at fifteen times the
# cost for a seller with thousands.
_PLAN_FOR_THIS_READER = "set local plan_cache_mode = force_custom_plan"
_COUNTS = f"""
    with seen as materialized (
        select e.severity, {_WAITS} as waits, {_SHOWN} as shown, {_MINE} as mine, {FOUND} as found,
               {WANTED_SEVERITY} as wanted
        from escalation.episodes e left join escalation.orders o on o.order_id = e.order_id
        where e.episode_id in ({_SEEN})
    )
    select count(*) as opened,
           count(*) filter (where waits) as waiting,
           count(*) filter (where found and wanted and shown) as found,
           count(*) filter (where found and wanted) as either,
           count(*) filter (where found and wanted and waits) as either_waiting,
           count(*) filter (where found and wanted and mine) as either_mine,
           count(*) filter (where found and shown and severity = 'critical') as critical,
           count(*) filter (where found and shown and severity = 'high') as high,
           count(*) filter (where found and shown and severity = 'watch') as watch
    from seen
"""


async def now(database: Pool) -> datetime:
    """The time by the database's clock (`shared.app_now()`)."""
    instant: datetime = await database.fetchval("select shared.app_now()")
    return instant


async def open_episodes(
    database: Pool, reader: SalespersonId, wanted: Wanted = Wanted(), *, page: int = 1
) -> list[EpisodeRow]:
    """A page of the open episodes that the reader sees, in ranked order."""
    offset = (page - 1) * PAGE_SIZE
    filtered = (wanted.search, wanted.severity, wanted.show)
    async with database.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(_PLAN_FOR_THIS_READER)
        rows = await connection.fetch(_OPEN_EPISODES, reader, *filtered, PAGE_SIZE, offset)
    return [EpisodeRow(**row) for row in rows]


async def counts(database: Pool, reader: SalespersonId, wanted: Wanted = Wanted()) -> Counts:
    row = await database.fetchrow(_COUNTS, reader, wanted.search, wanted.severity, wanted.show)
    return Counts(**row) if row else Counts()


async def one_episode(database: Pool, reader: SalespersonId, episode_id: UUID) -> EpisodeRow | None:
    """An episode, open or closed; None if it does not exist or the reader may not see it."""
    row = await database.fetchrow(_ONE_EPISODE, reader, episode_id)
    return EpisodeRow(**row) if row else None
