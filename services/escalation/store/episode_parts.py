"""Reads the parts of an episode for a reader who may see it: signals, alerts, and decisions.

Its customer's history is in `stories`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
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

_SIGNALS = f"""
    select {RISK_COLUMNS}, s.episode_id, s.fact_id, s.by_silence, s.words, s.ended, s.ended_at, s.ended_because
    from escalation.signals s join escalation.episodes e on e.episode_id = s.episode_id
    left join escalation.orders o on o.order_id = e.order_id
    where s.episode_id = any($2::uuid[]) and {MAY_SEE}
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
    """The signals of episodes that the reader sees, each in the order they happened."""
    found = defaultdict[UUID, list[SignalRow]](list)
    for row in await database.fetch(_SIGNALS, reader, list(episodes)):
        rest = {name: row[name] for name in _BESIDE_RISK}
        found[row["episode_id"]].append(SignalRow(risk_of(row, policies), **rest))
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
