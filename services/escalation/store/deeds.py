"""What the people who had an episode noted on it, for a reader who may see it: attempts, appointments, snoozes."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.escalation.domain.happenings import DeedRow
from services.escalation.domain.own_facts import AppointmentLogged, AttemptLogged, SnoozePressed
from services.escalation.store.inbox import MAY_SEE
from shared.database import Pool
from shared.ids import SalespersonId

_BUTTONS = {one.type: one for one in (AttemptLogged, AppointmentLogged, SnoozePressed)}
_RULES = ("attempt", "appointment", "snoozed")
# What was refused made no decision. An attempt that telephony reported is among the facts already.
_DEEDS = f"""
    select d.at, d.who, p.name, d.cause_type, j.body
    from escalation.decisions d join escalation.episodes e on e.episode_id = d.episode_id
    left join escalation.salespeople p on p.salesperson_id = d.who
    left join shared.journal j on j.source = d.cause_source and j.event_id = d.cause_id
    where d.episode_id = $2 and d.rule = any($3::text[]) and d.cause_type = any($4::text[]) and {MAY_SEE}
    order by d.position
"""


async def deeds_of(database: Pool, reader: SalespersonId, episode: UUID) -> Sequence[DeedRow]:
    """In the order they were done."""
    return [_deed(row) for row in await database.fetch(_DEEDS, reader, episode, _RULES, list(_BUTTONS))]


def _deed(row: asyncpg.Record) -> DeedRow:
    kind, body = _BUTTONS[row["cause_type"]], row["body"]
    button = None if body is None else kind.model_validate_json(body)
    return DeedRow(row["at"], row["who"], row["name"], kind, button)
