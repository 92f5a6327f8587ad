"""Notes records that Kafka deleted before they were read, until they are published again. Start with `note`.

A process that stands still for longer than a topic's retention misses records, and aiokafka continues silently with the
rest. Records deleted before this installation first saw a partition do not count.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.database import Connection, Pool
from shared.inputs import Partition
from shared.logs import get_logger
from shared.messaging.cluster import Cluster
from shared.messaging.recreated import MARGIN_MINUTES, published_again
from shared.publishing_again import RETENTION_DAYS

if TYPE_CHECKING:
    from shared.metrics import Metrics

log = get_logger(__name__)

# A partition that was never read only gets its `whole_to`: its missing records are not a loss. `greatest` ignores
# nulls.
_NOTE = f"""
    with seen as (
        select topic, partition, read_through_at, gone_to, greatest(next_offset, whole_to) as whole,
               next_offset > 0 or whole_to is not null as known
        from unnest($1::text[], $2::int[], $3::bigint[]) as told (topic, partition, gone_to)
        join shared.offsets using (topic, partition) order by topic, partition for update of offsets
    ), moved as (
        update shared.offsets set whole_to = seen.gone_to from seen
        where (offsets.topic, offsets.partition) = (seen.topic, seen.partition) and (whole < gone_to or not known)
        returning seen.*
    ), noted as (
        insert into shared.deleted_unread as known (topic, records, found_at, unread_since)
        select topic, sum(gone_to - whole), now,
               case when bool_or(read_through_at is null) then now - interval '{RETENTION_DAYS} days'
               else min(read_through_at) - interval '{MARGIN_MINUTES} minutes' end
        from moved, (select shared.app_now() as now) as clock where known group by topic, now
        on conflict (topic) do update
        set found_at = excluded.found_at, settled_at = null, settled_by = null,
            records = excluded.records + case when known.settled_at is null then known.records else 0 end,
            unread_since = case when known.settled_at is null then least(known.unread_since, excluded.unread_since)
                           else excluded.unread_since end
    )
    select topic, partition, gone_to - whole as records from moved where known order by topic, partition
"""
_OPEN = """
    select topic, unread_since, found_at, records from shared.deleted_unread where settled_at is null order by topic
"""


@dataclass(frozen=True, slots=True)
class DeletedUnread:
    """The number of a topic's records (with the installation's prefix) deleted unread, and since when they arrived."""

    topic: str
    unread_since: datetime
    found_at: datetime
    records: int


async def note(pool: Pool, consumer: AIOKafkaConsumer, read_from: Mapping[Partition, int | None]) -> None:
    """Note records of partitions that Kafka deleted before they were read, in the log and in the database.

    `read_from` is each partition's next offset; None: its first existing offset. If Kafka's first offset is no higher
    than the read one, nothing is lost: skipped offsets are not records, or were compacted. Raises KafkaError and the
    database's errors.
    """
    firsts = await consumer.beginning_offsets([TopicPartition(*one) for one in read_from])
    gone_to = {one: _lower(firsts[TopicPartition(*one)], offset) for one, offset in read_from.items()}
    topics, numbers = [one.topic for one in gone_to], [one.number for one in gone_to]
    for row in await pool.fetch(_NOTE, topics, numbers, list(gone_to.values())):
        log.error("records were deleted unread", **dict(row))


async def note_passed(
    pool: Pool,
    consumer: AIOKafkaConsumer | None,
    known: Mapping[Partition, int],
    read_from: Mapping[Partition, int],
) -> None:
    """Note the records between the last applied and the next read offset, which Kafka no longer has."""
    passed = {one: offset for one, offset in read_from.items() if offset > known.get(one, offset)}
    if consumer is not None and passed:
        await note(pool, consumer, passed)


def _lower(first: int, read_from: int | None) -> int:
    return first if read_from is None else min(first, read_from)


async def unsettled(connection: Connection) -> list[DeletedUnread]:
    """The topics with deleted records that have not been published again."""
    return [DeletedUnread(**row) for row in await connection.fetch(_OPEN)]


def show(metrics: "Metrics", found: Collection[DeletedUnread]) -> None:
    """Set the metric that counts them."""
    metrics.consumer.deleted_unread.clear()
    for one in found:
        metrics.consumer.deleted_unread.labels(one.topic).set(one.records)


def sentence(one: DeletedUnread, cluster: Cluster, service: str) -> str:
    """The note of /readyz on it."""
    do = published_again(cluster.logical(one.topic), one.unread_since)
    return (
        f"Kafka deleted {one.records} record{'s' * (one.records != 1)} of topic {one.topic} before {service} read them "
        f"(noticed {one.found_at:%Y-%m-%d %H:%M} UTC). To restore them, {do}. "
        f"If nothing has to be restored: `handoff topics acknowledge {service} {one.topic} --by NAME`."
    )
