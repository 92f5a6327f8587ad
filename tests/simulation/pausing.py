"""Where real code waits for a server, the scheduler decides who goes on: every such place awaits a `Pause`."""

from collections.abc import Callable, Generator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pause:
    """The awaiting coroutine stops `at` a place, and with `ready` at least until that returns true."""

    at: str
    ready: Callable[[], bool] | None = None

    def __await__(self) -> Generator["Pause", None, None]:
        yield self
