"""The consumer: a FastStream batch subscriber that loses nothing, despite faulty records, database or broker failures.

Start with `Consumer.handle`. Records reach it raw and are decoded one by one; offsets go to Kafka only after the
database has committed them; on assignment a partition starts where the database says, if that is lower.
"""

import asyncio
import logging
import random
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.message import StreamMessage

from shared.database import RightMissing, TablesUnfit, is_transient, lacks_right, lacks_tables
from shared.inputs import Batch, Partition
from shared.logs import get_logger
from shared.messaging import tolerant_records
from shared.messaging.applying import MAX_RECORDS, Applier, Endings
from shared.messaging.cluster import Cluster
from shared.messaging.positions import Positions
from shared.messaging.records import Records, first_offsets, next_offsets, read_records
from shared.metrics import Metrics
from shared.telemetry import Attribute, batch_span
from shared.transaction import InputProcessor

log = get_logger(__name__)

GRACEFUL_SECONDS = 30.0
DATABASE_RIGHT_MISSING = "database_right_missing"
"""A value of the label `reason` of `handoff_consumer_blocked`, beside those of `Block`."""
COMMIT_SECONDS = 10.0
_BATCH_TIMEOUT_MS = 10
_METADATA_MS = 10_000  # how soon a recreated topic gets its readers
_TRIES_BEFORE_STALLED = 4
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 10.0


class Interrupted(RuntimeError):
    """A foreign cancellation reached the handler. If it were passed on, it would end the consume loop silently."""


class SafeMessage(KafkaAckableMessage):
    """A batch with an explicit acknowledgement in bounded time; its refusal rewinds to the database's offsets."""

    owner: "Consumer"

    async def ack(self) -> None:
        await self.owner.commit(self.raw_message)
        await StreamMessage.ack(self)

    async def nack(self) -> None:
        await self.owner.rewind(self.raw_message)
        await StreamMessage.nack(self)


