"""Reads all facts about an episode's order, page by page, newest first; `stories` has the newest of them.

Start at `facts_before`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from services.escalation.store.facts import LOOKED_AT, PUBLISHED_TYPES, newest, number_of
from services.escalation.store.inbox import MAY_SEE
from shared.database import Pool
from shared.ids import SalespersonId

PAGE_SIZE = 100
_MOST_COUNTED = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ASKED = f"""
    with asked as materialized (
        select e.account_id, e.order_id from escalation.episodes e where e.episode_id = $2 and {MAY_SEE}
    )
"""
_FACTS = f"""
    {_ASKED} select found.* from asked cross join lateral (
        {newest("asked.account_id", types="$3", limit="$4", orders="array[asked.order_id]", before="$5, $6")}
    ) found order by at desc, position desc
"""
# Where the facts end among which those of the order were chosen.
_LOOKED_THROUGH = f"""
    {_ASKED} select at, position from asked join shared.journal on subject = account_id
    where type = any($3::text[]) and (at, position) < ($4, $5)
    order by at desc, position desc offset {LOOKED_AT - 1} limit 1
"""
_NUMBER = f"""
    {_ASKED} select number from asked cross join lateral (
        {number_of("asked.account_id", types="$3", orders="array[asked.order_id]", most=str(_MOST_COUNTED + 1))}
    ) counted(number)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a fact in an account's history, in order of time."""

    at: datetime
    position: int

    def __str__(self) -> str:
        """As in an address: microseconds since 1970, and the position."""
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.position}"


NOW = Place(datetime(9000, 1, 1, tzinfo=UTC), 0)
"""After every fact."""


@dataclass(frozen=True, slots=True)
class FactsBefore:
    """A page of facts, newest first, as rows of the journal; `until` is the place where an older page goes on, None on
    the last one. Erased facts are left out."""

    rows: list[asyncpg.Record]
    until: Place | None


def place_of(text: str) -> Place:
    """The place in an address; NOW for anything else."""
    at, _, position = text.partition("-")
    if not (at.isascii() and at.isdecimal() and position.isascii() and position.isdecimal()):
        return NOW
    if len(at) > 17 or len(position) > 18:
        return NOW
    return Place(_EPOCH + timedelta(microseconds=int(at)), int(position))


async def facts_before(database: Pool, reader: SalespersonId, episode: UUID, place: Place) -> FactsBefore:
    """The facts before this place about the order of an episode that the reader may see, or about no order."""
    known = (reader, episode, PUBLISHED_TYPES)
    rows = await database.fetch(_FACTS, *known, PAGE_SIZE + 1, place.at, place.position)
    shown = rows[:PAGE_SIZE]
    end = (
        shown[-1]
        if len(rows) > PAGE_SIZE
        else await database.fetchrow(_LOOKED_THROUGH, *known, place.at, place.position)
    )
    kept = [row for row in shown if row["body"] is not None]
    return FactsBefore(kept, None if end is None else Place(end["at"], end["position"]))


async def number_of_facts(database: Pool, reader: SalespersonId, episode: UUID) -> int:
    """The number of these facts; more than 10,000 are not counted to the end."""
    return await database.fetchval(_NUMBER, reader, episode, PUBLISHED_TYPES) or 0


def number_words(number: int) -> str:
    """The number as shown: "1,204", or "more than 10,000"."""
    return f"{number:,}" if number <= _MOST_COUNTED else f"more than {_MOST_COUNTED:,}"
