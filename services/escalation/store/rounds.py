"""Rounds of episodes: they identify the state of a button press and show open pages that something has changed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from shared.database import Connection, Pool

# Equal for equal rows, in any order of commits: the largest `changed_at` would miss a late commit.
_FINGERPRINTS = """
    select reader, count(*)::text || ':' || bit_xor(hashtextextended(episode_id::text || changed_at::text, 0))
    from (
        select responsible as reader, episode_id, changed_at
        from escalation.episodes where closed_at is null and responsible = any($1::text[])
        union
        select offered_to, episode_id, changed_at
        from escalation.episodes where closed_at is null and offered_to = any($1::text[])
        union
        select o.asked, e.episode_id, e.changed_at
        from escalation.offers o join escalation.episodes e using (episode_id)
        where o.state = 'pending' and o.asked = any($1::text[])
        union
        select a.recipient, e.episode_id, e.changed_at
        from escalation.episodes e join escalation.alerts a using (episode_id)
        where e.closed_at is null and e.acknowledged_at is null and e.rings > 1 and a.recipient = any($1::text[])
    ) seen
    group by reader
"""
_ROUNDS = "select episode_id, changed_at from escalation.episodes where episode_id = any($1::uuid[])"
_NOW_AND_CHANGED = """
    select shared.app_now() as now, (select changed_at from escalation.episodes where episode_id = $1) as changed_at
"""


def round_of(changed_at: datetime) -> str:
    """The round of an episode.

    Every change begins a new round, and no round returns: the same button in another round is another press, even if
    the states are equal.
    """
    return changed_at.isoformat()


async def now_and_round(database: Pool, episode_id: UUID | None) -> tuple[datetime, str]:
    """The time, and the round of an episode for a button press now. The round is empty without an episode."""
    row = await database.fetchrow(_NOW_AND_CHANGED, episode_id)
    assert row is not None
    return row["now"], round_of(row["changed_at"]) if row["changed_at"] else ""


async def fingerprints(database: Connection, readers: Collection[str]) -> Mapping[str, str]:
    """For each reader of open episodes a text that changes whenever one of the episodes changes."""
    return {row[0]: row[1] for row in await database.fetch(_FINGERPRINTS, list(readers))}


async def rounds(database: Connection, episodes: Collection[UUID]) -> Mapping[UUID | None, str]:
    """The round of each of these episodes, open or closed."""
    if not episodes:
        return {}
    return {row["episode_id"]: round_of(row["changed_at"]) for row in await database.fetch(_ROUNDS, list(episodes))}
