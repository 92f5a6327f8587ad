"""Two processes of a service with the same slot remove each other from the group without end: each reports it."""

import asyncio
from contextlib import AsyncExitStack

from shared.messaging.consumer import Consumer
from shared.messaging.slots import SLOT_TAKEN, SlotWatch
from shared.metrics import create_metrics
from tests.streams import DEAD_LETTERS, SERVICE, TOPIC, Plumbing
from tests.waiting import until


def watched(plumbing: Plumbing, *, instance: str) -> tuple[Consumer, SlotWatch]:
    metrics = create_metrics(SERVICE)
    consumer = Consumer(plumbing.processor(), plumbing.cluster, [TOPIC], metrics, instance=instance)
    blocked = metrics.consumer.blocked.labels(SLOT_TAKEN)
    return consumer, SlotWatch(SERVICE, 1, lambda: consumer.subscriber.consumer, blocked)


async def test_two_processes_with_one_slot_say_so(plumbing: Plumbing) -> None:
    both = [watched(plumbing, instance="plumbing-1") for _ in range(2)]

    async def noted() -> list[str]:
        for _, watch in both:
            await watch.look()
        return [note for _, watch in both for note in watch.noted()]

    async with AsyncExitStack() as stack:
        for consumer, _ in both:
            await consumer.start()
            stack.push_async_callback(consumer.stop)
        (first, *_) = await until(noted, bool)
        assert first.startswith("Another process of plumbing seems to use slot 1:")


async def test_processes_with_slots_of_their_own_report_nothing(plumbing: Plumbing) -> None:
    both = [watched(plumbing, instance=f"plumbing-{number}") for number in range(2)]
    async with AsyncExitStack() as stack:
        for consumer, _ in both:
            await consumer.start()
            stack.push_async_callback(consumer.stop)
        for _ in range(30):
            for _, watch in both:
                await watch.look()
                assert watch.noted() == []
            await asyncio.sleep(0.2)


async def test_a_version_that_reads_one_more_topic_is_assigned_it(plumbing: Plumbing) -> None:
    """Kafka gives a static member that returns the partitions it had, and does not ask for its topics."""
    for topics in ((TOPIC,), (TOPIC, DEAD_LETTERS)):
        async with plumbing.watched(topics=topics, instance="plumbing-1") as watched:

            async def assigned(consumer: Consumer = watched.consumer) -> set[str]:
                return {plumbing.cluster.logical(one.topic) for one in consumer.positions.assigned()}

            await watched.consumer.start()
            await until(assigned, lambda found, wanted=topics: found == set(wanted))  # type: ignore[misc]
            await until(watched.reasons, lambda reasons: not reasons)
