"""Lets other tasks have a turn during long work: pages, heartbeats and metrics share a process's only thread."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

from shared.database import RanTooLong

T = TypeVar("T")

SLICE_SECONDS = 0.05


async def in_breaths(items: Iterable[T], *, give_up_at: float | None = None) -> AsyncIterator[T]:
    """The items one by one, with a return to the event loop after each 50 ms of CPU time.

    Raises RanTooLong once the monotonic clock is past `give_up_at` with items left.
    """
    since = time.thread_time()
    for item in items:
        if time.thread_time() - since > SLICE_SECONDS:
            await asyncio.sleep(0)
            since = time.thread_time()
        if give_up_at is not None and time.monotonic() > give_up_at:
            raise RanTooLong("a transaction took longer than it may")
        yield item
