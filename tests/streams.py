"""The plumbing alone, on real Kafka and Postgres: a service that only records its inputs, and its streams.

Its table `effects` accepts any input any number of times, so that an input applied twice is visible.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.envelope import Envelope, Fact
from shared.database import DATABASE_ERRORS, TRANSACTION_SECONDS, Pool, open_pool
from shared.logs import configure_logging
from shared.messaging.blocks import Reading
from shared.messaging.cluster import Cluster
from shared.messaging.consumer import Consumer
from shared.messaging.known_partitions import know_partitions
from shared.messaging.relay import Relay
from shared.messaging.topics import ensure_topics
from shared.messaging.watch import PATIENCE_SECONDS, Watch
from shared.metrics import Metrics, create_metrics
from shared.migrations import migrate
from shared.migrations.fitting import Fitting
from shared.transaction import InputProcessor, Transaction
from tests.raw_records import Raw, publish_raw

TOPIC = "orders.inbound.v1"
DEAD_LETTERS = "plumbing.dead-letters.v1"
SERVICE = "plumbing"
SESSION_MS = 3_000
_EFFECTS = "create table effects (number bigint generated always as identity, event_id text, account text)"

Hook = Callable[[Transaction, Sequence[Envelope[Fact]]], Awaitable[None]]


@dataclass(frozen=True)
class Watched:
    """A consumer, not started yet, and the reasons why it consumes nothing, by code."""

    consumer: Consumer
    blocked: Mapping[str, str]

    async def reasons(self) -> set[str]:
        return set(self.blocked)


@dataclass
class Plumbing:
    """One database, one topic, a handler that records effects; `hook` runs in each transaction before it does."""

    url: str
    pool: Pool
    cluster: Cluster
    metrics: Metrics
    hook: Hook | None = None
    fitting: Fitting | None = None
    seconds_allowed: float = TRANSACTION_SECONDS
    batches: list[list[str]] = field(default_factory=list)

    @property
    def topic(self) -> str:
        return self.cluster.topic(TOPIC)

    def processor(self, pool: "Pool | None" = None) -> InputProcessor:
        return InputProcessor(
            pool or self.pool, SERVICE, self._handle, fitting=self.fitting, seconds_allowed=self.seconds_allowed
        )

    async def _handle(self, tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        self.batches.append([event.id for event in events])
        if self.hook is not None:
            await self.hook(tx, events)
        rows = [(event.id, event.subject) for event in events]
        await tx.connection.executemany("insert into effects (event_id, account) values ($1, $2)", rows)

    async def publish(self, *records: Raw) -> None:
        """Publish records, in order, each on its partition."""
        await publish_raw(self.cluster, TOPIC, *records)

    async def effects(self) -> list[str]:
        """The ids of the applied events, in the order of the effects."""
        return [row["event_id"] for row in await self.pool.fetch("select event_id from effects order by number")]

    async def effect_count(self) -> int:
        return int(await self.pool.fetchval("select count(*) from effects"))

    async def ledger(self) -> Counter[str]:
        """The number of delivered offsets by outcome."""
        rows = await self.pool.fetch("select outcome, count(*) as offsets from shared.ledger group by outcome")
        return Counter({row["outcome"]: row["offsets"] for row in rows})

    async def outcomes(self, partition: int = 0) -> dict[int, str]:
        """The outcome of each offset, by the ledger."""
        rows = await self.pool.fetch("select * from shared.ledger where partition = $1 order by 3", partition)
        return {row["record_offset"]: row["outcome"] for row in rows}

    async def ledger_offsets(self, partition: int = 0) -> list[int]:
        rows = await self.pool.fetch(
            "select record_offset from shared.ledger where partition = $1 order by record_offset", partition
        )
        return [row["record_offset"] for row in rows]

    async def next_offsets(self) -> list[int]:
        """The next offset of each partition, by the database."""
        rows = await self.pool.fetch(
            "select next_offset from shared.offsets where topic = $1 order by partition", self.topic
        )
        return [row["next_offset"] for row in rows]

    async def read_through(self) -> list[datetime | None]:
        """The time up to which each partition is known to be read completely."""
        rows = await self.pool.fetch("select read_through_at from shared.offsets where topic = $1", self.topic)
        return [row["read_through_at"] for row in rows]

    async def dead_letters(self) -> list[asyncpg.Record]:
        return list(await self.pool.fetch("select * from shared.dead_letters order by partition, record_offset"))

    async def committed(self, partition: int = 0) -> int | None:
        """The group's committed offsets in Kafka."""
        async with self._member() as member:
            offset: int | None = await member.committed(TopicPartition(self.topic, partition))
            return offset

    async def commit_in_kafka(self, offset: int, partition: int = 0) -> None:
        """Set the group's offset in Kafka while it has no members, as after a crash before the commit."""
        async with self._member() as member:
            await member.commit({TopicPartition(self.topic, partition): offset})

    @asynccontextmanager
    async def _member(self) -> AsyncIterator[AIOKafkaConsumer]:
        member = AIOKafkaConsumer(
            **self.cluster.connection(), group_id=self.cluster.topic(SERVICE), enable_auto_commit=False
        )
        await member.start()
        member.assign([TopicPartition(self.topic, number) for number in range(self.cluster.partitions)])
        try:
            yield member
        finally:
            await member.stop()

    @asynccontextmanager
    async def consuming(
        self, kind: type[Consumer] = Consumer, *, pool: "Pool | None" = None, measuring: bool = False
    ) -> AsyncIterator[Consumer]:
        """A consumer of the topic, as a process runs it. Measuring needs the topic's id, which is read first."""
        consumer = kind(self.processor(pool), self.cluster, [TOPIC], self.metrics)
        if measuring:
            async with self.watched_by_hand(consumer):
                pass
        await consumer.start()
        measures = asyncio.create_task(_repeat(consumer.positions.measure)) if measuring else None
        try:
            yield consumer
        finally:
            if measures is not None:
                measures.cancel()
            await consumer.stop()

    @asynccontextmanager
    async def watched(
        self, kind: type[Consumer] = Consumer, *, topics: tuple[str, ...] = (TOPIC,), instance: str | None = None
    ) -> AsyncIterator["Watched"]:
        """A consumer and its watch on Kafka, as in a process, but with shorter intervals and less patience."""
        consumer = kind(self.processor(), self.cluster, topics, self.metrics, instance=instance)
        blocked = dict[str, str]()
        async with self.watched_by_hand(consumer, blocked, topics=topics) as watch:
            loops = [asyncio.create_task(_repeat(each)) for each in (watch.look, consumer.positions.measure)]
            try:
                yield Watched(consumer, blocked)
            finally:
                for loop in loops:
                    loop.cancel()
                await asyncio.gather(*loops, return_exceptions=True)
                await consumer.stop()

    @asynccontextmanager
    async def watched_by_hand(
        self,
        consumer: Consumer | None = None,
        blocked: dict[str, str] | None = None,
        *,
        topics: tuple[str, ...] = (TOPIC,),
    ) -> AsyncIterator[Watch]:
        """The watch on Kafka, after its first check."""
        beside = consumer or Consumer(self.processor(), self.cluster, [TOPIC], self.metrics)
        watch = Watch(
            self.pool,
            Reading(self.cluster, topics, self.cluster.topic(SERVICE)),
            beside.positions,
            self.metrics,
            blocked={} if blocked is None else blocked,
            patience_seconds=dict.fromkeys(PATIENCE_SECONDS, 1.0),
        )
        try:
            await watch.begin()
            yield watch
        finally:
            await watch.close()

    def blocked(self) -> set[str]:
        """The reasons for which the metrics say that nothing is consumed."""
        samples = [sample for metric in self.metrics.consumer.blocked.collect() for sample in metric.samples]
        return {sample.labels["reason"] for sample in samples if sample.value}

    async def reasons(self) -> set[str]:
        """The same, to be waited for."""
        return self.blocked()

    async def lag(self) -> dict[int, float]:
        """The lag of each partition by the metrics."""
        samples = [sample for metric in self.metrics.consumer.lag.collect() for sample in metric.samples]
        return {int(sample.labels["partition"]): sample.value for sample in samples}


