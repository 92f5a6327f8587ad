"""Reads what the button of a notification is checked against: the device, its alert, and the alert's episode."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.escalation.store.rows import BESIDE_THE_LADDER
from shared.database import Pool
from shared.ids import AccountId, SalespersonId

_DEVICE = """
    select d.salesperson_id, d.press_key, p.name, p.zone, shared.app_now() as now from escalation.push_devices d
    join escalation.salespeople p on p.salesperson_id = d.salesperson_id and p.active
    where d.device_id = $1 and d.ended_at is null
"""
_ALERT = f"""
    select a.account_id, a.episode_id,
           exists (select from escalation.alerts later where later.episode_id = a.episode_id and later.ring > a.ring
                   and later.cause not in {BESIDE_THE_LADDER!r}) as is_overtaken
    from escalation.alerts a where a.alert_id = $1 and a.recipient = $2
"""


@dataclass(frozen=True, slots=True)
class PressingDevice:
    """A live device of an active salesperson, and the present time."""

    salesperson_id: SalespersonId
    press_key: bytes = field(repr=False)
    name: str
    zone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class PressedAlert:
    """An alert to that person. `is_overtaken`: its episode has had a later notification, to anyone."""

    account_id: AccountId
    episode_id: UUID
    is_overtaken: bool


async def device(pool: Pool, id: UUID) -> PressingDevice | None:
    """The device with this ID, if it still receives notifications."""
    row = await pool.fetchrow(_DEVICE, id)
    return PressingDevice(**row) if row else None


async def alert(pool: Pool, id: UUID, recipient: SalespersonId) -> PressedAlert | None:
    """The alert with this ID, if it is to this person."""
    row = await pool.fetchrow(_ALERT, id, recipient)
    return PressedAlert(**row) if row else None
