"""Waiting until nothing moves any more: all read, all sent, no timer and no delivery due."""

import asyncio
import time
from datetime import timedelta

import asyncpg
from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.faults.world import PARTITIONS, PREFIX, World, connected

CALM_SECONDS = 150.0
_MOVE_CLOCK = """
    insert into shared.clock (single, ahead) values (true, $1)
    on conflict (single) do update set ahead = clock.ahead + $1
"""
_OFFSETS = "select topic, partition, next_offset from shared.offsets where read_through_at is distinct from 'infinity'"
_BUSY = """
    select (select count(*) from shared.outbox where published_at is null) as unpublished,
           (select count(*) from shared.timers where due_at <= shared.app_now()) as timers_due
"""
_TIMERS = "select count(*) from shared.timers"
_DELIVERIES = """
    select count(*) filter (where try_at <= shared.app_now() and state <> 'sending') as due, count(*) as moving
    from escalation.deliveries where state in ('pending', 'sending', 'held', 'unknown')
"""
# Past every wait there is: for a named order, for a seller, before a retry.
_JUMP = timedelta(minutes=16)


class NeverCalm(AssertionError):
    """Something still waits after a long time. Says what."""


async def until_calm(world: World) -> float:
    """Returns how many seconds it took until every record was applied and nothing due was left."""
    began = time.monotonic()
    while waiting := await _waiting(world):
        if time.monotonic() - began > CALM_SECONDS:
            raise NeverCalm(f"after {CALM_SECONDS:.0f} s still waiting: {', '.join(waiting)}")
        await asyncio.sleep(0.3)
    return time.monotonic() - began


async def let_all_waits_end(world: World) -> None:
    """Move escalation's clock past every wait, until no timer and no delivery is left."""
    while True:
        await until_calm(world)
        async with connected(world, "escalation") as connection:
            moving = (await connection.fetchrow(_DELIVERIES))["moving"]
            if moving + await connection.fetchval(_TIMERS) == 0:
                return
            await connection.execute(_MOVE_CLOCK, _JUMP)


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
        counts = {"unread": lag, **dict(await connection.fetchrow(_BUSY))}
        if len(offsets) % PARTITIONS:
            counts["partitions unknown"] = 1
        if service == "escalation":
            counts["deliveries due"] = (await connection.fetchrow(_DELIVERIES))["due"]
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
