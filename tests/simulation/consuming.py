"""The process that reads Kafka, as `shared.messaging.consumer` does, and the loop of its `positions` beside it."""

from dataclasses import dataclass

from shared import journal
from shared.database import DATABASE_ERRORS
from shared.inputs import Batch, Input, Partition
from shared.messaging import positions
from tests.simulation.database import Session
from tests.simulation.pausing import Pause
from tests.simulation.tables import OFFSETS, TIMERS
from tests.simulation.workers import Ground, Process


class Consumer(Process):
    """Reads its assigned partitions. `position` is the next offset to read, `known` the one
    committed in the database."""

    most = 9

    def __init__(self, ground: Ground, name: str) -> None:
        super().__init__(ground, name)
        self.assigned: set[Partition] = set()
        self.position: dict[Partition, int] = {}
        self.known: dict[Partition, int] = {}
        self.in_batch = False

    def assign(self, partitions: set[Partition]) -> None:
        """It forgets partitions that it loses, even during a batch."""
        for gone in self.assigned - partitions:
            self.position.pop(gone, None)
            self.known.pop(gone, None)
        self.assigned = set(partitions)

    def has_work(self) -> bool:
        kafka = self.ground.kafka
        return any(one not in self.position or self.position[one] < kafka.end(one) for one in self.assigned)

    async def round(self) -> None:
        await self._place([one for one in self.assigned if one not in self.position])
        batch = self._poll()
        if batch is None:
            return
        self.in_batch = True
        try:
            await self.apply(batch)
        except DATABASE_ERRORS:
            await self._rewind(batch)
            raise
        finally:
            self.in_batch = False
        for partition, offset in batch.next_offsets.items():
            if partition in self.known:
                self.known[partition] = max(offset, self.known[partition])
        await Pause("offset commit")
        for partition, offset in batch.next_offsets.items():
            if partition in self.assigned and self.ground.chance.random() < 0.8:
                self.ground.kafka.commit(partition, offset)

    async def apply(self, batch: Batch) -> None:
        """The whole batch in one transaction."""
        await self.processor.apply(batch)

    async def _place(self, partitions: list[Partition]) -> None:
        """Start at the lower of the offsets in Kafka and in the database."""
        stored = await self._stored(partitions) if partitions else {}
        for partition in set(partitions) & self.assigned:
            start = stored.get(partition, 0)
            self.known.setdefault(partition, start)
            self.position.setdefault(partition, min(start, self.ground.kafka.committed.get(partition, start)))

    def _poll(self) -> Batch | None:
        kafka, chance = self.ground.kafka, self.ground.chance
        inputs: list[Input] = []
        next_offsets: dict[Partition, int] = {}
        for partition in sorted(self.position):
            found = kafka.read(partition, self.position[partition], chance.randint(1, self.most))
            if found:
                inputs += found
                next_offsets[partition] = self.position[partition] = self.position[partition] + len(found)
        known = {partition: self.known[partition] for partition in next_offsets if partition in self.known}
        return Batch(inputs, next_offsets=next_offsets, known_offsets=known) if inputs else None

    async def _rewind(self, batch: Batch) -> None:
        first: dict[Partition, int] = {}
        for one in batch.inputs:
            assert one.position is not None
            partition = Partition(one.position.topic, one.position.partition)
            first[partition] = min(one.position.offset, first.get(partition, one.position.offset))
        try:
            stored = await self._stored(list(first))
        except DATABASE_ERRORS:
            stored = first
        for partition, offset in first.items():
            if partition in self.position:
                self.position[partition] = min(offset, stored.get(partition, 0))

    async def _stored(self, partitions: list[Partition]) -> dict[Partition, int]:
        async with self.pool.acquire() as connection:
            return await journal.read_offsets(connection, partitions)


@dataclass(slots=True)
class Measuring:
    """The loop beside a consumer that records up to when everything is read."""

    consumer: Consumer
    name: str

    def has_work(self) -> bool:
        """Only if a timer waits for it. A real service checks every second."""
        session = Session(self.consumer.database, "looking")
        waiting = [row["due_at"] for row in session.rows(TIMERS) if row["made_of_silence"]]
        due = min(waiting, default=None)
        if due is None or due > session.now or self.consumer.in_batch or self.consumer.has_work():
            return False
        marks = [session.get(OFFSETS, one) for one in self.consumer.assigned]
        return any(
            row is not None and (row["read_through_at"] is None or row["read_through_at"] < due) for row in marks
        )

    async def round(self) -> None:
        consumer = self.consumer
        now = await consumer.pool.fetchval("select shared.app_now()")
        if consumer.in_batch:
            return
        ends = {one: consumer.ground.kafka.end(one) for one in consumer.position}
        await Pause("end offsets")
        if consumer.in_batch:
            return
        read = [
            one
            for one, end in ends.items()
            if one in consumer.known and consumer.position.get(one, -1) >= end and one in consumer.assigned
        ]
        topics, numbers = [one.topic for one in read], [one.number for one in read]
        times, ids, reached = [now] * len(read), [None] * len(read), [ends[one] for one in read]
        await consumer.pool.execute(positions._MARK_READ, topics, numbers, times, ids, reached)
