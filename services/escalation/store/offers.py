"""Reads the offers of an episode for a reader who may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.store.inbox import MAY_SEE
from shared.database import Pool
from shared.ids import SalespersonId

_OFFERS = f"""
    select o.at, o.by, seller.name as by_name, o.amount_minor, o.currency, o.percent, o.state, o.agreed_minor,
           o.answered_at, o.answered_by, answered.name as answered_name, o.what
    from escalation.offers o join escalation.episodes e on e.episode_id = o.episode_id
    left join escalation.salespeople seller on seller.salesperson_id = o.by
    left join escalation.salespeople answered on answered.salesperson_id = o.answered_by
    where o.episode_id = $2 and {MAY_SEE}
    order by o.at, o.offer_id
"""


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer, with the names of its people."""

    at: datetime
    by: str
    by_name: str | None
    amount_minor: int
    currency: str
    percent: int | None
    state: str
    agreed_minor: int | None
    answered_at: datetime | None
    answered_by: str | None
    answered_name: str | None
    what: str | None


async def offers_of(database: Pool, reader: SalespersonId, episode: UUID) -> Sequence[OfferRow]:
    """The offers of an episode, the oldest first."""
    return [OfferRow(**row) for row in await database.fetch(_OFFERS, reader, episode)]
