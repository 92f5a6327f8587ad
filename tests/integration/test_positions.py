"""What a consumer reports about its partitions: read to the end, behind, or unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from shared import timers
from shared.database import DatabaseWentBack
from shared.inputs import Partition
from shared.messaging.known_partitions import know_partitions
from shared.messaging.positions import Positions, SeeTopics
from shared.messaging.topics_seen import TopicSeen
from shared.metrics import Metrics, create_metrics
from tests.streams import Plumbing

_TOPIC = "orders.inbound.v1"
_HELD = TopicPartition(_TOPIC, 0)


@dataclass
class OnePartition:
    """A consumer that holds one partition, read to its end."""

    end: int
    committed_offset: int | None
    place: int
    first: int = 0
    away: bool = False
    sought: list[int] = field(default_factory=list)

    def assignment(self) -> set[TopicPartition]:
        return {_HELD}

    async def end_offsets(self, _partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.away:
            raise KafkaConnectionError
        return {_HELD: self.end}

    async def beginning_offsets(self, _partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {_HELD: self.first}

    async def position(self, _partition: TopicPartition) -> int:
        return self.place

    async def committed(self, _partition: TopicPartition) -> int | None:
        return self.committed_offset

    def seek(self, _partition: TopicPartition, offset: int) -> None:
        self.sought.append(offset)
        self.place = offset


async def without_ids(_consumer: object, topics: Sequence[str]) -> Mapping[str, TopicSeen]:
    """A broker older than topic ids."""
    return {topic: TopicSeen(partitions=1) for topic in topics}


def with_id(id: UUID | None, *, partitions: int = 1) -> SeeTopics:
    async def see(_consumer: object, topics: Sequence[str]) -> Mapping[str, TopicSeen]:
        return {topic: TopicSeen(id, partitions) for topic in topics}

    return see


async def positions_of(
    plumbing: Plumbing, consumer: OnePartition, *, stored: int, see: SeeTopics = without_ids
) -> Positions:
    """The positions known with these offsets stored in the database."""
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = $1 where topic = $2", stored, _TOPIC)
    held: Any = consumer
    return Positions(plumbing.pool, lambda: held, create_metrics("plumbing"), see_topics=see)


async def read_through(plumbing: Plumbing) -> object:
    return await plumbing.pool.fetchval("select read_through_at from shared.offsets where topic = $1", _TOPIC)


async def test_a_partition_that_is_assigned_but_not_placed_yet_does_not_count_as_read(plumbing: Plumbing) -> None:
    consumer = OnePartition(end=100, committed_offset=100, place=100)
    positions = await positions_of(plumbing, consumer, stored=50)
    await positions.measure()
    assert await read_through(plumbing) is None
    await positions.restore([Partition(_TOPIC, 0)])
    assert consumer.sought == [50]
    await positions.measure()
    assert await read_through(plumbing) is None
    positions.advance({Partition(_TOPIC, 0): 100})
    await plumbing.pool.execute("update shared.offsets set next_offset = 100 where topic = $1", _TOPIC)
    consumer.place = 100
    await positions.measure()
    assert await read_through(plumbing) is not None


OLD, NEW = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("end", "seen", "read"),
    [
        pytest.param(100, with_id(OLD), True, id="the same topic, read to its end"),
        pytest.param(0, with_id(NEW), False, id="created again and empty"),
        pytest.param(100, with_id(NEW), False, id="created again, and as long by chance"),
        pytest.param(40, with_id(OLD), False, id="its tail is lost"),
        pytest.param(100, with_id(None, partitions=0), False, id="gone since its end was read"),
        pytest.param(100, with_id(None), False, id="no id although one is stored"),
    ],
)
async def test_only_the_end_of_the_topic_actually_read_counts_as_read_to_the_end(
    plumbing: Plumbing, end: int, seen: SeeTopics, *, read: bool
) -> None:
    positions = await _read_topic_to(100, plumbing, OnePartition(end=end, committed_offset=100, place=100), seen)
    await positions.measure()
    assert (await read_through(plumbing) is not None) == read


async def test_no_silence_timer_fires_because_of_another_topics_end(plumbing: Plumbing) -> None:
    consumer = OnePartition(end=0, committed_offset=100, place=100)
    positions = await _read_topic_to(100, plumbing, consumer, with_id(NEW))
    await plumbing.pool.execute(
        "insert into shared.timers (id, lock_key, subject, type, body, due_at, made_of_silence) "
        "values (gen_random_uuid(), 'c-1', 'c-1', 'x', '', shared.app_now() - interval '1 second', true)"
    )
    due = f"select count(*) from shared.timers where {timers._DUE}"
    await positions.measure()
    assert await plumbing.pool.fetchval(due) == 0
    consumer.end = 100
    await (await _read_topic_to(100, plumbing, consumer, with_id(OLD))).measure()
    assert await plumbing.pool.fetchval(due) == 1


async def test_the_old_topics_read_mark_is_not_stored_once_another_process_began_the_new_one(
    plumbing: Plumbing,
) -> None:
    async def meanwhile(_consumer: object, topics: Sequence[str]) -> Mapping[str, TopicSeen]:
        await plumbing.pool.execute("update shared.offsets set topic_id = $2 where topic = $1", _TOPIC, NEW)
        return {topic: TopicSeen(OLD, 1) for topic in topics}

    consumer = OnePartition(end=100, committed_offset=100, place=100)
    await (await _read_topic_to(100, plumbing, consumer, meanwhile)).measure()
    assert await read_through(plumbing) is None


async def _read_topic_to(offset: int, plumbing: Plumbing, consumer: OnePartition, see: SeeTopics) -> Positions:
    """Positions of a process that has read the old topic up to this offset."""
    positions = await positions_of(plumbing, consumer, stored=offset, see=see)
    await plumbing.pool.execute("update shared.offsets set topic_id = $2 where topic = $1", _TOPIC, OLD)
    await positions.restore([Partition(_TOPIC, 0)])
    return positions


async def test_an_unreachable_broker_is_no_sign_of_a_stuck_consumer(plumbing: Plumbing) -> None:
    consumer = OnePartition(end=100, committed_offset=50, place=50)
    positions = await positions_of(plumbing, consumer, stored=50)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    assert positions.behind
    consumer.away = True
    await positions.measure()
    assert not positions.behind


async def test_records_deleted_before_they_were_read_are_reported(plumbing: Plumbing) -> None:
    consumer = OnePartition(end=100, committed_offset=20, place=20, first=60)
    positions = await positions_of(plumbing, consumer, stored=20)
    with patch("shared.messaging.deleted_unread.log") as log:
        await positions.restore([Partition(_TOPIC, 0)])
    log.error.assert_called_once_with("records were deleted unread", topic=_TOPIC, partition=0, records=40)


async def test_the_lag_of_a_partition_that_others_now_read_is_no_longer_reported(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=100, committed_offset=50, place=50)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    positions = Positions(plumbing.pool, lambda: consumer, metrics, see_topics=without_ids)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    assert [sample for metric in metrics.consumer.lag.collect() for sample in metric.samples]
    positions.forget([Partition(_TOPIC, 0)])
    assert not [sample for metric in metrics.consumer.lag.collect() for sample in metric.samples]


async def test_the_lag_of_a_partition_without_a_known_reader_stays(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=100, committed_offset=50, place=50)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    positions = Positions(plumbing.pool, lambda: consumer, metrics, see_topics=without_ids)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    positions.release([Partition(_TOPIC, 0)])
    (sample,) = [sample for metric in metrics.consumer.lag.collect() for sample in metric.samples]
    assert sample.value == 100


async def test_unapplied_records_of_a_batch_in_progress_count_as_waiting(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=100, committed_offset=100, place=100)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = 100 where topic = $1", _TOPIC)
    positions = Positions(plumbing.pool, lambda: consumer, metrics, see_topics=without_ids)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    assert _lag(metrics) == 0
    consumer.place, consumer.end = 600, 2_000
    positions.begin_batch()
    positions.advance({Partition(_TOPIC, 0): 150})
    await positions.measure()
    assert _lag(metrics) == 1_850
    consumer.away = True
    await positions.measure()
    assert _lag(metrics) == 1_850


async def test_fetched_unapplied_records_count_as_waiting_between_batches_too(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=100, committed_offset=50, place=50)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = 50 where topic = $1", _TOPIC)
    positions = Positions(plumbing.pool, lambda: consumer, metrics, see_topics=without_ids)
    await positions.restore([Partition(_TOPIC, 0)])
    consumer.place = 90
    await positions.measure()
    assert _lag(metrics) == 50


async def test_a_transaction_marker_does_not_count_as_a_waiting_record(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=101, committed_offset=100, place=101)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = 100 where topic = $1", _TOPIC)
    positions = Positions(plumbing.pool, lambda: consumer, metrics, see_topics=without_ids)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    assert _lag(metrics) == 0


async def test_records_after_a_gap_are_refused_until_the_gap_is_read(plumbing: Plumbing) -> None:
    """Even when they are delivered a second time, because the database did not answer the rewind."""
    positions = await positions_of(plumbing, OnePartition(end=100, committed_offset=60, place=60), stored=40)
    for _ in range(2):
        with pytest.raises(DatabaseWentBack):
            await positions.known([_record(60)])
    assert await positions.known([_record(40)]) == {Partition(_TOPIC, 0): 40}


async def test_records_fetched_before_their_partition_was_placed_are_refused_after_a_gap(plumbing: Plumbing) -> None:
    """The partition was placed, and told to go back, while they were fetched: without a check they would
    be applied past the gap."""
    consumer: Any = OnePartition(end=100, committed_offset=60, place=60)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = 40 where topic = $1", _TOPIC)
    positions = Positions(plumbing.pool, lambda: consumer, create_metrics("plumbing"), see_topics=without_ids)
    positions.begin_batch([_record(60)])
    await positions.restore([Partition(_TOPIC, 0)])
    with pytest.raises(DatabaseWentBack):
        await positions.known([_record(60)])
    positions.begin_batch([_record(40)])
    assert await positions.known([_record(40)]) == {Partition(_TOPIC, 0): 40}


def _lag(metrics: Metrics) -> float:
    (sample,) = [sample for metric in metrics.consumer.lag.collect() for sample in metric.samples]
    return sample.value


def _record(offset: int) -> Any:
    return SimpleNamespace(topic=_TOPIC, partition=0, offset=offset)
