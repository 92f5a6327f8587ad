"""Checks independently whether Kafka responds to this process at all. Start with `Reach.look`.

aiokafka retries for ever and reports it only in its log: a consumer without a broker looks like an idle one.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from shared.database import Pool
from shared.logs import get_logger
from shared.messaging.blocks import Block
from shared.messaging.cluster import Cluster
from shared.messaging.topics import unequal_topics
from shared.messaging.topics_seen import ask_for_topics
from shared.metrics import Metrics
from shared.silence import SILENT_SECONDS, Silence

log = get_logger(__name__)

ASK_EVERY_SECONDS = 3.0
_ASK_SECONDS = 10.0
_CLOSE_SECONDS = 2.0

_READ = "select topic, partition from shared.offsets where read_through_at is distinct from 'infinity'"


class Reach:
    """Call `look` repeatedly. `pool` is given if this process consumes: its lags are unknown while Kafka is silent.

    `publishes` are the topics (without the prefix) whose number of partitions is checked each time.
    """

    def __init__(
        self,
        cluster: Cluster,
        metrics: Metrics,
        pool: "Pool | None" = None,
        *,
        publishes: Iterable[str] = (),
        silent_seconds: float = SILENT_SECONDS,
        ask: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._cluster = cluster
        self._metrics = metrics
        self._pool = pool
        self._ask = ask or self._ask_a_broker
        self._client: AIOKafkaClient | None = None
        self._publishes = [cluster.topic(topic) for topic in publishes]
        self._unequal: list[str] = []
        self._silence = Silence(
            f"Kafka at {cluster.bootstrap_servers}",
            "nothing is consumed or published until then",
            metrics.consumer.blocked.labels(Block.KAFKA_UNREACHABLE.value),
            silent_seconds=silent_seconds,
        )

    def silent(self) -> list[str]:
        """The note that Kafka does not respond, and since when; empty while it does."""
        return self._silence.reasons()

    def noted(self) -> list[str]:
        """Topics of this process's events whose partition count differs from the agreed one."""
        return self._unequal

    async def look(self) -> None:
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                await self._ask()
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            if self._silence.failed(type(error).__name__):
                await self._forget_lags()
        else:
            self._silence.answered()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(TimeoutError, KafkaError, OSError):
                await asyncio.wait_for(client.close(), _CLOSE_SECONDS)

    async def _forget_lags(self) -> None:
        if self._pool is not None:
            for row in await self._pool.fetch(_READ):
                self._metrics.consumer.lag.labels(row["topic"], row["partition"]).set(math.nan)

    async def _ask_a_broker(self) -> None:
        if self._client is None:
            self._client = AIOKafkaClient(**self._cluster.connection())
            await self._client.bootstrap()
        seen = await ask_for_topics(self._client, self._publishes)
        found = unequal_topics({name: topic.partitions for name, topic in seen.items()}, self._cluster.partitions)
        for each in found:
            if each not in self._unequal:
                log.error("a topic has the wrong number of partitions", do=each)
        self._unequal = found
