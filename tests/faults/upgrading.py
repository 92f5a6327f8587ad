"""The previous release is replaced while a history is published: killed during its work, migrated,
and continued.

Escalation goes first. Orders and support of the previous release publish to the new escalation, and
are replaced later.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

from tests.faults.calm import move_clock
from tests.faults.mail_server import Mood
from tests.faults.policy import publish_policy
from tests.faults.processes import Worker
from tests.faults.release_before import done
from tests.faults.world import KEYS, World, connected
from tests.releases import THIS
from tests.waiting import until

_REJUDGE = """
import os, sys
os.environ["ESCALATION_DATABASE_URL"] = sys.argv[1]
from services.cli.rejudge import rejudge
rejudge()
"""
_JUMP = timedelta(minutes=16)
_UNDONE_SECONDS = 120.0
_ROWS = "select count(*) from shared.outbox where published_at is null"
_DUE = "select count(*) from shared.timers where due_at <= shared.app_now()"
_MAILS = "select count(*) from escalation.deliveries where state = 'sending'"


async def replace_the_release(world: World, publishing_seconds: float) -> None:
    """Replace escalation after a third of the time in which a history is published, the others after two thirds."""
    await asyncio.sleep(publishing_seconds / 3)
    escalation = [worker for worker in world.workers if worker.service == "escalation"]
    await _leave_much_undone(world, escalation)
    for service, url in world.urls.items():
        await done(THIS.migrate, service, url)
    await publish_policy(world.urls["escalation"])
    await _start(world, escalation)
    await asyncio.sleep(publishing_seconds / 3)
    await done(THIS.python, "-c", _REJUDGE, world.urls["escalation"])
    others = [worker for worker in world.workers if worker.service != "escalation"]
    await asyncio.gather(*(worker.end_at_once() for worker in others))
    await _start(world, others)
    world.tally["release replaced"] += 1


async def _leave_much_undone(world: World, workers: Sequence[Worker]) -> None:
    """Kill all workers while e-mails are being sent, Kafka is away, and timers are due.

    No fault happens until then, because it would prevent these conditions.
    """
    (broker,) = world.brokers.nodes
    world.calm, world.mail.mood = True, Mood.HANGS
    for worker in workers:
        worker.kill()
    try:
        mails = await _some(world, _MAILS, ["escalation"])
        await broker.kill()
        rows = await _some(world, _ROWS, world.urls)
        await move_clock(world, "escalation", _JUMP)
        due = await _some(world, _DUE, ["escalation"])
        await asyncio.gather(*(worker.end_at_once() for worker in workers))
    finally:
        world.mail.mood = Mood.ACCEPTS
        await broker.start()
    world.calm = False
    left = {"mails on their way": mails, "outbox rows": rows, "timers due": due}
    world.tally.update({f"left by the release before: {what}": count for what, count in left.items()})


async def _some(world: World, query: str, services: Iterable[str]) -> int:
    """Wait until one of the services' databases has matching rows, and return their number."""

    async def counted() -> int:
        count = 0
        for service in services:
            async with connected(world, service) as connection:
                count += await connection.fetchval(query)
        return count

    return await until(counted, bool, within_seconds=_UNDONE_SECONDS)


async def _start(world: World, workers: Sequence[Worker]) -> None:
    """Start processes of this release in their place."""
    for worker in workers:
        worker.server = world.next_server
        worker.environment = {**worker.environment, "PUBLISHER_KEYS": KEYS}
    await asyncio.gather(*(worker.start() for worker in workers))
