"""How much slower a machine is than one that does nothing else, measured while a round is played.

If other work takes the processors, the same steps take longer without any fault.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from statistics import fmean

_EVERY_SECONDS = 0.5
_PROBE_SECONDS = 0.005


@dataclass(slots=True)
class Slowness:
    """Samples how much time passes while this process computes for some milliseconds."""

    passed: Callable[[], float] = time.monotonic
    computed: Callable[[], float] = time.thread_time
    _samples: list[float] = field(default_factory=list)

    @property
    def factor(self) -> float:
        """The seconds that passed for each second of computing, on average; 1 on a quiet machine."""
        return max(1.0, fmean(self._samples)) if self._samples else 1.0

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """Takes samples while the body runs."""
        measuring = asyncio.create_task(self._measure())
        try:
            yield
        finally:
            measuring.cancel()
            with suppress(asyncio.CancelledError):
                await measuring

    def probe(self) -> None:
        """Take one sample."""
        began, computed = self.passed(), self.computed()
        while self.computed() - computed < _PROBE_SECONDS:
            pass
        self._samples.append((self.passed() - began) / (self.computed() - computed))

    async def _measure(self) -> None:
        while True:
            self.probe()
            await asyncio.sleep(_EVERY_SECONDS)
