"""What a consumer says of its partitions: read to the end, behind, or not known yet."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from shared.database import DatabaseWentBack
from shared.inputs import Partition
from shared.messaging.positions import Positions, know_partitions
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


async def positions_of(plumbing: Plumbing, consumer: OnePartition, *, stored: int) -> Positions:
    """What is known with so much stored in the database."""
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = $1 where topic = $2", stored, _TOPIC)
    held: Any = consumer
    return Positions(plumbing.pool, lambda: held, create_metrics("plumbing"))


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


async def test_a_broker_that_is_away_is_no_sign_of_a_stuck_consumer(plumbing: Plumbing) -> None:
    consumer = OnePartition(end=100, committed_offset=50, place=50)
    positions = await positions_of(plumbing, consumer, stored=50)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    assert positions.behind
    consumer.away = True
    await positions.measure()
    assert not positions.behind


async def test_records_that_were_deleted_before_they_were_read_are_told_of(plumbing: Plumbing) -> None:
    consumer = OnePartition(end=100, committed_offset=20, place=20, first=60)
    positions = await positions_of(plumbing, consumer, stored=20)
    with patch("shared.messaging.positions.log") as log:
        await positions.restore([Partition(_TOPIC, 0)])
    log.error.assert_called_once_with("records were deleted unread", topic=_TOPIC, partition=0, records=40)


async def test_the_lag_of_a_partition_that_others_read_now_is_not_reported_any_more(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=100, committed_offset=50, place=50)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    positions = Positions(plumbing.pool, lambda: consumer, metrics)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    assert [sample for metric in metrics.consumer.lag.collect() for sample in metric.samples]
    positions.forget([Partition(_TOPIC, 0)])
    assert not [sample for metric in metrics.consumer.lag.collect() for sample in metric.samples]


async def test_the_lag_of_a_partition_that_nobody_is_known_to_read_stays(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=100, committed_offset=50, place=50)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    positions = Positions(plumbing.pool, lambda: consumer, metrics)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    positions.release([Partition(_TOPIC, 0)])
    (sample,) = [sample for metric in metrics.consumer.lag.collect() for sample in metric.samples]
    assert sample.value == 100


async def test_while_a_batch_is_applied_what_is_not_applied_of_it_counts_as_waiting(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=100, committed_offset=100, place=100)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = 100 where topic = $1", _TOPIC)
    positions = Positions(plumbing.pool, lambda: consumer, metrics)
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


async def test_what_is_fetched_and_not_applied_counts_as_waiting_between_batches_too(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=100, committed_offset=50, place=50)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = 50 where topic = $1", _TOPIC)
    positions = Positions(plumbing.pool, lambda: consumer, metrics)
    await positions.restore([Partition(_TOPIC, 0)])
    consumer.place = 90
    await positions.measure()
    assert _lag(metrics) == 50


async def test_the_mark_that_ends_a_transaction_is_no_record_that_waits(plumbing: Plumbing) -> None:
    metrics = create_metrics("plumbing")
    consumer: Any = OnePartition(end=101, committed_offset=100, place=101)
    await know_partitions(plumbing.pool, {_TOPIC: 1})
    await plumbing.pool.execute("update shared.offsets set next_offset = 100 where topic = $1", _TOPIC)
    positions = Positions(plumbing.pool, lambda: consumer, metrics)
    await positions.restore([Partition(_TOPIC, 0)])
    await positions.measure()
    assert _lag(metrics) == 0


async def test_records_after_a_gap_are_refused_until_the_gap_is_read(plumbing: Plumbing) -> None:
    """Also when they come a second time, because the rewind had no answer from the database."""
    positions = await positions_of(plumbing, OnePartition(end=100, committed_offset=60, place=60), stored=40)
    for _ in range(2):
        with pytest.raises(DatabaseWentBack):
            await positions.known([_record(60)])
    assert await positions.known([_record(40)]) == {Partition(_TOPIC, 0): 40}


def _lag(metrics: Metrics) -> float:
    (sample,) = [sample for metric in metrics.consumer.lag.collect() for sample in metric.samples]
    return sample.value


def _record(offset: int) -> Any:
    return SimpleNamespace(topic=_TOPIC, partition=0, offset=offset)
