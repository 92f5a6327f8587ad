"""Who called or wrote for the customer when a signal was raised: read for messages, for many signals at once."""

from collections.abc import Collection, Mapping
from uuid import UUID

from services.escalation.domain.facts import fact_id
from services.escalation.domain.words import describe
from services.escalation.store.facts import TOLD_TYPES, told_event
from shared.contracts.support_inbound import Person
from shared.database import Pool

_FACTS = """
    select s.signal_id, s.fact_id, j.subject, j.source, j.event_id, j.type, j.at, j.body
    from escalation.signals s
    join shared.journal j on j.subject = s.account_id and j.at = s.at and j.type = any($2::text[])
    where s.signal_id = any($1::uuid[]) and not s.by_silence and j.body is not null
"""


async def askers_of(pool: Pool, signals: Collection[UUID]) -> Mapping[UUID, Person]:
    """The person of each signal whose fact names one and is still kept."""
    found = dict[UUID, Person]()
    for row in await pool.fetch(_FACTS, list(signals), TOLD_TYPES) if signals else ():
        event = told_event(row)
        person = describe(event).by if fact_id(event) == row["fact_id"] else None
        if person is not None:
            found[row["signal_id"]] = person
    return found
