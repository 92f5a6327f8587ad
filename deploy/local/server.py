"""What every server here can do, whichever program it is: start, stop in time, be killed, be kept running."""

import asyncio
import signal
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from deploy.local.failures import StartError
from deploy.local.processes import Child, Command
from deploy.local.progress import Progress

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
_STEADY_SECONDS = 30.0


class Server(ABC):
    """A program that serves until it is stopped, and can be started again afterwards."""

    name: str
    start_seconds = 120.0
    stop_seconds = 10.0
    stop_signal = signal.SIGTERM
    _child: Child | None = None

    @abstractmethod
    async def start(self, progress: Progress | None = None) -> None:
        """Returns when it serves; raises StartError, and then nothing of it runs."""

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._child.pid if self._child and self._child.exit_status is None else None

    async def stop(self) -> None:
        """Ends in order within `stop_seconds`, else is killed."""
        await self._end(self.stop_signal)

    async def kill(self) -> None:
        """As `kill -9`."""
        if self._child:
            await self._child.kill()

    def freeze(self) -> None:
        """Lets it answer nobody until `thaw`; its connections stay open."""
        assert self._child is not None
        self._child.send(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._child is not None
        self._child.send(signal.SIGCONT)

    async def ended(self) -> int:
        """Waits for its end and returns the exit status: minus the signal's number if a signal ended it."""
        return await self._child.ended() if self._child else 0

    async def _launch(self, command: Command, ready: Callable[[], Awaitable[bool]]) -> None:
        child = self._child = await Child.start(command)
        try:
            await child.until(ready, within_seconds=self.start_seconds, name=self.name)
        except BaseException:
            await child.kill()
            raise

    async def _end(self, by: signal.Signals) -> None:
        if self._child:
            await self._child.stop(by=by, within_seconds=self.stop_seconds)


async def keep_running(server: Server, progress: Progress) -> None:
    """Starts a server again each time it ends, after a pause that grows while it does not last."""
    loop = asyncio.get_running_loop()
    pause_seconds = _FIRST_PAUSE_SECONDS
    while True:
        running_since = loop.time()
        ending = _in_words(await server.ended())
        if loop.time() - running_since > _STEADY_SECONDS:
            pause_seconds = _FIRST_PAUSE_SECONDS
        progress.note(f"{server.name} ended ({ending}); starting it again in {pause_seconds:g} s")
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
        try:
            await server.start()
        except StartError as failure:  # then `ended` returns at once, and the pause has grown
            progress.note(str(failure))
        else:
            progress.note(f"{server.name} runs again")


def _in_words(exit_status: int) -> str:
    if exit_status >= 0:
        return f"exit status {exit_status}"
    return f"signal {signal.Signals(-exit_status).name}"
