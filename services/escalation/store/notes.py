"""Notes that salespeople wrote on an episode, for a reader who may see it."""

from collections.abc import Sequence
from uuid import UUID

from services.escalation.domain.written import NoteAbout, NoteRow
from services.escalation.store.inbox import MAY_SEE
from shared.database import Pool
from shared.ids import SalespersonId

_NOTES = f"""
    select n.at, n.by, p.name, n.about, n.words
    from escalation.notes n join escalation.episodes e on e.episode_id = n.episode_id
    left join escalation.salespeople p on p.salesperson_id = n.by
    where n.episode_id = $2 and {MAY_SEE}
    order by n.at, n.note_id
"""


async def notes_of(database: Pool, reader: SalespersonId, episode: UUID) -> Sequence[NoteRow]:
    """The notes on an episode, in the order they were written."""
    rows = await database.fetch(_NOTES, reader, episode)
    return [NoteRow(row["at"], row["by"], row["name"], NoteAbout(row["about"]), row["words"]) for row in rows]
