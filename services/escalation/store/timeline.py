"""Everything about one customer in one order: what was told of the account, and what we did about it."""

from dataclasses import dataclass
from datetime import datetime

from services.escalation.store.facts import TOLD_TYPES, told_event
from shared.contracts.envelope import Envelope, Fact
from shared.database import Pool

_FACTS = """
    select source, event_id, type, subject, at, body from shared.journal
    where subject = $1 and type = any($2::text[]) order by at, position
"""
_DEEDS = """
    select raised_at as at, 'episode raised' as what, episode_id, order_id, null as who, null as why
    from escalation.episodes where account_id = $1
    union all
    select a.raised_at, 'alert raised', a.episode_id, e.order_id, a.recipient, a.why_you
    from escalation.alerts a join escalation.episodes e using (episode_id) where a.account_id = $1
    union all
    select a.sent_at, 'alert sent', a.episode_id, e.order_id, a.recipient, null
    from escalation.alerts a join escalation.episodes e using (episode_id)
    where a.account_id = $1 and a.sent_at is not null
    union all
    select acknowledged_at, 'acknowledged', episode_id, order_id, acknowledged_by, null
    from escalation.episodes where account_id = $1 and acknowledged_at is not null
    order by at
"""
_RESPONSIBLE = "select exists (select from escalation.episodes where account_id = $1 and responsible = $2)"


@dataclass(frozen=True, slots=True)
class ToldFact:
    """A fact of the account; without its event where a customer's data was erased."""

    at: datetime
    type: str
    event: Envelope[Fact] | None


@dataclass(frozen=True, slots=True)
class Deed:
    """Something escalation did: raised, alerted, sent, acknowledged."""

    at: datetime
    what: str
    episode: str | None
    order: str | None
    who: str | None
    why: str | None


async def facts_of(pool: Pool, account_id: str) -> list[ToldFact]:
    """What orders and support told of the account, by event time."""
    return [
        ToldFact(row["at"], row["type"], None if row["body"] is None else told_event(row))
        for row in await pool.fetch(_FACTS, account_id, TOLD_TYPES)
    ]


async def deeds_for(pool: Pool, account_id: str) -> list[Deed]:
    """What escalation did about the account, by time."""
    return [
        Deed(
            row["at"],
            row["what"],
            str(row["episode_id"]) if row["episode_id"] else None,
            row["order_id"],
            row["who"],
            row["why"],
        )
        for row in await pool.fetch(_DEEDS, account_id)
    ]


async def is_responsible(pool: Pool, account_id: str, salesperson: str) -> bool:
    """Whether this salesperson hears of trouble with this account."""
    responsible: bool = await pool.fetchval(_RESPONSIBLE, account_id, salesperson)
    return responsible
