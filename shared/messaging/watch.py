"""Watches Kafka beside the consumer: recreated topics, missing rights, unread partitions.

Start with `Watch.look`, which is called every few seconds. aiokafka itself reports none of this: it continues at old
offsets in a new topic, and waits silently for partitions that it never gets. Nor does Kafka assign them by itself: a
static member that returns within its session gets the partitions it had, even if it reads more topics now, or there are
more partitions. Then the group is assigned anew.
"""

import math
import time
from collections.abc import Mapping
from uuid import UUID

from aiokafka.errors import KafkaError

from shared import journal
from shared.database import Pool
from shared.inputs import Partition
from shared.logs import get_logger
from shared.messaging import tolerant_records
from shared.messaging.blocks import Block, Reading, blocks_of
from shared.messaging.positions import Positions
from shared.messaging.recreated import published_again
from shared.messaging.topic_ids import TopicIds
from shared.messaging.view import Seen, View
from shared.metrics import Metrics

log = get_logger(__name__)

LOOK_EVERY_SECONDS = 3.0
# A broker may not know a new topic yet, and a group may be rebalancing: both end by themselves.
PATIENCE_SECONDS: Mapping[Block, float] = {Block.TOPIC_MISSING: 2.0, Block.PARTITIONS_UNASSIGNED: 15.0}
_ASSIGN_AFTER_SECONDS = 6.0
_ASSIGN_EVERY_SECONDS = 60.0  # each assignment interrupts all processes of the service
_WATCHED = tuple(block for block in Block if block is not Block.KAFKA_UNREACHABLE)  # that one is `Reach`'s

_PARTITIONS = "select topic, partition from shared.offsets where topic = any($1::text[])"


class Watch:
    """Call `begin` before consuming, then `look` repeatedly. Current blocks are kept in `blocked`."""

    def __init__(
        self,
        pool: Pool,
        reading: Reading,
        positions: Positions,
        metrics: Metrics,
        *,
        blocked: dict[str, str],
        patience_seconds: Mapping[Block, float] = PATIENCE_SECONDS,
    ) -> None:
        self._pool = pool
        self._reading = reading
        self._topics = [reading.cluster.topic(topic) for topic in reading.topics]
        self._positions = positions
        self._metrics = metrics
        self._blocked = blocked
        self._patience = patience_seconds
        self._assigned_anew_at = -math.inf
        self._since: dict[Block, float] = {}
        self._seen_ids: dict[str, list[UUID | None]] = {}
        self._unassigned: frozenset[Partition] = frozenset()
        self._view = View(reading.cluster)
        self._ids = TopicIds(pool, self._view.last_before, reading.cluster.prefix)
        for block in _WATCHED:
            metrics.consumer.blocked.labels(block.value).set(0)

    async def begin(self) -> None:
        """Look once, also at topics of brokers without ids. Raises the errors of Kafka and the database."""
        seen = await self._view.look(self._topics, self._reading.group)
        await self._compare({name: topic.id for name, topic in seen.topics.items() if topic.partitions})
        await self._update(seen)

    async def look(self) -> None:
        """Look at Kafka's state. Without a response the last state stays. Raises the database's errors."""
        try:
            seen = await self._view.look(self._topics, self._reading.group)
            await self._compare({name: topic.id for name, topic in seen.topics.items() if topic.id is not None})
            await self._update(seen)
        except KafkaError as error:
            log.info("Kafka did not list its topics", error=type(error).__name__)

    async def close(self) -> None:
        await self._view.close()

    async def _compare(self, ids: Mapping[str, UUID | None]) -> None:
        for recreated in await self._ids.compare({name: id for name, id in ids.items() if self._is_latest(name, id)}):
            log.error(
                "a topic was deleted and created again; reading it from its start",
                topic=recreated.topic,
                do=published_again(self._reading.cluster.logical(recreated.topic), recreated.unread_since),
            )

    def _is_latest(self, topic: str, id: UUID | None) -> bool:
        """Whether an id is the latest. A disconnected broker may report an old id, but ids never return."""
        seen = self._seen_ids.setdefault(topic, [])
        if id not in seen:
            seen.append(id)
        return id == seen[-1]

    async def _update(self, seen: Seen) -> None:
        if not seen.group_readable:
            self._unassigned = seen.partitions - self._positions.assigned()
        elif seen.assigned is not None:
            self._unassigned = seen.partitions - seen.assigned
        ours = self._positions.assigned()
        unreadable = {one: place for one, place in tolerant_records.unreadable().items() if one in ours}
        found = blocks_of(seen, self._unassigned, self._reading, unreadable)
        self._set_blocks(found)
        self._assign_unread()
        await self._report_lags(seen)

    def _set_blocks(self, found: Mapping[Block, str]) -> None:
        now = time.monotonic()
        self._since = {block: self._since.get(block, now) for block in found}
        lasting = {
            block: sentence
            for block, sentence in found.items()
            if now - self._since[block] >= self._patience.get(block, 0.0)
        }
        for block in _WATCHED:
            self._metrics.consumer.blocked.labels(block.value).set(int(block in lasting))
            if block in lasting and self._blocked.get(block.value) != lasting[block]:
                log.error("not consuming", why=block.value, do=lasting[block])
            elif block.value in self._blocked and block not in lasting:
                log.info("consuming again", why=block.value)
        self._blocked.clear()
        self._blocked.update({block.value: sentence for block, sentence in lasting.items()})

    def _assign_unread(self) -> None:
        """Have the group's partitions assigned anew if some stay unread."""
        now, since = time.monotonic(), self._since.get(Block.PARTITIONS_UNASSIGNED)
        if since is None or now - since < _ASSIGN_AFTER_SECONDS or now - self._assigned_anew_at < _ASSIGN_EVERY_SECONDS:
            return
        log.info("no process reads these partitions; joining again", partitions=len(self._unassigned))
        self._assigned_anew_at = now
        self._positions.assign_anew()

    async def _report_lags(self, seen: Seen) -> None:
        """Report the lag of unread partitions. Other processes report theirs, and `Positions` reports ours."""
        ours = self._positions.assigned()
        for partition in (seen.assigned or frozenset()) - ours:
            self._positions.forget([partition])
        readable = {name for name, topic in seen.topics.items() if topic.readable}
        unread = [one for one in self._unassigned - ours if one.topic in readable and one in seen.partitions]
        async with self._pool.acquire() as connection:
            stored = await journal.read_offsets(connection, unread)
        for partition, end in (await self._view.ends(unread)).items():
            self._set_lag(partition, max(0, end - stored.get(partition, 0)))
        gone = [name for name in readable if not seen.topics[name].partitions]
        for row in await self._pool.fetch(_PARTITIONS, gone):
            self._set_lag(Partition(row["topic"], row["partition"]), math.nan)

    def _set_lag(self, partition: Partition, records: float) -> None:
        self._metrics.consumer.lag.labels(partition.topic, partition.number).set(records)
