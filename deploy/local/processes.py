"""Child processes that end with us and whose end is always bounded. Start at Child.start."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.local.failures import StartError
from deploy.local.files import opened_for_owner

_LEASH = Path(__file__).with_name("leash.py")
PROJECT = Path(__file__).parents[2]  # where `python -m` of our own modules finds them
_LOG_LIMIT_BYTES = 5_000_000
_TAIL_LINES = 15


@dataclass(frozen=True)
class User:
    """An ordinary user of this machine."""

    name: str
    user_id: int
    group_id: int


@dataclass(frozen=True)
class Command:
    """A program to run, and the file its output is appended to."""

    program: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] | None = None
    folder: Path | None = None
    user: User | None = None
    death_signal: signal.Signals = signal.SIGKILL


class Child:
    """A running program. It gets `death_signal` if we die first, and no Ctrl-C of the terminal."""

    def __init__(self, command: Command, process: Process, *, log_from: int) -> None:
        self._command = command
        self._process = process
        self._log_from = log_from

    @classmethod
    async def start(cls, command: Command) -> "Child":
        with _opened(command.log) as log:
            log_from = log.tell()
            process = await asyncio.create_subprocess_exec(
                *leashed(command.program, user=command.user, death_signal=command.death_signal),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=command.environment,
                cwd=command.folder,
                start_new_session=True,
            )
        return cls(command, process, log_from=log_from)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; minus the signal's number if a signal ended it."""
        return self._process.returncode

    async def ended(self) -> int:
        return await self._process.wait()

    async def stop(self, *, within_seconds: float, by: signal.Signals = signal.SIGTERM) -> None:
        """Asks it to end, and kills it if it has not within the time given."""
        self.send(by)
        try:
            await asyncio.wait_for(self._process.wait(), within_seconds)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """As `kill -9`, for it and for what it started."""
        if self.exit_status is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()

    async def until(self, ready: Callable[[], Awaitable[bool]], *, within_seconds: float, name: str) -> None:
        """Waits until `ready` holds; raises StartError, with the end of the log, if that does not come."""
        deadline = asyncio.get_running_loop().time() + within_seconds
        while not await ready():
            if self.exit_status is not None:
                raise self.failure(f"{name} ended while starting (exit status {self.exit_status})")
            if asyncio.get_running_loop().time() > deadline:
                raise self.failure(f"{name} was not ready after {within_seconds:.0f} seconds")
            await asyncio.sleep(0.05)

    def failure(self, what: str) -> StartError:
        """What went wrong, with the last lines this run wrote to its log."""
        return StartError(f"{what}. The end of {self._command.log}:\n{self.last_words()}")

    def last_words(self) -> str:
        with self._command.log.open("rb") as log:
            log.seek(self._log_from)
            lines = log.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (empty)"

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, if it still runs."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


async def run_to_end(command: Command, *, name: str, within_seconds: float) -> None:
    """Runs a program that ends by itself; raises StartError unless it ends well in time."""
    child = await Child.start(command)
    try:
        status = await asyncio.wait_for(child.ended(), within_seconds)
    except TimeoutError:
        raise child.failure(f"{name} had not ended after {within_seconds:.0f} seconds") from None
    finally:
        await child.kill()
    if status != 0:
        raise child.failure(f"{name} failed (exit status {status})")


def leashed(
    program: tuple[str, ...], *, user: User | None = None, death_signal: signal.Signals = signal.SIGKILL
) -> list[str]:
    """The same program, as that user, ended by `death_signal` when this process ends (on Linux)."""
    as_user = f"{user.user_id}:{user.group_id}" if user else ""
    leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), str(int(death_signal)), as_user]
    return [*leash, *program]


def _opened(log: Path) -> IO[bytes]:
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".old.log"))
    return open(log, "ab", opener=opened_for_owner)
