"""Where real code waits for a server, the scheduler decides who goes on: every such place awaits a `Pause`."""

from collections.abc import Callable, Generator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pause:
    """The awaiting coroutine stands still `at` a place; with `ready` at least until that says so."""

    at: str
    ready: Callable[[], bool] | None = None

    def __await__(self) -> Generator["Pause", None, None]:
        yield self
