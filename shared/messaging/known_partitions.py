"""The partitions that a service reads have a row each from the start. Start with `know_partitions`."""

from collections.abc import Mapping

from shared.database import Pool

_KNOW = """
    insert into shared.offsets (topic, partition, next_offset)
    select $1, number, 0 from generate_series(0, $2 - 1) as number on conflict do nothing
"""
# A topic that is not read any more must not hold back timers made of silence.
_LEAVE = """
    update shared.offsets
    set read_through_at = case when topic = any($1::text[]) then null else 'infinity'::timestamptz end
    where (read_through_at is not distinct from 'infinity') = (topic = any($1::text[]))
"""


async def know_partitions(pool: Pool, counts: Mapping[str, int]) -> None:
    """Add a row for every partition of these topics, so that a partition never read counts as unread."""
    for topic, count in counts.items():
        await pool.execute(_KNOW, topic, count)
    await pool.execute(_LEAVE, list(counts))
