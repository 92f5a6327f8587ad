"""Pages and /metrics answer soon, however busy escalation is."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx2

from deploy.local.ports import LOOPBACK
from tests.faults.processes import Worker
from tests.faults.world import World

PATHS = ("/sign-in", "/metrics")
_EVERY_SECONDS = 0.5
_LONGEST_SECONDS = 5.0


class NoAnswer(AssertionError):
    """A process that was alive all the time did not answer, or not in time."""


@dataclass
class Visitor:
    """Visits every process of escalation in turn. A process that dies during a visit owes no answer."""

    world: World
    answers: int = 0
    longest_seconds: float = 0
    _wrong: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def visiting(self) -> AsyncIterator[None]:
        """Visits escalation while the body runs."""
        visits = asyncio.create_task(self._visit())
        try:
            yield
        finally:
            visits.cancel()
            with suppress(asyncio.CancelledError):
                await visits
        self.world.tally["pages and metrics seen"] += self.answers

    def check(self) -> None:
        """Raise NoAnswer if a visit took too long, or none was ever answered."""
        if self._wrong:
            raise NoAnswer(f"{len(self._wrong)} visits: {'; '.join(self._wrong[:3])}")
        if not self.answers:
            raise NoAnswer("no visit was ever answered")

    async def _visit(self) -> None:
        async with httpx2.AsyncClient(timeout=2 * _LONGEST_SECONDS) as client:
            while True:
                workers = [worker for worker in self.world.workers if worker.service == "escalation"]
                await asyncio.gather(*(self._ask(client, worker, path) for worker in workers for path in PATHS))
                await asyncio.sleep(_EVERY_SECONDS)

    async def _ask(self, client: httpx2.AsyncClient, worker: Worker, path: str) -> None:
        asked, began, status = worker.pid, time.monotonic(), 0
        try:
            status = (await client.get(f"http://{LOOPBACK}:{worker.port}{path}")).status_code
        except httpx2.TimeoutException:
            pass
        except httpx2.HTTPError:
            return  # it does not listen yet, or has just died
        seconds = time.monotonic() - began
        if asked is None or worker.pid != asked:
            return
        self.longest_seconds = max(seconds, self.longest_seconds)
        self.answers += status == 200
        if seconds > _LONGEST_SECONDS or status not in (200, 503):
            self._wrong.append(f"{path} answered {status or 'nothing'} after {seconds:.1f} s")
