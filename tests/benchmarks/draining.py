"""Rows (a) and (c): a backlog through escalation, beside the floor; and memory during that."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from shared.contracts.envelope import Envelope, Fact
from shared.messaging.cluster import Cluster
from tests.benchmarks.checker import EndState, end_state, out_of_order
from tests.benchmarks.ground import Ground, Memory, Process, backend_cpu_seconds, connected, module, rate_query
from tests.benchmarks.parts import give_a_past

Sales = Iterable[Envelope[Fact]]
_SAMPLE_SECONDS = 0.5
_LONGEST_SECONDS = 600
_RATE = rate_query("shared.journal", "decided_at", "kind = 'record'")
_APPLIED = "select coalesce(sum(next_offset), 0) from shared.offsets"


@dataclass(frozen=True)
class _Look:
    applied: int
    memory: Memory
    cpu_seconds: float
    database_cpu_seconds: float


@dataclass(frozen=True)
class Drained:
    """One process's pass through a backlog: its rate, the final state, and samples on the way."""

    events_per_second: float
    end: EndState
    out_of_order: int
    looks: list[_Look]
    afterwards: Memory

    @property
    def cpu_microseconds(self) -> tuple[float, float]:
        """Processor time for each event, of the process and of its sessions in the database."""
        first, last = next(look for look in self.looks if look.applied), self.looks[-1]
        events = max(1, last.applied - first.applied)
        own = (last.cpu_seconds - first.cpu_seconds) * 1e6 / events
        return own, (last.database_cpu_seconds - first.database_cpu_seconds) * 1e6 / events

    def memory_at(self, share: float) -> float:
        """Resident memory (MB) when this share of the backlog was applied."""
        last = self.looks[-1].applied
        return next(look.memory.now for look in self.looks if look.applied >= share * last)


async def drain(
    url: str, running: AbstractAsyncContextManager[Process], events: int, *, idle_seconds: float = 0.0
) -> Drained:
    """Let a process drain the topics, and sample it. `idle_seconds` is how long it stays afterwards."""
    looks: list[_Look] = []
    async with running as process, connected(url) as connection:
        deadline = time.monotonic() + _LONGEST_SECONDS
        applied = 0
        while applied < events and process.child.exit_status is None:
            assert time.monotonic() < deadline, f"only {applied} of {events} events after {_LONGEST_SECONDS} s"
            await asyncio.sleep(_SAMPLE_SECONDS)
            applied = int(await connection.fetchval(_APPLIED))
            looks.append(_Look(applied, process.memory(), process.cpu_seconds(), backend_cpu_seconds(url)))
        rate = await connection.fetchval(_RATE)
        await asyncio.sleep(idle_seconds)
        afterwards = process.memory()
    return Drained(rate, await end_state(url), await out_of_order(url), looks, afterwards)


async def service(
    ground: Ground,
    cluster: Cluster,
    events: int,
    *,
    sales: Sales = (),
    idle_seconds: float = 0.0,
    past: int = 0,
) -> Drained:
    """Escalation itself, with these sales and a journal of `past` rows already in its database."""
    url = await ground.escalation_database(sales)
    if past:
        await give_a_past(url, past)
    running = ground.service("escalation", "consume", cluster, _database(url))
    return await drain(url, running, events, idle_seconds=idle_seconds)


async def floor(ground: Ground, cluster: Cluster, events: int, *, sales: Sales = ()) -> Drained:
    url = await ground.escalation_database(sales)
    return await drain(url, ground.running("floor", module("floor"), cluster, _database(url)), events)


def _database(url: str) -> Mapping[str, str]:
    return {"ESCALATION_DATABASE_URL": url}
