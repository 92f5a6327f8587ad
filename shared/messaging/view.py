"""Kafka's view of topics, of a consumer group and of our rights to both, queried beside the consumer.

Start with `View.look`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, KafkaError, for_code

from shared.inputs import Partition
from shared.messaging.cluster import Cluster
from shared.messaging.kafka_requests import GroupRequest
from shared.messaging.topics_seen import TopicSeen, ask_for_topics, may_read

LOOK_SECONDS = 15.0
_TAIL_READS = 10  # offsets removed by compaction at a partition's end never arrive
_TAIL_READ_MS = 500
_REBALANCING = frozenset({"PreparingRebalance", "CompletingRebalance"})


@dataclass(frozen=True, slots=True)
class Seen:
    """Topics by name, and the partitions of the group's members: None during a rebalance."""

    topics: Mapping[str, TopicSeen]
    assigned: frozenset[Partition] | None
    group_readable: bool = True

    @property
    def partitions(self) -> frozenset[Partition]:
        """All existing partitions."""
        return frozenset(
            Partition(topic, number) for topic, seen in self.topics.items() for number in range(seen.partitions)
        )


class View:
    """Connects on first use, and again after an error. Raises KafkaError for every failure."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._consumer: AIOKafkaConsumer | None = None

    async def look(self, topics: Sequence[str], group: str) -> Seen:
        """Topics, with the installation's prefix, and the group that reads them."""
        try:
            async with _answering():
                client = (await self._connected())._client
                return await _look(client, topics, group)
        except BaseException:
            await self.close()
            raise

    async def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The offset after the last record of each existing partition."""
        wanted = [TopicPartition(*partition) for partition in partitions]
        if not wanted:
            return {}
        async with _answering():
            ends = await (await self._connected()).end_offsets(wanted)
        return {Partition(*partition): end for partition, end in ends.items()}

    async def last_before(
        self, partition: Partition, offset: int, count: int
    ) -> list["ConsumerRecord[bytes, bytes]"] | None:
        """Up to `count` records right before an offset; None if the topic begins at it or later."""
        held = TopicPartition(*partition)
        consumer = self._new_consumer()
        try:
            await consumer.start()
            consumer.assign([held])
            async with _answering():
                first = (await consumer.beginning_offsets([held]))[held]
                last = min(offset, (await consumer.end_offsets([held]))[held])
                if first >= offset:
                    return None
                consumer.seek(held, max(first, last - count))
                records: list[ConsumerRecord[bytes, bytes]] = []
                for _ in range(_TAIL_READS):
                    if await consumer.position(held) >= last:
                        break
                    found = await consumer.getmany(held, timeout_ms=_TAIL_READ_MS)
                    records += [record for record in found.get(held, ()) if record.offset < offset]
                return records
        finally:
            await consumer.stop()

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = self._new_consumer()
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

    def _new_consumer(self) -> AIOKafkaConsumer:
        """A consumer without a group."""
        return AIOKafkaConsumer(
            **self._cluster.connection(), group_id=None, auto_offset_reset="earliest", isolation_level="read_committed"
        )


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Limits Kafka's response time. A caller that also queries a database can then distinguish the two."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            yield
    except (OSError, TimeoutError) as error:
        raise KafkaConnectionError(type(error).__name__) from error


async def _look(client: AIOKafkaClient, topics: Sequence[str], group: str) -> Seen:
    seen = await ask_for_topics(client, topics)
    try:
        return Seen(seen, await _group(client, group))
    except GroupAuthorizationFailedError:
        return Seen(seen, assigned=None, group_readable=False)


async def _group(client: AIOKafkaClient, group: str) -> frozenset[Partition] | None:
    """The partitions of the group's members; None while they are unknown. Raises GroupAuthorizationFailedError."""
    try:
        coordinator = await client.coordinator_lookup(CoordinationType.GROUP, group)
        answer = await client.send(coordinator, GroupRequest(group))
        ((code, _, state, _, _, members, rights),) = answer.groups
        if code != 0:
            raise for_code(code)
    except KafkaError as error:
        if error.retriable:  # such as a coordinator that moves to another broker
            return None
        raise
    if not may_read(rights):
        raise GroupAuthorizationFailedError(group)
    return None if state in _REBALANCING else _assigned(members)


def _assigned(members: Sequence[Sequence[bytes]]) -> frozenset[Partition]:
    assignments = [assignment for *_, assignment in members if assignment]
    return frozenset(
        Partition(*partition)
        for assignment in assignments
        for partition in ConsumerProtocolMemberAssignment.decode(assignment).partitions()
    )
