"""Notes topics that were deleted and created again, until unread records were published again. Start with `unsettled`.

Unread records of the old topic are lost with it, and only its publisher can restore them. The readers of the topic
report this on /readyz and in a metric, until a replay reaches back far enough or an operator acknowledges it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.database import Connection, Pool
from shared.messaging.cluster import Cluster, owner
from shared.publishing_again import RETENTION_DAYS

if TYPE_CHECKING:
    from shared.metrics import Metrics

MARGIN_MINUTES = 5
"""The replay to ask for begins this much before the first unread record, because databases' clocks differ."""

_OPEN = """
    select topic, found_at, unread_since from shared.recreated_topics where settled_at is null order by topic
"""
_SETTLE = """
    with created_again as (
        update shared.recreated_topics set settled_at = shared.app_now(), settled_by = $2
        where topic = any($1::text[]) and settled_at is null and ($3::timestamptz is null or unread_since >= $3)
        returning topic
    ), deleted as (
        update shared.deleted_unread set settled_at = shared.app_now(), settled_by = $2
        where topic = any($1::text[]) and settled_at is null and ($3::timestamptz is null or unread_since >= $3)
        returning topic
    )
    select topic from created_again union select topic from deleted order by topic
"""

NOTE_AND_BEGIN_AGAIN = f"""
    with again as (
        update shared.offsets
        set next_offset = 0, whole_to = 0, read_through_at = null, topic_id = $2, begun_at = shared.app_now()
        where topic = $1 and topic_id is not distinct from $3 returning partition
    )
    insert into shared.recreated_topics as known (topic, topic_id, found_at, unread_since)
    select $1, $2, now, coalesce(
        $4::timestamptz - interval '{MARGIN_MINUTES} minutes', now - interval '{RETENTION_DAYS} days')
    from (select shared.app_now() as now) as clock where exists (select from again)
    on conflict (topic) do update
    set topic_id = excluded.topic_id, found_at = excluded.found_at, settled_at = null, settled_by = null,
        unread_since = case when known.settled_at is null then least(known.unread_since, excluded.unread_since)
                       else excluded.unread_since end
    returning topic, unread_since, found_at
"""
"""Resets a topic to its start, and notes since when its records may be unread.

Parameters: its name, its current id, the stored id, and the time up to which all its partitions were read completely.
If that is unknown (null), it means everything an outbox still has. Returns nothing if another process did it first.
"""


@dataclass(frozen=True, slots=True)
class Recreated:
    """A topic (with the installation's prefix) that is read from its start; records since then may be unread."""

    topic: str
    unread_since: datetime
    found_at: datetime


async def unsettled(connection: Connection) -> list[Recreated]:
    """The topics with unread records that have not been published again."""
    rows = await connection.fetch(_OPEN)
    return [Recreated(**row) for row in rows]


async def settle(pool: Pool, topics: Collection[str], *, by: str, since: datetime | None = None) -> list[str]:
    """Note that unread records were published again, or will not be; with `since`, only if that reaches back enough.

    This includes records that were deleted unread. Return the topics that this settles.
    """
    return [str(row["topic"]) for row in await pool.fetch(_SETTLE, list(topics), by, since)]


def show(metrics: "Metrics", found: Collection[Recreated]) -> None:
    """Set the metric with their names."""
    metrics.consumer.recreated.clear()
    for one in found:
        metrics.consumer.recreated.labels(one.topic).set(1)


def sentence(one: Recreated, cluster: Cluster, service: str) -> str:
    """The note of /readyz on it."""
    do = published_again(cluster.logical(one.topic), one.unread_since)
    return (
        f"topic {one.topic} was deleted and created again (noticed {one.found_at:%Y-%m-%d %H:%M} UTC); records that "
        f"{service} had not read are missing. To restore them, {do}. "
        f"If nothing has to be restored: `handoff topics acknowledge {service} {one.topic} --by NAME`."
    )


def published_again(topic: str, unread_since: datetime) -> str:
    """The remedy for records that were lost unread; `topic` without the prefix."""
    service, moment = owner(topic), f"{unread_since:%Y-%m-%dT%H:%M:%SZ}"
    if service is None:
        return f"have its publishers send their events since {moment} again; records read before count once"
    return f"run `handoff outbox replay --since {moment} {service}`; records read before count once"
