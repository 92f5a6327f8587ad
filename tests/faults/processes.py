"""Service processes that die and are restarted: `ForkServer` starts them, `Worker` keeps one of them running."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.processes import PROJECT, leashed
from tests.faults.fork_server import BLOCK_SIGNAL

STOP_SECONDS = 45.0
_FORK_SECONDS = 60.0


@dataclass(frozen=True)
class Crash:
    """Die at this point, the nth time it is reached."""

    point: str
    nth: int


class ForkServer:
    """The process that service processes are forked from. `source` is the tree they run, this project's by default."""

    def __init__(self, log: Path, *, source: Path = PROJECT) -> None:
        self._log = log
        self._source = source
        self._orders = 0
        self._forked: dict[int, asyncio.Future[int]] = {}
        self._ended: dict[int, asyncio.Future[int]] = {}

    async def start(self) -> None:
        """Returns once everything is imported."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *leashed((sys.executable, "-m", "tests.faults.fork_server")),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=self._source,
                env={**os.environ, "PYTHONPATH": str(self._source)},
            )
        assert self._process.stdout is not None
        first = await asyncio.wait_for(self._process.stdout.readline(), _FORK_SECONDS)
        assert first, f"the fork server did not start: see {self._log}"
        self._listening = asyncio.create_task(self._listen(self._process.stdout))

    async def stop(self) -> None:
        """End it and all its forks."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def fork(
        self, arguments: tuple[str, ...], environment: Mapping[str, str], *, log: Path, crash: Crash | None
    ) -> int:
        """Start `handoff` with these arguments. Returns its process id."""
        self._orders += 1
        forked = self._forked[self._orders] = asyncio.get_running_loop().create_future()
        order = {
            "number": self._orders,
            "arguments": arguments,
            "environment": dict(environment),
            "log": str(log),
            "crash_at": crash.point if crash else None,
            "nth": crash.nth if crash else 0,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await asyncio.wait_for(forked, _FORK_SECONDS)

    async def ended(self, pid: int) -> int:
        """Wait for a process's end. Returns its exit status, negative if a signal ended it."""
        return await self._end_of(pid)

    def _end_of(self, pid: int) -> "asyncio.Future[int]":
        return self._ended.setdefault(pid, asyncio.get_running_loop().create_future())

    async def _listen(self, news: asyncio.StreamReader) -> None:
        while line := await news.readline():
            reported = json.loads(line)
            if "forked" in reported:
                self._ended[reported["forked"]] = asyncio.get_running_loop().create_future()
                self._forked.pop(reported["order"]).set_result(reported["forked"])
            elif "ended" in reported:
                end = self._end_of(reported["ended"])
                if not end.done():
                    end.set_result(reported["status"])


@dataclass
class Worker:
    """One process of a service that is restarted whenever it ends, as a cluster's scheduler would."""

    server: ForkServer
    service: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    next_crash: Callable[[str], Crash | None] = lambda _: None
    on_end: Callable[["Worker", Crash | None, int], None] = lambda *_: None
    pid: int | None = None
    port: int = 0
    stopping: bool = False
    killed_by_us: bool = False
    _keeping: "asyncio.Task[None] | None" = field(default=None, repr=False)
    _runs: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    async def start(self) -> None:
        self.stopping = False
        self._runs.clear()
        self._keeping = asyncio.create_task(self._keep_running())
        await self._runs.wait()

    def send(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """As `kill -9`."""
        self.killed_by_us = True
        self.send(signal.SIGKILL)

    def freeze(self) -> None:
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self.send(signal.SIGCONT)

    def block_event_loop(self) -> None:
        self.send(BLOCK_SIGNAL)

    async def stop(self) -> None:
        """Ask it to end, and do not start it again."""
        self.stopping = True
        self.thaw()
        self.send(signal.SIGTERM)
        if self._keeping is not None:
            try:
                await asyncio.wait_for(asyncio.shield(self._keeping), STOP_SECONDS)
            except TimeoutError:
                self.kill()
                await self._keeping

    async def end_at_once(self) -> None:
        """As `kill -9`, without a restart."""
        self.stopping = True
        while self._keeping is not None and not self._keeping.done():
            self.kill()  # again, in case it was just being started
            await asyncio.wait({self._keeping}, timeout=0.2)

    async def restart(self) -> None:
        """An orderly end and a new start, as in a deployment."""
        await self.stop()
        await self.start()

    async def _keep_running(self) -> None:
        while not self.stopping:
            crash = self.next_crash(self.service)
            self.killed_by_us = False
            self.pid = pid = await self.server.fork(self.arguments, self.environment, log=self.log, crash=crash)
            self._runs.set()
            status = await self.server.ended(pid)
            self.pid = None
            self.on_end(self, crash, status)
