"""The processes of an installation, each as coroutines that the scheduler takes on step by step.

What they wait for between two statements, and in which order they do things, is as in `shared.messaging.consumer`,
`shared.messaging.relay`, `shared.runtime` and `services.escalation.channels.deliveries`.
"""

from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

from services.escalation.app import press
from services.escalation.channels.deliveries import _receipt
from services.escalation.domain.own_facts import OWN_FACTS, Attempt, DeliveryAttempted, EpisodeButton
from services.escalation.domain.policy.model import Storms
from services.escalation.domain.rules import Rules
from services.escalation.handlers import handling
from services.escalation.store import deliveries
from services.escalation.store.claims import ClaimedDelivery, claim_due
from services.escalation.store.policies import KnownPolicies
from shared import journal
from shared.database import DATABASE_ERRORS, Connection
from shared.inputs import Batch, Input, Partition
from shared.messaging import positions, relay
from shared.metrics import create_metrics
from shared.transaction import Refused, Spine
from tests.simulation.database import Database, FakePool, Session
from tests.simulation.kafka import Kafka
from tests.simulation.pausing import Pause
from tests.simulation.statements import ANSWERS, DELIVERIES, OFFSETS, OUTBOX, TIMERS, asks_somebody, due_timers

RULES = Rules(desk="desk")  # type: ignore[arg-type]
METRICS = create_metrics("simulation")


@dataclass(slots=True)
class Ground:
    """What all processes stand on."""

    database: Database
    kafka: Kafka
    mail: "Mail"
    chance: Random
    pressed: Counter[tuple[str, bytes]] = field(default_factory=Counter)


class Activity(Protocol):
    """One loop of a process: whether there is something to do, and one round of it."""

    name: str

    def has_work(self) -> bool:
        """Whether a round would do anything."""
        ...

    def round(self) -> Coroutine[Pause, None, None]:
        """One round."""
        ...


@dataclass(slots=True)
class Mail:
    """What the mail server took, and what it answers."""

    chance: Random
    calm: bool = False
    accepted: list[UUID] = field(default_factory=list)

    def take(self, deliveries: list[UUID]) -> Attempt:
        """Whether it took a message, and what its client hears: it may take one and break off."""
        lot = 0.0 if self.calm else self.chance.random()
        if lot < 0.8:
            self.accepted += deliveries
        if lot < 0.7:
            return Attempt.ACCEPTED
        if lot < 0.85:
            return Attempt.UNKNOWN
        return Attempt.PUT_OFF if lot < 0.95 else Attempt.REFUSED


class Process:
    """One process with its own connection pool and its own memory, lost when it dies."""

    def __init__(self, ground: Ground, name: str) -> None:
        self.name = name
        self.ground = ground
        self.database = ground.database
        pool: Any = FakePool(ground.database, ANSWERS, name)
        self.pool = pool
        self.spine = Spine(pool, "escalation", handling(RULES), OWN_FACTS)


class Consumer(Process):
    """Reads the partitions it is assigned. `position` is the next offset to read, `known` what is committed."""

    def __init__(self, ground: Ground, name: str) -> None:
        super().__init__(ground, name)
        self.assigned: set[Partition] = set()
        self.position: dict[Partition, int] = {}
        self.known: dict[Partition, int] = {}
        self.in_batch = False

    def assign(self, partitions: set[Partition]) -> None:
        """Those it does not have any more it forgets, in the middle of a batch as well."""
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
            await self.spine.apply(batch)
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

    async def _place(self, partitions: list[Partition]) -> None:
        """Start at the lower of what Kafka and the database hold."""
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
            found = kafka.read(partition, self.position[partition], chance.randint(1, 9))
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
    """The loop beside a consumer that marks how far everything was read."""

    consumer: Consumer
    name: str

    def has_work(self) -> bool:
        """Only where somebody waits for it: in a real service it is asked every second."""
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
        await consumer.pool.execute(positions._MARK_READ, topics, numbers, [now] * len(read))


class Relay(Process):
    """Brings the outbox to Kafka, a row at a time: each may be the last before it dies."""

    def has_work(self) -> bool:
        return any(row["published_at"] is None for row in self.database.tables[OUTBOX].values())

    async def round(self) -> None:
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(relay._UNPUBLISHED, self.ground.chance.randint(1, 20), 0)
            confirmed = await self.publish(rows)
            await self.mark(connection, confirmed)

    async def publish(self, rows: list[dict[str, Any]]) -> list[int]:
        confirmed = []
        for row in rows:
            await Pause("publish")
            self.ground.kafka.published.append((row["key"], row["id"]))
            if not self.ground.mail.calm and self.ground.chance.random() < 0.02:
                break  # it arrived, and the broker's answer did not
            confirmed.append(row["id"])
        return confirmed

    async def mark(self, connection: Any, ids: list[int]) -> None:
        await connection.execute(relay._MARK, ids)


class Timers(Process):
    """Fires what is due."""

    def has_work(self) -> bool:
        return bool(due_timers(Session(self.database, "looking")))

    async def round(self) -> None:
        await self.spine.fire_timers(self.ground.chance.choice((1, 200, 200)))


class Sender(Process):
    """Sends what is due by e-mail, and tells what came of it until somebody has heard."""

    def __init__(self, ground: Ground, name: str) -> None:
        super().__init__(ground, name)
        self.policies = KnownPolicies()

    def has_work(self) -> bool:
        session = Session(self.database, "looking")
        return any(
            row["state"] in ("sending", "pending", "held", "unknown")
            and row["try_at"] <= session.now
            and row["channel"] == "email"
            and (row["state"] == "sending" or asks_somebody(session, row))
            for row in session.rows(DELIVERIES)
        )

    async def round(self) -> None:
        await deliveries.give_up_on_silent_attempts(self.pool, METRICS)
        claimed, at = await claim_due(self.pool, "email", self.ground.chance.randint(1, 3), self._storms)
        for message in claimed:
            await Pause("send")
            result = self.ground.mail.take([one.delivery_id for one in message.deliveries])
            await Pause("sent")
            assert at is not None
            await self._report([_receipt(one, _attempted(one, result), at, None) for one in message.deliveries])

    async def _storms(self, connection: Connection) -> Storms:
        return (await self.policies.current(connection)).latest.policy.storms

    async def _report(self, receipts: list[Input]) -> None:
        while True:
            try:
                await self.spine.apply(Batch(receipts))
                return
            except DATABASE_ERRORS:
                await Pause("receipt")


def _attempted(delivery: ClaimedDelivery, result: Attempt) -> DeliveryAttempted:
    return DeliveryAttempted(delivery=delivery.delivery_id, attempt=delivery.attempt, result=result)


class Page(Process):
    """Somebody's page: presses a button once, and again where no answer came."""

    def __init__(self, ground: Ground, name: str) -> None:
        super().__init__(ground, name)
        self.resources: Any = SimpleNamespace(pool=self.pool, spine=self.spine)

    async def press(self, button: EpisodeButton, account: str, round: str | None, times: int) -> None:
        self.ground.pressed[button.type, button.model_dump_json().encode()] += 1
        for _ in range(times):
            try:
                await press(self.resources, button, account, round)  # type: ignore[arg-type]
            except Refused:
                return
            except DATABASE_ERRORS:
                await Pause("pressed again")
