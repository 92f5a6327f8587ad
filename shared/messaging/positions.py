"""The positions of a consumer: each partition's stored offset, and the time up to which it was read completely."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError

from shared import journal
from shared.database import DATABASE_ERRORS, DatabaseWentBack, Pool, is_transient
from shared.inputs import Batch, Partition
from shared.journal import Place
from shared.logs import get_logger
from shared.messaging.deleted_unread import note, note_passed
from shared.messaging.records import Records, first_offsets
from shared.messaging.tolerant_records import unreadable
from shared.messaging.topics_seen import TopicSeen, see_topics
from shared.metrics import Metrics

log = get_logger(__name__)

_MARK_READ = """
    update shared.offsets set read_through_at = marks.at, whole_to = marks.reached
    from unnest($1::text[], $2::int[], $3::timestamptz[], $4::uuid[], $5::bigint[])
             as marks (topic, partition, at, topic_id, reached)
    where offsets.topic = marks.topic and offsets.partition = marks.partition
      and offsets.topic_id is not distinct from marks.topic_id
"""
_RETRY_SECONDS = 1.0

SeeTopics = Callable[[AIOKafkaConsumer, Sequence[str]], Awaitable[Mapping[str, TopicSeen]]]


class Positions:
    """The state of one consumer process's partitions. The consumer updates it; timers and the watchdog read it."""

    def __init__(
        self,
        pool: Pool,
        consumer: Callable[[], AIOKafkaConsumer | None],
        metrics: Metrics,
        *,
        see_topics: SeeTopics = see_topics,
    ) -> None:
        self._pool = pool
        self._see_topics = see_topics
        self._metrics = metrics
        self._consumer = consumer
        self._known: dict[Partition, int] = {}
        self._topic_ids: dict[Partition, UUID | None] = {}
        self._strange: set[Partition] = set()
        self._in_batch = False
        self._came_unplaced: Collection[Partition] = ()
        self.behind = False
        self.active_at = time.monotonic()
        self._waiting_since: float | None = None

    def assigned(self) -> set[Partition]:
        """The partitions that this process reads."""
        consumer = self._consumer()
        return {Partition(*held) for held in consumer.assignment()} if consumer else set()

    def assign_anew(self) -> None:
        """Have the group's partitions assigned anew, which Kafka does for the member that leads the group."""
        coordinator = getattr(self._consumer(), "_coordinator", None)
        if isinstance(coordinator, GroupCoordinator):
            coordinator.request_rejoin()

    def begin_batch(self, records: Records = ()) -> None:
        self._in_batch = True
        self._came_unplaced = first_offsets(records).keys() - self._known.keys()
        self._waiting_since = self._waiting_since or time.monotonic()
        self.tried()

    def end_batch(self, *, applied: bool = False) -> None:
        self._in_batch = False
        self.active_at = time.monotonic()
        if applied:
            self._waiting_since = time.monotonic() if self.behind else None

    def tried(self) -> None:
        """Note that current records were tried, all or some."""
        self.active_at = time.monotonic()

    def excuse(self) -> None:
        """Note that a server was unavailable: this process is not at fault for the lack of progress."""
        self._waiting_since = time.monotonic()

    def stands_still(self, limit_seconds: float, *, tries: int) -> bool:
        """Whether records wait and none was tried within the limit, or none applied within `tries` times the limit."""
        now = time.monotonic()
        untried = (self.behind or self._in_batch) and now - self.active_at > limit_seconds
        unapplied = self._waiting_since is not None and now - self._waiting_since > tries * limit_seconds
        return untried or unapplied

    async def expecting(self, batch: Batch, records: Records) -> Batch:
        """The batch with the offsets and topic ids that the database must hold before it.

        Records missing before these, because Kafka deleted them, are noted first.
        """
        known = await self.known(records)
        await note_passed(self._pool, self._consumer(), known, first_offsets(records))
        return replace(batch, known_offsets=known, topic_ids={one: self._topic_ids.get(one) for one in known})

    async def known(self, records: Records) -> dict[Partition, int]:
        """The offsets known to be committed in the database, for the partitions of these records.

        Records can arrive before `restore` has placed their partition, or while it does so, or after it failed: then
        they place it. Raises DatabaseWentBack if the database lacks the records before these.
        """
        first = first_offsets(records)
        unplaced = [one for one in first if one in self._came_unplaced or one not in self._known]
        if unplaced:
            self._start_from(unplaced, first, await self.stored(unplaced))
        return {partition: self._known[partition] for partition in first if partition in self._known}

    def _start_from(
        self, unplaced: list[Partition], first: Mapping[Partition, int], stored: Mapping[Partition, int]
    ) -> None:
        held = self.assigned()
        for partition in unplaced:
            start = stored.get(partition, 0)
            if start < first[partition]:  # not placed: the rewind may fail, and these records are delivered again
                raise DatabaseWentBack(f"{partition.topic}-{partition.number}: not read from where it is stored")
            if partition in held:
                self._known[partition] = start

    def advance(self, next_offsets: Mapping[Partition, int]) -> None:
        self._waiting_since = self._waiting_since and time.monotonic()
        for partition, offset in next_offsets.items():
            if partition in self._known:
                self._known[partition] = max(offset, self._known[partition])

    def release(self, partitions: Iterable[Partition]) -> None:
        """Release revoked partitions. Their lag is reported until another process is known to read them."""
        for partition in partitions:
            self._known.pop(partition, None)
            self._topic_ids.pop(partition, None)

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Forget partitions that other processes now read."""
        self._waiting_since = None
        for partition in partitions:
            self.release([partition])
            with suppress(KeyError):
                self._metrics.consumer.lag.remove(partition.topic, partition.number)

    async def stored(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The stored offsets. They replace the known ones: the database may have been restored to an older state."""
        wanted = list(partitions)
        async with self._pool.acquire() as connection:
            places = await journal.read_places(connection, wanted)
        for partition in wanted:
            place = places.get(partition, Place())
            self._topic_ids[partition] = place.topic_id
            if partition in self._known:
                self._known[partition] = place.next_offset
        return {partition: place.next_offset for partition, place in places.items()}

    async def restore(self, partitions: Iterable[Partition]) -> None:
        """Seek newly assigned partitions to the lower of what Kafka and the database hold. Waits for the database."""
        wanted, consumer = list(partitions), self._consumer()
        if consumer is None or not wanted:
            return
        stored = await self._stored_when_reachable(wanted)
        for partition in wanted:
            held = TopicPartition(*partition)
            committed = await consumer.committed(held)
            if partition in self._known:
                continue  # its first records arrived in the meantime
            start = self._known[partition] = stored.get(partition, 0)
            # Nothing committed: Kafka has forgotten the group, or never knew it. The database knows better.
            if start < (committed or 0) or (committed is None and start > 0):
                consumer.seek(held, start)
        self.active_at = time.monotonic()
        with suppress(KafkaError, *DATABASE_ERRORS):  # the first records, or the next measurement, show it too
            await note(self._pool, consumer, dict.fromkeys(wanted))

    async def _stored_when_reachable(self, partitions: list[Partition]) -> dict[Partition, int]:
        while True:
            try:
                return await self.stored(partitions)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("database does not respond, waiting to start", error=type(error).__name__)
                self.active_at = time.monotonic()
                await asyncio.sleep(_RETRY_SECONDS)

    async def measure(self) -> None:
        """Report lag, and mark partitions that are read to their end: up to now, nothing in them is unknown.

        If the database went back behind the records read, it seeks there first, and neither reports nor marks.
        """
        consumer = self._consumer()
        if consumer is None or not consumer.assignment():
            return
        try:
            await (self._report_what_comes(consumer) if self._in_batch else self._measure(consumer))
        except DATABASE_ERRORS:
            await self._report_what_comes(consumer)
            raise

    async def _measure(self, consumer: AIOKafkaConsumer) -> None:
        now = await self._pool.fetchval("select shared.app_now()")
        if await self._went_back(consumer):
            return
        try:
            ends = await consumer.end_offsets(list(consumer.assignment()))
            places = {partition: await consumer.position(partition) for partition in ends}
            seen = await self._see_topics(consumer, sorted({partition.topic for partition in ends}))
            reached = {Partition(*one): place for one, place in places.items()}
            await note_passed(self._pool, consumer, {} if self._in_batch else self._known, reached)
        except KafkaError:
            self.behind, self._waiting_since = False, None  # nothing can be read: no fault of this process
            return
        if self._in_batch:
            return
        self._report_lags(ends, places)
        lags = {partition: end - places[partition] for partition, end in ends.items()}
        behind = any(lags[one] > 0 for one in lags if Partition(*one) not in unreadable())  # a restart reads no others
        if behind and not self.behind:
            self.active_at = self._waiting_since = time.monotonic()  # the wait for a record counts from when it came
        if not behind:
            self._waiting_since = None
        self.behind = behind
        await self._mark_read({Partition(*one): ends[one] for one, lag in lags.items() if lag == 0}, seen, now)

    async def _mark_read(self, ended: Mapping[Partition, int], seen: Mapping[str, TopicSeen], at: datetime) -> None:
        """Mark partitions whose end was reached, if Kafka's topic is the one with the stored offsets.

        The topics were seen after their ends. The end of another topic of this name proves nothing, whether it is below
        our place or equal to it by chance. A partition that is assigned but not placed yet may go back to records that
        the database does not have.
        """
        read = [one for one in ended if one in self._known and self._is_topic_of(one, seen.get(one.topic, TopicSeen()))]
        topics, numbers = [one.topic for one in read], [one.number for one in read]
        ids = [self._topic_ids.get(one) for one in read]
        await self._pool.execute(_MARK_READ, topics, numbers, [at] * len(read), ids, [ended[one] for one in read])

    def _is_topic_of(self, partition: Partition, seen: TopicSeen) -> bool:
        """Whether the ids agree. A missing id on either side agrees: brokers before Kafka 2.8 have none."""
        return seen.partitions > 0 and seen.id == self._topic_ids.get(partition)

    async def _report_what_comes(self, consumer: AIOKafkaConsumer) -> None:
        """Report lags by the known applied offsets, while the database is not queried or does not respond."""
        with suppress(KafkaError):
            self._report_lags(await consumer.end_offsets(list(consumer.assignment())), {})

    def _report_lags(self, ends: Mapping[TopicPartition, int], places: Mapping[TopicPartition, int]) -> None:
        """Report the numbers of records not applied yet, including fetched ones and those of the current batch.

        The consumer's place counts only if no record waits: it skips transaction markers and other non-records.
        """
        for partition, end in ends.items():
            known = self._known.get(Partition(*partition))
            place = places.get(partition, -1)
            if known is not None or place >= end:
                lag = 0 if place >= end else max(0, end - (known or 0))
                self._metrics.consumer.lag.labels(partition.topic, partition.partition).set(lag)

    async def _went_back(self, consumer: AIOKafkaConsumer) -> bool:
        """Whether the database has less than it confirmed, or offsets of another topic; then that part is read again.

        The known offsets stay unchanged: records already fetched from further on must not be applied before those.
        """
        known = dict(self._known)
        async with self._pool.acquire() as connection:
            places = await journal.read_places(connection, known)
        lost = [one for one, offset in known.items() if places.get(one, Place()).next_offset < offset]
        strange = {one for one, place in places.items() if place.topic_id != self._topic_ids.get(one)}
        if not self._in_batch:
            for partition in {*lost, *strange}.intersection(Partition(*one) for one in consumer.assignment()):
                log.info("reading again from the stored position", topic=partition.topic, partition=partition.number)
                consumer.seek(TopicPartition(*partition), places.get(partition, Place()).next_offset)
            self._accept({one: places[one] for one in strange & self._strange})
        self._strange = strange
        return bool(lost or strange)

    def _accept(self, places: Mapping[Partition, Place]) -> None:
        """Accept partitions of another topic, seen twice, that have no record whose refusal would show this."""
        for partition, place in places.items():
            if partition in self._known:
                self._known[partition], self._topic_ids[partition] = place
