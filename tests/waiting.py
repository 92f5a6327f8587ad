"""Bounded waiting for what another task or process brings about: polls, and says at the end what it saw last."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.03


async def eventually(
    probe: Callable[[], Awaitable[object]], wanted: object, *, within_seconds: float = WITHIN_SECONDS
) -> None:
    """Wait until the probe gives what is wanted; fails with what it gave last."""
    await until(probe, lambda seen: seen == wanted, wanted=repr(wanted), within_seconds=within_seconds)


async def until(
    probe: Callable[[], Awaitable[T]],
    fits: Callable[[T], bool],
    *,
    wanted: str = "something that fits",
    within_seconds: float = WITHIN_SECONDS,
) -> T:
    """Wait until what the probe gives fits, and return it; fails with what it gave last."""
    deadline = asyncio.get_running_loop().time() + within_seconds
    while True:
        seen = await probe()
        if fits(seen):
            return seen
        assert asyncio.get_running_loop().time() < deadline, f"waited {within_seconds} s for {wanted}, saw {seen!r}"
        await asyncio.sleep(_POLL_SECONDS)
