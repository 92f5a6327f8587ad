"""Reads the parts of an episode for a reader who may see it: signals, alerts, and decisions.

Its customer's history is in `stories`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.escalation.domain.entities import Salesperson
from services.escalation.domain.escalation_path import AlertRow, StepRow
from services.escalation.domain.happenings import SignalRow
from services.escalation.domain.policy.versions import Policies
from services.escalation.store.escalation_paths import ALERT_COLUMNS, JOIN_TO_ALERTS, JOIN_TO_STEPS, STEP_COLUMNS
from services.escalation.store.inbox import MAY_SEE
from services.escalation.store.risks import RISK_COLUMNS, risk_of
from shared.database import Pool
from shared.ids import SalespersonId

MOST_ALIKE = 100
_ALIKE = "episode_id, kind, refund_kind, ended is null, since"
# An episode may have thousands of signals. Of those of one kind the newest are read and the first, and of all the last
# to end; the first carries the number of the others. The newest of any kind may be the episode's main signal:
# signals before and after it are counted apart, so that the words before and after it are exact.
_SIGNALS = f"""
    with known as materialized (
        select s.signal_id, s.episode_id, s.kind, s.refund_kind, s.at, s.ended, s.ended_at
        from escalation.signals s join escalation.episodes e on e.episode_id = s.episode_id
        where s.episode_id = any($2::uuid[]) and {MAY_SEE}
    ), latest as (
        select episode_id, array_agg(distinct at order by at) as times
        from (select episode_id, max(at) as at from known group by episode_id, kind, refund_kind, ended is null) newest
        group by episode_id
    ), placed as (
        select known.*, width_bucket(known.at, latest.times) as since from known join latest using (episode_id)
    ), last_to_end as (
        select distinct on (episode_id) signal_id from known where ended is not null
        order by episode_id, ended_at desc, signal_id
    ), numbered as (
        select *, row_number() over (partition by {_ALIKE} order by at desc, signal_id desc) as place,
               count(*) over (partition by {_ALIKE}) as all_alike
        from placed
    ), chosen as (
        select *, place <= {MOST_ALIKE} or place = all_alike
                  or signal_id in (select signal_id from last_to_end) as shown
        from numbered
    ), counted as (
        select *, count(*) filter (where not shown) over (partition by {_ALIKE}) as others from chosen
    )
    select {RISK_COLUMNS}, s.episode_id, s.fact_id, s.by_silence, s.words, s.ended, s.ended_at, s.ended_because,
           case when counted.place = counted.all_alike then counted.others else 0 end as alike
    from counted join escalation.signals s using (signal_id) join escalation.episodes e on e.episode_id = s.episode_id
    left join escalation.orders o on o.order_id = e.order_id
    where counted.shown
    order by s.at, s.signal_id
"""
_BESIDE_RISK = ("fact_id", "by_silence", "words", "ended", "ended_at", "ended_because")
_ALERTS = f"""
    select {ALERT_COLUMNS}
    from escalation.alerts a join escalation.episodes e on e.episode_id = a.episode_id {JOIN_TO_ALERTS}
    where a.episode_id = $2 and {MAY_SEE}
    order by a.ring
"""
_STEPS = f"""
    select {STEP_COLUMNS}
    from escalation.decisions d join escalation.episodes e on e.episode_id = d.episode_id {JOIN_TO_STEPS}
    where d.episode_id = $2 and d.rule = any($3::text[]) and {MAY_SEE}
    order by d.position
"""
_COLLEAGUES = """
    select * from escalation.salespeople
    where active and salesperson_id <> $1 order by lower(name), salesperson_id
"""


async def signals_of(
    database: Pool, reader: SalespersonId, episodes: Collection[UUID], policies: Policies
) -> Mapping[UUID, Sequence[SignalRow]]:
    """The signals of episodes that the reader sees, each in the order they happened; of many alike, the first carries
    the number of those that are left out."""
    found = defaultdict[UUID, list[SignalRow]](list)
    for row in await database.fetch(_SIGNALS, reader, list(episodes)):
        rest = {name: row[name] for name in _BESIDE_RISK}
        found[row["episode_id"]].append(SignalRow(replace(risk_of(row, policies), alike=row["alike"]), **rest))
    return found


async def alerts_of(database: Pool, reader: SalespersonId, episode: UUID) -> Sequence[AlertRow]:
    """The alerts of an episode, in order."""
    return [AlertRow(**row) for row in await database.fetch(_ALERTS, reader, episode)]


async def steps_of(database: Pool, reader: SalespersonId, episode: UUID, rules: Collection[str]) -> Sequence[StepRow]:
    """Decisions of these rules about an episode, in order."""
    return [StepRow(**row) for row in await database.fetch(_STEPS, reader, episode, list(rules))]


async def colleagues_of(database: Pool, reader: SalespersonId) -> Sequence[Salesperson]:
    """All active people of the directory, except the reader."""
    return [Salesperson(**row) for row in await database.fetch(_COLLEAGUES, reader)]
