"""The processes of an installation, each as coroutines that the scheduler advances step by step.

Their order of steps, and their waits between two statements, are those of `shared.messaging.consumer`,
`shared.messaging.relay`, `shared.runtime` and `services.escalation.channels.sender`.
"""

from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from math import inf
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

from services.escalation.app import press
from services.escalation.channels.sender import _receipt
from services.escalation.domain.channels import EMAIL
from services.escalation.domain.delivery_facts import Attempt, DeliveryAttempted
from services.escalation.domain.duty_buttons import DutyButton
from services.escalation.domain.installation import Installation
from services.escalation.domain.own_facts import OWN_FACTS, EpisodeButton
from services.escalation.domain.policy.model import Storms
from services.escalation.handlers import handling
from services.escalation.store import deliveries
from services.escalation.store.claims import ClaimedDelivery, ClaimedMessage, claim_due
from services.escalation.store.policies import KnownPolicies
from shared.database import DATABASE_ERRORS, Connection
from shared.inputs import Batch, Input, Rejection
from shared.messaging import relay
from shared.metrics import create_metrics
from shared.transaction import InputProcessor, Refused
from tests.simulation.connections import FakePool
from tests.simulation.database import Answer, Database, Session
from tests.simulation.kafka import Kafka
from tests.simulation.pausing import Pause
from tests.simulation.statements.of_deliveries import asks_somebody
from tests.simulation.statements.of_timers import due_timers
from tests.simulation.tables import DELIVERIES, OUTBOX

INSTALLATION = Installation(desk="desk")  # type: ignore[arg-type]
METRICS = create_metrics("simulation")


@dataclass(slots=True)
class Ground:
    """The environment of all processes. `pressed` counts presses, `refused` are those refused, with the reasons."""

    database: Database
    kafka: Kafka
    mail: "Mail"
    chance: Random
    answers: Mapping[str, Answer]
    push: "Mail | None" = None
    pressed: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    refused: list[tuple[EpisodeButton | DutyButton, Rejection]] = field(default_factory=list)


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
    """The deliveries that the mail server accepted, and its answers."""

    chance: Random
    calm: bool = False
    accepted: list[UUID] = field(default_factory=list)

    def take(self, deliveries: list[UUID]) -> Attempt:
        """Accept a message or not, and return the answer that its client gets: the server may
        accept one and then break off."""
        lot = 0.0 if self.calm else self.chance.random()
        if lot < 0.8:
            self.accepted += deliveries
        if lot < 0.7:
            return Attempt.ACCEPTED
        if lot < 0.85:
            return Attempt.UNKNOWN
        return Attempt.PUT_OFF if lot < 0.95 else Attempt.REFUSED


class Process:
    """One process with its own connection pool and memory, which are lost when it dies."""

    def __init__(self, ground: Ground, name: str) -> None:
        self.name = name
        self.ground = ground
        self.database = ground.database
        pool: Any = FakePool(ground.database, ground.answers, name)
        self.pool = pool
        self.processor = InputProcessor(pool, "escalation", handling(INSTALLATION), OWN_FACTS, seconds_allowed=inf)


class Relay(Process):
    """Publishes the outbox to Kafka a row at a time: each may be the last before the process dies."""

    def has_work(self) -> bool:
        return any(row["published_at"] is None for row in self.database.tables[OUTBOX].values())

    async def round(self) -> None:
        async with self.pool.acquire() as connection:
            rows = await connection.fetch(relay._UNPUBLISHED, self.ground.chance.randint(1, 20), 0, [])
            confirmed = await self.publish(rows)
            await self.mark(connection, confirmed)

    async def publish(self, rows: list[dict[str, Any]]) -> list[int]:
        confirmed = []
        for row in rows:
            await Pause("publish")
            self.ground.kafka.published.append((row["key"], row["id"]))
            if not self.ground.mail.calm and self.ground.chance.random() < 0.02:
                break  # the record arrived, but the broker's answer did not
            confirmed.append(row["id"])
        return confirmed

    async def mark(self, connection: Any, ids: list[int]) -> None:
        await connection.execute(relay._MARK, ids)


class Timers(Process):
    """Fires due timers."""

    def has_work(self) -> bool:
        return bool(due_timers(Session(self.database, "looking")))

    async def round(self) -> None:
        await self.processor.fire_timers(self.ground.chance.choice((1, 200, 200)))


class Sender(Process):
    """Sends due deliveries by e-mail, and repeats the report of each outcome until it is stored."""

    channel = EMAIL.name

    def __init__(self, ground: Ground, name: str) -> None:
        super().__init__(ground, name)
        self.policies = KnownPolicies()

    def has_work(self) -> bool:
        session = Session(self.database, "looking")
        return any(
            row["state"] in ("sending", "pending", "held", "unknown")
            and row["try_at"] <= session.now
            and row["channel"] == self.channel
            and (row["state"] == "sending" or asks_somebody(session, row))
            for row in session.rows(DELIVERIES)
        )

    async def round(self) -> None:
        await deliveries.give_up_on_silent_attempts(self.pool, METRICS)
        claimed, at = await claim_due(self.pool, self.channel, self.ground.chance.randint(1, 3), self._storms)
        for message in claimed:
            await Pause("send")
            result = self.send(message)
            await Pause("sent")
            assert at is not None
            await self._report([_receipt(one, self.attempted(one, result), at, None) for one in message.deliveries])

    def send(self, message: ClaimedMessage) -> Attempt:
        """What the server made of a message."""
        return self.ground.mail.take([one.delivery_id for one in message.deliveries])

    def attempted(self, delivery: ClaimedDelivery, result: Attempt) -> DeliveryAttempted:
        """The result of an attempt."""
        return DeliveryAttempted(delivery=delivery.delivery_id, attempt=delivery.attempt, result=result)

    async def _storms(self, connection: Connection) -> Storms:
        return (await self.policies.current(connection)).latest.policy.storms

    async def _report(self, receipts: list[Input]) -> None:
        while True:
            try:
                await self.processor.apply(Batch(receipts))
                return
            except DATABASE_ERRORS:
                await Pause("receipt")


class Page(Process):
    """One person's page: presses a button once, and again if there was no answer."""

    def __init__(self, ground: Ground, name: str) -> None:
        super().__init__(ground, name)
        self.resources: Any = SimpleNamespace(pool=self.pool, processor=self.processor)

    async def press(self, button: EpisodeButton | DutyButton, account: str, round: str | None, times: int) -> None:
        self.ground.pressed[button.type, button.model_dump_json().encode()] += 1
        for _ in range(times):
            try:
                await press(self.resources, button, account, round)  # type: ignore[arg-type]
            except Refused as refused:
                self.ground.refused += [(button, rejection) for rejection in refused.rejected]
                return
            except DATABASE_ERRORS:
                await Pause("pressed again")
