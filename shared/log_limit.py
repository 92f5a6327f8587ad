"""A limit per log text, because a library can write sixty lines a second for as long as a broker is away."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

Summary = tuple[str, str, int]
"""Logger, text, and how many of its lines were not written."""


@dataclass(slots=True)
class _Window:
    ends_at: float
    seen: int = 0


class RateLimit:
    """Lets a logger's text through a few times per window, and tells afterwards how many it held back."""

    def __init__(
        self,
        *,
        lines: int = 10,
        window_seconds: float = 10.0,
        max_texts: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lines = lines
        self._window_seconds = window_seconds
        self._max_texts = max_texts
        self._clock = clock
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, logger: str, text: str) -> tuple[bool, list[Summary]]:
        """Whether to write this line, and the summaries of windows that ended: to be written before it."""
        now = self._clock()
        with self._lock:
            summaries = self._close(now)
            key = (logger, text)
            if key not in self._windows and len(self._windows) >= self._max_texts:
                key = (logger, "(many different texts)")
            window = self._windows.setdefault(key, _Window(now + self._window_seconds))
            window.seen += 1
            return window.seen <= self._lines, summaries

    def drain(self) -> list[Summary]:
        """The summaries of all windows, ended or not; for the end of the process."""
        with self._lock:
            return self._close(float("inf"))

    def _close(self, now: float) -> list[Summary]:
        summaries = []
        while self._windows:
            (logger, text), window = next(iter(self._windows.items()))
            if window.ends_at > now:
                break
            del self._windows[logger, text]
            if window.seen > self._lines:
                summaries.append((logger, text, window.seen - self._lines))
        return summaries
