"""The producer of relay and publisher: idempotent, and stopped in bounded time."""

import asyncio

from aiokafka import AIOKafkaProducer

from shared.messaging.cluster import Cluster

STOP_SECONDS = 5.0


def make_producer(cluster: Cluster) -> AIOKafkaProducer:
    """A producer that is not connected yet. After any error of a send it must be replaced, not used again."""
    return AIOKafkaProducer(
        **cluster.connection(),
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_request_size=1_000_000,
        request_timeout_ms=15_000,
    )


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Stop a producer in bounded time: without a broker an idempotent one would wait for ever."""
    try:
        await asyncio.wait_for(producer.stop(), STOP_SECONDS)
    except TimeoutError:
        await producer._sender.close()  # ends its task; there is no public way
        await producer.client.close()
