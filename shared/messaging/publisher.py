"""Publishing from outside the services (importers, demo, tests): without an outbox, as lost events are sent again.

Start at `Publisher.publish`. Services publish through `shared.transaction` instead.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from shared.contracts.envelope import Envelope, Fact
from shared.messaging.cluster import Cluster
from shared.messaging.codec import encode_record
from shared.messaging.producer import make_producer, stop_producer
from shared.messaging.refusals import why_refused

CHUNK_EVENTS = 500
_CONNECT_SECONDS = 10.0
_TOPIC_SECONDS = 5.0

Progress = Callable[[int], None]
"""Called with the number of events confirmed so far, of one call of `publish`."""


class PublishError(RuntimeError):
    """Kafka could not be reached, or did not accept all events. The text contains the remedy."""


class Publisher:
    """Publishes events, each under its subject as key, and waits until the broker has them on disk.

    Takes a cluster or an address; `prefix` belongs to an address. `async with` connects and disconnects, and raises
    PublishError if no broker responds. The broker has `timeout_seconds` for each 500 events.
    """

    def __init__(self, cluster: Cluster | str, *, prefix: str = "", timeout_seconds: float = 30.0) -> None:
        self._cluster = Cluster(cluster, prefix=prefix) if isinstance(cluster, str) else cluster
        self._timeout_seconds = timeout_seconds
        self._producer: AIOKafkaProducer | None = None
        self._known_topics: set[str] = set()

    async def __aenter__(self) -> Self:
        self._producer = make_producer(self._cluster)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._producer.start()
        except (KafkaConnectionError, TimeoutError, OSError):
            await self._stop()
            refused = await why_refused(self._cluster)
            raise PublishError(
                f"{refused.sentence}."
                if refused
                else f"No Kafka broker answers at {self._cluster.bootstrap_servers}. Start one with `handoff up`, "
                "or set KAFKA_BOOTSTRAP_SERVERS to the address of yours."
            ) from None
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        await self._stop()

    async def publish(self, events: Iterable[Envelope[Fact]], *, progress: Progress | None = None) -> None:
        """Publish events in their order, which each subject's reader sees; raises PublishError.

        An event without a trace context starts a trace of its own. After an error some events may be out:
        publishing the same ones again is safe, as readers know them by their ids.
        """
        confirmed = 0
        remaining = iter(events)
        while chunk := list(islice(remaining, CHUNK_EVENTS)):
            confirmed += await self._publish_chunk(chunk, confirmed)
            if progress is not None:
                progress(confirmed)

    async def _publish_chunk(self, chunk: Sequence[Envelope[Fact]], confirmed_before: int) -> int:
        for topic in {self._cluster.topic(event.data.topic) for event in chunk} - self._known_topics:
            await self._require_topic(topic)
        sends: list[asyncio.Future[object]] = []
        failure: BaseException | None = None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                for event in chunk:
                    sends.append(await self._send(event))  # noqa: PERF401 - the sends so far are needed after a fault
                await asyncio.wait(sends)
        except (KafkaError, TimeoutError) as error:
            failure = error
        confirmed = sum(_is_confirmed(send) for send in sends)
        if confirmed < len(chunk):
            raise PublishError(
                f"Kafka at {self._cluster.bootstrap_servers} confirmed {confirmed_before + confirmed} "
                f"events and did not confirm {len(chunk) - confirmed} more ({_reason(failure, sends)}). Check that the "
                "broker is running, then run the command again: events that arrived are not counted twice."
            )
        return confirmed

    async def _send(self, event: Envelope[Fact]) -> "asyncio.Future[object]":
        traced = event if event.traceparent else event.model_copy(update={"traceparent": new_traceparent()})
        key, value, headers = encode_record(traced)
        topic = self._cluster.topic(event.data.topic)
        sent: asyncio.Future[object] = await self._started().send(topic, value, key=key, headers=headers)
        return sent

    async def _require_topic(self, topic: str) -> None:
        """Raises PublishError for a missing topic.

        It is not created here: only the services know its partition count.
        """
        try:
            async with asyncio.timeout(min(_TOPIC_SECONDS, self._timeout_seconds)):
                await self._started().partitions_for(topic)
        except (KafkaError, TimeoutError):
            raise PublishError(
                f"Topic {topic} does not exist on Kafka at {self._cluster.bootstrap_servers}, or this user may not "
                "write to it. Start the services once (they create their topics), set the same TOPIC_PREFIX as theirs, "
                "or grant this user WRITE on the topic."
            ) from None
        self._known_topics.add(topic)

    def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise PublishError("A publisher connects on entering: use it in `async with Publisher(...)`.")
        return self._producer

    async def _stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer)


def new_traceparent() -> str:
    """The start of a new trace, sampled (W3C Trace Context section 3.2)."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _is_confirmed(send: "asyncio.Future[object]") -> bool:
    return send.done() and not send.cancelled() and send.exception() is None


def _reason(failure: BaseException | None, sends: Sequence["asyncio.Future[object]"]) -> str:
    errors = [send.exception() for send in sends if send.done() and not send.cancelled()]
    first = next((error for error in (*errors, failure) if error is not None), None)
    return "no answer in time" if first is None or isinstance(first, TimeoutError) else type(first).__name__
