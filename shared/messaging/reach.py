"""Whether Kafka answers this process at all, asked beside everything else. Start with `Reach.look`.

aiokafka tries for ever and says so nowhere but in its log: a consumer whose broker is gone looks like one that has
nothing to do.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from shared.database import Pool
from shared.logs import get_logger
from shared.messaging.blocks import Block
from shared.messaging.cluster import Cluster
from shared.messaging.topics_seen import ask_for_topics
from shared.metrics import Metrics

log = get_logger(__name__)

ASK_EVERY_SECONDS = 3.0
SILENT_SECONDS = 30.0
_ASK_SECONDS = 10.0
_CLOSE_SECONDS = 2.0
_FAILED_ASKS = 2  # one can fail because this process itself was stopped for a while

_READ = "select topic, partition from shared.offsets where read_through_at is distinct from 'infinity'"


class Reach:
    """Call `look` again and again. `pool` is given where this process consumes: its lags are unknown meanwhile."""

    def __init__(
        self,
        cluster: Cluster,
        metrics: Metrics,
        pool: "Pool | None" = None,
        *,
        silent_seconds: float = SILENT_SECONDS,
        ask: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._cluster = cluster
        self._metrics = metrics
        self._pool = pool
        self._silent_seconds = silent_seconds
        self._ask = ask or self._ask_a_broker
        self._client: AIOKafkaClient | None = None
        self._answered = time.monotonic()
        self._answered_at = datetime.now(UTC)
        self._failed = 0
        self._reason: str | None = None
        self._metrics.consumer.blocked.labels(Block.KAFKA_UNREACHABLE.value).set(0)

    def silent(self) -> list[str]:
        """That Kafka does not answer, and since when; empty while it does."""
        return [self._reason] if self._reason else []

    async def look(self) -> None:
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                await self._ask()
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            self._failed += 1
            if self._failed >= _FAILED_ASKS and time.monotonic() - self._answered > self._silent_seconds:
                await self._tell(error)
        else:
            self._hear()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(TimeoutError, KafkaError, OSError):
                await asyncio.wait_for(client.close(), _CLOSE_SECONDS)

    def _hear(self) -> None:
        self._failed, self._answered, self._answered_at = 0, time.monotonic(), datetime.now(UTC)
        if self._reason is not None:
            log.info("Kafka answers again")
        self._reason = None
        self._metrics.consumer.blocked.labels(Block.KAFKA_UNREACHABLE.value).set(0)

    async def _tell(self, error: Exception) -> None:
        reason = (
            f"Kafka does not answer since {self._answered_at:%Y-%m-%d %H:%M:%S} UTC ({type(error).__name__}) at "
            f"{self._cluster.bootstrap_servers}: nothing is consumed or published until it does."
        )
        if self._reason is None:
            log.warning("Kafka does not answer", why=Block.KAFKA_UNREACHABLE.value, do=reason)
        self._reason = reason
        self._metrics.consumer.blocked.labels(Block.KAFKA_UNREACHABLE.value).set(1)
        if self._pool is not None:
            for row in await self._pool.fetch(_READ):
                self._metrics.consumer.lag.labels(row["topic"], row["partition"]).set(math.nan)

    async def _ask_a_broker(self) -> None:
        if self._client is None:
            self._client = AIOKafkaClient(**self._cluster.connection())
            await self._client.bootstrap()
        await ask_for_topics(self._client, [])
