"""What makes a service: its name, the topics it reads and writes, how it handles events, what else it runs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fastapi import FastAPI

from shared.contracts.envelope import Fact
from shared.database import Connection, Pool
from shared.messaging.cluster import Cluster
from shared.metrics import Metrics
from shared.migrations import Migrations
from shared.transaction import Handler, InputProcessor, Transaction

STARTING = "starting"


@dataclass(frozen=True, slots=True)
class Resources:
    """What a running process hands to a service's own loops and pages."""

    pool: Pool
    processor: InputProcessor
    cluster: Cluster
    metrics: Metrics


Loop: TypeAlias = Callable[[Resources], Awaitable[None]]
Sample: TypeAlias = Callable[[Connection, Metrics], Awaitable[None]]
Notes: TypeAlias = Callable[[Connection], Awaitable[list[str]]]
Observe: TypeAlias = Callable[[Metrics, Transaction], None]


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `loops` run beside its consumer; `sample` measures its own queues, `observe` counts what a
    committed transaction did, `notes` says what is wrong with how it is set up, in words for operators."""

    name: str
    listens_to: tuple[str, ...]
    publishes: tuple[str, ...]
    handle: Handler
    migrations: Migrations
    web: Callable[[Resources, "Health"], FastAPI]
    own_facts: Mapping[str, type[Fact]] = field(default_factory=dict)
    loops: Mapping[str, Loop] = field(default_factory=dict)
    sample: Sample | None = None
    observe: Observe | None = None
    notes: Notes | None = None


@dataclass(slots=True)
class Health:
    """What this process says of itself; a database or a broker that pauses does not make it unhealthy.

    `blocked` has why it cannot consume though the servers answer, by the reason's code. `asked` are those of its parts
    that know by themselves why they are not ready, `asked_notes` those that know what is wrong though they are.
    """

    dead: list[str] = field(default_factory=list)
    blocked: dict[str, str] = field(default_factory=dict)
    not_ready: list[str] = field(default_factory=lambda: [STARTING])
    asked: list[Callable[[], list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    asked_notes: list[Callable[[], list[str]]] = field(default_factory=list)

    def waits_for(self, reason: str) -> None:
        """Say why it is still starting. Once it takes work, or waits for something else, that is said instead."""
        if self.not_ready and self.not_ready[0].startswith(STARTING):
            self.not_ready[:] = [f"{STARTING}: {reason}"]

    def alive(self) -> list[str]:
        """Reasons to restart this process; none while it lives."""
        return list(self.dead)

    def ready(self) -> list[str]:
        """Reasons not to send it work; none while it is ready."""
        asked = (reason for ask in self.asked for reason in ask())
        return [*self.dead, *self.not_ready, *self.blocked.values(), *asked]

    def noted(self) -> list[str]:
        """What is to be put right although the process works."""
        return [*self.notes, *(note for ask in self.asked_notes for note in ask())]
