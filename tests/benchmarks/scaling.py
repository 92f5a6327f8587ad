"""Row (d): one consumer against two of one group, alone and with a producer at full speed beside them."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from shared.messaging.cluster import Cluster
from tests.benchmarks.backlog import Backlog
from tests.benchmarks.checker import out_of_order
from tests.benchmarks.ground import Ground, Process, connected, publish

_SETTLE_SECONDS = 3.0
_APPLIED = "select coalesce(sum(next_offset), 0)::bigint from shared.offsets"
_LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Drain:
    """Events a second of all consumers together, once they share the partitions, and how many were out of order."""

    events_per_second: float
    out_of_order: int


async def drain(ground: Ground, cluster: Cluster, events: int, *, consumers: int, produced: int = 0) -> Drain:
    """Drain the topics with some consumers. If `produced` is given, that many more events are published at the same
    time.

    The rate is taken from when the consumers share the partitions until three quarters of the backlog are applied:
    towards the end one of them may have less to do than the other.
    """
    url = await ground.escalation_database()
    async with AsyncExitStack() as stack:
        starting = [_consumer(stack, ground, cluster, {"ESCALATION_DATABASE_URL": url}, n) for n in range(consumers)]
        await asyncio.gather(*starting)
        connection = await stack.enter_async_context(connected(url))
        await asyncio.sleep(_SETTLE_SECONDS)
        more = Backlog(events=produced, accounts=max(1, produced // 10), seed=8, first=events) if produced else ()
        producing = asyncio.create_task(asyncio.to_thread(asyncio.run, publish(cluster, more)))
        before, began = await connection.fetchval(_APPLIED), time.monotonic()
        applied, deadline = before, began + _LONGEST_SECONDS
        while applied < 0.75 * events:
            assert time.monotonic() < deadline, f"only {applied} of {events} events after {_LONGEST_SECONDS} s"
            await asyncio.sleep(0.1)
            applied = await connection.fetchval(_APPLIED)
        rate = (applied - before) / (time.monotonic() - began)
        await producing
    return Drain(rate, await out_of_order(url))


async def _consumer(
    stack: AsyncExitStack, ground: Ground, cluster: Cluster, where: Mapping[str, str], slot: int
) -> Process:
    return await stack.enter_async_context(ground.service("escalation", "consume", cluster, where, slot=slot))
