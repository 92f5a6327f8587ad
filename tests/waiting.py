"""Bounded waiting for a result of another task or process: polls, and finally reports the last value seen."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.03


async def eventually(
    probe: Callable[[], Awaitable[object]], wanted: object, *, within_seconds: float = WITHIN_SECONDS
) -> None:
    """Wait until the probe returns the wanted value; fails with the last value seen."""
    await until(probe, lambda seen: seen == wanted, wanted=repr(wanted), within_seconds=within_seconds)


async def until(
    probe: Callable[[], Awaitable[T]],
    fits: Callable[[T], bool],
    *,
    wanted: str = "something that fits",
    within_seconds: float = WITHIN_SECONDS,
) -> T:
    """Wait until a value of the probe fits, and return it; fails with the last value seen."""
    deadline = asyncio.get_running_loop().time() + within_seconds
    while True:
        seen = await probe()
        if fits(seen):
            return seen
        assert asyncio.get_running_loop().time() < deadline, f"waited {within_seconds} s for {wanted}, saw {seen!r}"
        await asyncio.sleep(_POLL_SECONDS)
