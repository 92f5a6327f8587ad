"""Waiting until an installation is idle: all records read, all events published, no timer and no delivery due."""

import asyncio
import time
from datetime import timedelta

import asyncpg
from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.faults.world import PARTITIONS, PREFIX, World, connected

_MOVE_CLOCK = """
    insert into shared.clock (single, ahead) values (true, $1)
    on conflict (single) do update set ahead = clock.ahead + $1
"""
_OFFSETS = "select topic, partition, next_offset from shared.offsets where read_through_at is distinct from 'infinity'"
_BUSY = {
    "rows unpublished": "select count(*) from shared.outbox where published_at is null",
    "records set aside": "select count(*) from shared.set_aside",
    "timers due": "select count(*) from shared.timers where due_at <= shared.app_now()",
}
# A delivery of a dead process stays `sending` until its timeout.
_DELIVERIES_DUE = """
    select count(*) from escalation.deliveries
    where state in ('pending', 'held', 'unknown') and try_at <= shared.app_now()
"""
_NOTICES_DUE = """
    select count(*) from escalation.notices where state in ('pending', 'sending') and try_at <= shared.app_now()
"""
# After a failed attempt the deadline is hours away; no round runs that long.
_MOVING = """
    select exists (select from shared.timers where due_at < shared.app_now() + interval '1 day')
        or exists (select from escalation.deliveries where state in ('pending', 'sending', 'held', 'unknown'))
        or exists (select from escalation.notices where state in ('pending', 'sending'))
"""
_HELD = "select exists (select from escalation.deliveries where state = 'held')"
# Longer than every wait: for a named order, for a seller, before a retry.
_JUMP = timedelta(minutes=16)
# End a storm's window first: otherwise later alerts overtake the held deliveries, and those are never sent.
_WINDOW = timedelta(minutes=1)


class NeverCalm(AssertionError):
    """Something is still waiting after the time allowed. The message says what."""


async def until_calm(world: World, within_seconds: float) -> None:
    """Returns once every record is applied and nothing due is left. Raises NeverCalm."""
    began = time.monotonic()
    while waiting := await _waiting(world):
        if time.monotonic() - began > within_seconds:
            raise NeverCalm(f"after {within_seconds:.0f} s still waiting: {', '.join(waiting)}")
        await asyncio.sleep(0.3)


async def let_all_waits_end(world: World, within_seconds: float) -> None:
    """Move escalation's clock past every wait, until no timer due within a day and no open delivery is left."""
    while True:
        await until_calm(world, within_seconds)
        async with connected(world, "escalation") as connection:
            if not await connection.fetchval(_MOVING):
                return
            await connection.execute(_MOVE_CLOCK, _WINDOW if await connection.fetchval(_HELD) else _JUMP)


async def move_clock(world: World, service: str, by: timedelta) -> None:
    async with connected(world, service) as connection:
        await connection.execute(_MOVE_CLOCK, by)


async def _waiting(world: World) -> list[str]:
    try:
        return [line for service in world.urls for line in await _waiting_in(world, service)]
    except (OSError, asyncpg.PostgresError, KafkaException) as error:
        return [type(error).__name__]


async def _waiting_in(world: World, service: str) -> list[str]:
    async with connected(world, service) as connection:
        offsets = await connection.fetch(_OFFSETS)
        ends = await asyncio.to_thread(_ends, world.brokers.address, [(row[0], row[1]) for row in offsets])
        lag = sum(max(0, ends[row[0], row[1]] - row[2]) for row in offsets)
        counts = {"unread": lag, **{what: await connection.fetchval(query) for what, query in _BUSY.items()}}
        if len(offsets) % PARTITIONS:
            counts["partitions unknown"] = 1
        if service == "escalation":
            counts["deliveries due"] = await connection.fetchval(_DELIVERIES_DUE)
            counts["notices due"] = await connection.fetchval(_NOTICES_DUE)
    return [f"{service}: {count} {what}" for what, count in counts.items() if count]


def _ends(address: str, partitions: list[tuple[str, int]]) -> dict[tuple[str, int], int]:
    consumer = Consumer({"bootstrap.servers": address, "group.id": f"{PREFIX}nobody"})
    try:
        return {
            (topic, number): consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1]
            for topic, number in partitions
        }
    finally:
        consumer.close()