class Consumer:
    """Consumes a service's topics in one group. `start`, then `stop`; `stalled` is for the watchdog."""

    def __init__(
        self,
        processor: InputProcessor,
        cluster: Cluster,
        topics: Iterable[str],
        metrics: Metrics,
        *,
        instance: str | None = None,
    ) -> None:
        self._processor = processor
        self._cluster = cluster
        self._metrics = metrics
        self._group = cluster.topic(processor.service)
        self._failures = 0
        self._unfit: str | None = None
        metrics.consumer.blocked.labels(DATABASE_RIGHT_MISSING).set(0)
        self.positions = Positions(processor.pool, lambda: self._current, metrics)
        self._applier = Applier(processor, self.positions, Endings(processor.service, cluster.logical, metrics))
        self._broker = KafkaBroker(
            cluster.servers,
            security=cluster.security(),
            sasl_oauth_token_provider=cluster.tokens,
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=GRACEFUL_SECONDS,
            metadata_max_age_ms=_METADATA_MS,
            apply_types=False,
            logger=logging.getLogger("faststream"),
        )
        self._subscriber = self._broker.subscriber(
            *(cluster.topic(topic) for topic in topics),
            batch=True,
            max_records=MAX_RECORDS,
            batch_timeout_ms=_BATCH_TIMEOUT_MS,
            group_id=self._group,
            group_instance_id=instance,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            isolation_level="read_committed",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=cluster.session_timeout_ms,
            heartbeat_interval_ms=cluster.session_timeout_ms // 10,
            max_poll_interval_ms=300_000,
            listener=_StartWhereTheDatabaseIs(self),
            parser=self._parse,
            decoder=_undecoded,
            no_reply=True,
        )
        self._subscriber(self.handle)

    @property
    def servers(self) -> list[str]:
        """The brokers that it connects to first, for the test of its settings."""
        return list(self._broker.specification.url)

    @property
    def subscriber(self) -> Any:
        """The subscriber, for the test of its settings."""
        return self._subscriber

    @property
    def _current(self) -> AIOKafkaConsumer | None:
        consumer: AIOKafkaConsumer | None = self._subscriber.consumer
        return consumer

    async def start(self) -> None:
        tolerant_records.install()
        try:
            await self._broker.start()
        except BaseException:
            await self._broker.stop()  # a half-started broker would keep its connections
            raise

    async def stop(self) -> None:
        """Finish the batch in hand, for a bounded time, and leave the group."""
        await self._broker.stop()

    async def handle(self, records: Records) -> None:
        """Apply a batch, or raise to get it again, after a pause that grows with each consecutive failure."""
        self.positions.begin_batch(records)
        try:
            await self._apply(records)
            self._failures = 0
            self._find_unfit(None)
            self.positions.end_batch(applied=True)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise Interrupted("a cancelled call reached the consumer") from None
        except Exception as error:
            self._failures += 1
            self._find_unfit(await self._blamed(error))
            if is_transient(error):
                self.positions.excuse()
            log.warning("batch failed, trying again", error=type(error).__name__, failures=self._failures)
            await asyncio.sleep(_pause_seconds(self._failures))
            raise

    async def commit(self, records: Records) -> None:
        """Commit the applied offsets to Kafka. A failure is harmless: the database decides where to start."""
        consumer = self._current
        if consumer is None:
            return
        held = consumer.assignment()
        offsets = {TopicPartition(*one): offset for one, offset in next_offsets(records).items() if one in held}
        if not offsets:
            return
        try:
            await asyncio.wait_for(consumer.commit(offsets), COMMIT_SECONDS)
        except (TimeoutError, KafkaError) as error:
            log.info("offsets not committed to Kafka", error=type(error).__name__)

    async def rewind(self, records: Records) -> None:
        """Read again from the database's offsets, or from the batch's first records if it does not respond."""
        consumer = self._current
        if consumer is None:
            return
        first = first_offsets(records)
        try:
            stored = await self.positions.stored(first)
        except Exception as error:  # noqa: BLE001 - without a rewind the next batch would commit past this one
            log.warning("rewinding without the database", error=type(error).__name__)
            stored = first
        held = consumer.assignment()
        for partition, offset in first.items():
            if TopicPartition(*partition) in held:
                consumer.seek(TopicPartition(*partition), min(offset, stored.get(partition, 0)))
        self.positions.end_batch()

    def not_ready(self) -> list[str]:
        """Why nothing is consumed although Kafka and Postgres respond; empty while consuming."""
        return [self._unfit] if self._unfit else []

    def stalled(self, limit_seconds: float) -> bool:
        """Whether consuming has ended unintentionally: its task has ended, or records wait and none was tried for that
        long, or none was applied for several times as long, which is enough to halve a batch down to one record.
        """
        tasks = getattr(self._subscriber, "tasks", [])
        if self._subscriber.running and tasks and all(task.done() for task in tasks):
            return True
        return self.positions.stands_still(limit_seconds, tries=_TRIES_BEFORE_STALLED)

    async def _blamed(self, error: Exception) -> Exception:
        """The error, with the name of the missing right if it means one, from the statements around the transaction."""
        if lacks_right(error) and self._processor.fitting is not None:
            try:
                await self._processor.fitting.blame(error, self._processor.pool)
            except RightMissing as missing:
                return missing
        return error

    def _find_unfit(self, error: Exception | None) -> None:
        """Note that the tables do not fit this code, or that the user may not use them: nothing is consumed until that
        is fixed, and health and log report it."""
        if error is not None and lacks_tables(error):  # it came from the statements around the transaction
            error = TablesUnfit(self._processor.service, error)
        unfit = str(error) if isinstance(error, TablesUnfit | RightMissing) else None
        if unfit and unfit != self._unfit:
            log.error("consuming is paused until the database is corrected", reason=unfit)
        elif self._unfit and error is None:
            log.info("the database is corrected; consuming resumes")
        elif error is not None and unfit is None:
            return
        self._unfit = unfit
        self._metrics.process.tables_unfit.set(isinstance(error, TablesUnfit))
        self._metrics.consumer.blocked.labels(DATABASE_RIGHT_MISSING).set(isinstance(error, RightMissing))

    async def _apply(self, records: Records) -> None:
        batch = await self.positions.expecting(await read_records(records, self._cluster.prefix), records)
        self._count_key_mismatches(batch)
        started = time.monotonic()
        attributes: dict[Attribute, str | int | UUID] = {
            Attribute.MESSAGING_SYSTEM: "kafka",
            Attribute.OPERATION_NAME: "process",
            Attribute.OPERATION_TYPE: "process",
            Attribute.CONSUMER_GROUP: self._group,
            Attribute.BATCH_COUNT: len(records),
        }
        links = [one.envelope.traceparent for one in batch.inputs]
        topics = sorted({record.topic for record in records})
        if len(topics) == 1:
            attributes[Attribute.DESTINATION_NAME] = topics[0]
        partitions = {(record.topic, record.partition) for record in records}
        if len(partitions) == 1:
            attributes[Attribute.DESTINATION_PARTITION] = str(records[0].partition)
        with batch_span(f"process {', '.join(topics)}", links=links, attributes=attributes):
            await self._applier.apply(batch)
        self._metrics.consumer.batch_size.observe(len(records))
        self._metrics.consumer.batch_duration.observe(time.monotonic() - started)

    def _count_key_mismatches(self, batch: Batch) -> None:
        for one in batch.inputs:
            if not one.key_matches:
                self._metrics.consumer.key_mismatches.labels(one.envelope.data.topic).inc()

    async def _parse(self, records: Records, _original: object) -> SafeMessage:
        """Parse a batch. FastStream's own parser decodes headers strictly, so one bad header would lose the batch."""
        message = SafeMessage(
            raw_message=records,
            body=records,
            headers={},
            batch_headers=[],
            reply_to="",
            message_id=f"{records[0].topic}-{records[0].offset}",
            correlation_id="-",
            consumer=self._current,
        )
        message.owner = self
        return message


class _StartWhereTheDatabaseIs(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._consumer.positions.release(Partition(*partition) for partition in revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._consumer.positions.restore(Partition(*partition) for partition in assigned)


async def _undecoded(message: SafeMessage) -> Records:
    records: Records = message.raw_message
    return records


def _pause_seconds(failures: int) -> float:
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))
    return longest * random.uniform(0.5, 1.0)
