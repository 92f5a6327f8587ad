"""Limits how many requests are under way to each push service, so that a slow one delays only its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


class NoPlace(Exception):
    """No place for a request became free in time."""


@dataclass(slots=True)
class _Gate:
    free: asyncio.Semaphore
    users: int = 0


class Places:
    """A number of places for each origin."""

    def __init__(self, most: int, *, wait_seconds: float) -> None:
        self._most = most
        self._wait_seconds = wait_seconds
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def taken(self, origin: str) -> AsyncIterator[None]:
        """Hold a place of this origin. Raises NoPlace if none becomes free in time."""
        gate = self._gates.setdefault(origin, _Gate(asyncio.Semaphore(self._most)))
        gate.users += 1
        try:
            await self._wait(gate)
            try:
                yield
            finally:
                gate.free.release()
        finally:
            gate.users -= 1
            if not gate.users:
                del self._gates[origin]

    async def _wait(self, gate: _Gate) -> None:
        try:
            async with asyncio.timeout(self._wait_seconds):
                await gate.free.acquire()
        except TimeoutError:
            raise NoPlace from None
