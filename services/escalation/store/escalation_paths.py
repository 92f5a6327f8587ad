"""Reads everyone notified or skipped for episodes, for messages: the same as on a page, for many readers at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.escalation.domain.escalation_path import PATH_RULES, AlertRow, PathLine, StepRow, had_since, path_lines
from services.escalation.domain.reader import Reader
from services.escalation.store.held import join_to_unsent
from shared.database import Pool

ALERT_COLUMNS = """
    a.recipient, p.name, a.step, a.cause, a.raised_at, unsent.held_until, unsent.called_off is not true as notified
"""
JOIN_TO_ALERTS = f"""
    {join_to_unsent("a.alert_id")}
    left join escalation.salespeople p on p.salesperson_id = a.recipient
"""
STEP_COLUMNS = "d.at, d.rule, d.words, d.who, p.name"
JOIN_TO_STEPS = "left join escalation.salespeople p on p.salesperson_id = d.who"

_ALERTS = f"""
    select a.episode_id, {ALERT_COLUMNS} from escalation.alerts a {JOIN_TO_ALERTS}
    where a.episode_id = any($1::uuid[]) order by a.ring
"""
_STEPS = f"""
    select d.episode_id, {STEP_COLUMNS} from escalation.decisions d {JOIN_TO_STEPS}
    where d.episode_id = any($1::uuid[]) and d.rule = any($2::text[]) order by d.position
"""


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """The alerts of one episode in order, and the decisions about the people notified."""

    alerts: list[AlertRow] = field(default_factory=list)
    steps: list[StepRow] = field(default_factory=list)

    def before(self, number: int, reader: Reader) -> tuple[PathLine, ...]:
        """Everyone notified or skipped before this alert to the reader; alerts count from one."""
        until = self.alerts[number - 1].raised_at
        lines = path_lines(self.alerts[:number], [step for step in self.steps if step.at <= until], reader)
        return tuple(line for line in lines if not reader.is_me(line.salesperson_id))

    def had_since(self, number: int) -> datetime | None:
        """Since when the recipient of this alert had had the episode."""
        return had_since(self.alerts[:number], self.steps)


async def escalation_paths(pool: Pool, episodes: Collection[UUID]) -> Mapping[UUID, EscalationPath]:
    """The alerts and decisions of each of these episodes; empty if nobody was notified."""
    found = defaultdict[UUID, EscalationPath](EscalationPath)
    for row in await pool.fetch(_ALERTS, list(episodes)):
        found[row["episode_id"]].alerts.append(AlertRow(**_without_episode(row)))
    for row in await pool.fetch(_STEPS, list(episodes), PATH_RULES):
        found[row["episode_id"]].steps.append(StepRow(**_without_episode(row)))
    return found


def _without_episode(row: asyncpg.Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "episode_id"}
