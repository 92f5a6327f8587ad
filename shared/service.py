"""The definition of a service: its name, its topics, its handler, and its other loops."""

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
    """The resources of a running process for a service's own loops and pages."""

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
    """One service. `loops` run beside its consumer; `sample` measures its own queues, `observe` counts the effects of a
    committed transaction, and `notes` reports errors of its configuration in words for operators."""

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
    """The health of this process; a pause of the database or the broker does not make it unhealthy.

    `blocked` has the reasons why it cannot consume although the servers respond, by code. `checks` are the parts that
    report why they are not ready, `check_notes` the parts that report other faults.
    """

    dead: list[str] = field(default_factory=list)
    blocked: dict[str, str] = field(default_factory=dict)
    not_ready: list[str] = field(default_factory=lambda: [STARTING])
    checks: list[Callable[[], list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    check_notes: list[Callable[[], list[str]]] = field(default_factory=list)

    def waits_for(self, reason: str) -> None:
        """Report why it is still starting, until it takes work or waits for something else."""
        if self.not_ready and self.not_ready[0].startswith(STARTING):
            self.not_ready[:] = [f"{STARTING}: {reason}"]

    def alive(self) -> list[str]:
        """Reasons to restart this process; none while it lives."""
        return list(self.dead)

    def ready(self) -> list[str]:
        """Reasons not to send it work; none while it is ready."""
        reasons = (reason for check in self.checks for reason in check())
        return [*self.dead, *self.not_ready, *self.blocked.values(), *reasons]

    def noted(self) -> list[str]:
        """The faults to fix although the process works."""
        return [*self.notes, *(note for check in self.check_notes for note in check())]
