"""Escalation's handlers, one event after the other, on a database in memory without concurrency or failures."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Any
from uuid import UUID

from services.escalation.app import press
from services.escalation.domain.own_facts import OWN_FACTS, EpisodeButton
from services.escalation.handlers import handling
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.inputs import Batch, Input, InputKind
from shared.transaction import InputProcessor, Refused
from tests.simulation.commits import Commits
from tests.simulation.connections import FakePool
from tests.simulation.database import Database
from tests.simulation.happenings import START, Report
from tests.simulation.kafka import PARTITIONS, Kafka
from tests.simulation.replaying import run
from tests.simulation.statements import ANSWERS
from tests.simulation.tables import COLUMNS, EPISODES, OFFSETS, TIMERS, Row
from tests.simulation.workers import INSTALLATION


@dataclass
class _Resources:
    pool: Any
    processor: InputProcessor


@dataclass
class Deciding:
    """A service that has read every input up to its own time."""

    database: Database = field(default_factory=lambda: Database(START))
    received: int = 0

    def __post_init__(self) -> None:
        self.database.pauses = lambda: False
        self.commits = Commits(self.database, Kafka())
        self.database.on_commit = self.commits.note
        self.restart()
        self._read_everything()

    def restart(self) -> None:
        """Go on as another process, which reads every account again."""
        pool: Any = FakePool(self.database, ANSWERS, "deciding")
        self.processor = InputProcessor(pool, "escalation", handling(INSTALLATION), OWN_FACTS, seconds_allowed=inf)
        self.resources = _Resources(pool, self.processor)

    @property
    def now(self) -> datetime:
        return self.database.now

    def receive(self, report: Report, id: str | None = None) -> None:
        self.received += 1
        event: Envelope[Fact] = envelope(
            report.fact, id=id or f"e-{self.received}", source="handoff/orders", subject=report.subject, time=report.at
        )
        run(self.processor.apply(Batch([Input(event, report.fact.model_dump_json().encode(), b"", InputKind.RECORD)])))

    def press(self, button: EpisodeButton, account: str) -> None:
        """Press a button. A refused press changes nothing."""
        with suppress(Refused):
            self.try_to_press(button, account)

    def try_to_press(self, button: EpisodeButton, account: str) -> None:
        """Press a button. Raises Refused."""
        run(press(self.resources, button, account))  # type: ignore[arg-type]

    def wait(self, long: timedelta) -> None:
        """Let time pass without other inputs, and fire the timers that become due."""
        self.database.now += long
        self._read_everything()
        while run(self.processor.fire_timers()):
            pass

    def next_due(self) -> datetime | None:
        return min((row["due_at"] for row in self.database.tables[TIMERS].values()), default=None)

    def episodes(self) -> dict[UUID, Row]:
        return {id: row for (id,), row in self.database.tables[EPISODES].items()}

    def _read_everything(self) -> None:
        for topic, number in PARTITIONS:
            named = {"topic": topic, "partition": number, "next_offset": 0, "read_through_at": self.now}
            self.database.tables[OFFSETS][topic, number] = {**COLUMNS[OFFSETS], **named}