@asynccontextmanager
async def plumbing_on(
    kafka: str, url: str, prefix: str, *, partitions: int = 2, cluster: Cluster | None = None
) -> AsyncIterator[Plumbing]:
    """The plumbing on this broker and this (empty) database; anyone may use the broker, unless a cluster is given."""
    configure_logging(SERVICE)  # as a process does; the default prints every variable of an exception
    await migrate(url)
    anybody = Cluster(kafka, prefix=prefix, partitions=partitions, replication=1, session_timeout_ms=SESSION_MS)
    cluster = cluster or anybody
    await ensure_topics(cluster, [TOPIC, DEAD_LETTERS])
    pool = await open_pool(url, name=SERVICE)
    try:
        await pool.execute(_EFFECTS)
        await know_partitions(pool, {cluster.topic(TOPIC): partitions})
        yield Plumbing(url, pool, cluster, create_metrics(SERVICE))
    finally:
        pool.terminate()


@asynccontextmanager
async def relaying(url: str, cluster: Cluster, metrics: Metrics) -> AsyncIterator["asyncio.Task[None]"]:
    """A relay as a process runs it: it is restarted after an error."""

    async def going() -> None:
        while True:
            try:
                await Relay(url, cluster, metrics, name=SERVICE).run()
            except Exception:  # noqa: BLE001 - as the process does
                await asyncio.sleep(0.1)

    task = asyncio.create_task(going())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _repeat(action: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await action()
        except DATABASE_ERRORS:
            continue  # the process's own loop retries too
        finally:
            await asyncio.sleep(0.1)
