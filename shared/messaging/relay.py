"""The relay sends outbox rows to Kafka: one leader a database, in the order of ids, which is each account's order.

A row is marked only after the broker has confirmed it, so a crash repeats rows and never loses one. After any error of
a send the producer is replaced: an idempotent producer never recovers from a gap in its sequence numbers.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from shared.database import SESSION_SETTINGS, DirectConnection
from shared.logs import get_logger
from shared.messaging.cluster import Cluster
from shared.messaging.producer import make_producer, stop_producer
from shared.messaging.refused_rows import RefusedRows
from shared.messaging.sending import Headers, begin_sending, end_sending
from shared.metrics import Metrics
from shared.publishing_again import OUTBOX_CHANNEL
from shared.telemetry import EffectSpan

log = get_logger(__name__)

BATCH_ROWS = 500
POLL_SECONDS = 0.5
SEND_SECONDS = 20.0
STANDBY_SECONDS = 1.0
SILENT_SECONDS = 10
_BATCH_BYTES = 16_000_000
_HEARTBEAT_SECONDS = 1.0

_LEADER_LOCK = 7_311_941
_TRY_TO_LEAD = "select pg_try_advisory_lock($1)"
# A limited number of rows, of large ones only as many as easily fit into memory, but at least one. No rows that wait
# for a refused row of the same topic and key.
_UNPUBLISHED = """
    select id, topic, key, headers, payload from (
        select *, sum(octet_length(payload)) over (order by id) - octet_length(payload) as bytes_before
        from (select * from shared.outbox where published_at is null
              and topic || ' ' || key <> all($3::text[]) order by id limit $1) due
    ) sized where bytes_before < $2 order by id
"""
_MARK = "update shared.outbox set published_at = shared.app_now() where id = any($1::bigint[])"


class SendFailed(RuntimeError):
    """Some rows of a batch were not confirmed. They are sent again, with a new producer."""

    def __init__(self, unconfirmed: int, sends: Sequence["asyncio.Future[object]"]) -> None:
        failed = [send.exception() for send in sends if send.done() and not send.cancelled()]
        names = sorted({type(error).__name__ for error in failed if error is not None}) or ["no answer in time"]
        super().__init__(f"Kafka did not confirm {unconfirmed} rows of the outbox: {', '.join(names)}")
        self.safe_message = str(self)


class TooLarge(SendFailed):
    """Kafka refused some rows because of their size. They are now known, so the others continue at once."""


class Relay:
    """Run `run` in a supervised task; it never returns, and raises on any fault after giving up leadership."""

    def __init__(self, database_url: str, cluster: Cluster, metrics: Metrics, *, name: str) -> None:
        self._url = database_url
        self._cluster = cluster
        self._metrics = metrics
        self._name = name
        self._woken = asyncio.Event()
        self._refused = RefusedRows(cluster.topic, metrics.process.relay_refused)

    def refused(self) -> list[str]:
        """The events that Kafka refuses because of their size, and the remedy."""
        return self._refused.notes()

    async def run(self) -> None:
        """Lead while this session holds the leader's advisory lock."""
        # The server ends a frozen leader's session, and with it the leadership. It commits only marks.
        # Losing one in a crash only means that rows are sent again, so its commits need not wait for the disk.
        settings = {
            **SESSION_SETTINGS,
            "synchronous_commit": "off",
            "application_name": f"{self._name}-relay",
            "idle_session_timeout": f"{SILENT_SECONDS}s",
        }
        connection = await asyncpg.connect(self._url, timeout=5, command_timeout=15, server_settings=settings)
        try:
            while not await connection.fetchval(_TRY_TO_LEAD, _LEADER_LOCK):  # noqa: ASYNC110 - others wake nobody here
                await asyncio.sleep(STANDBY_SECONDS)
            await connection.add_listener(OUTBOX_CHANNEL, self._wake)
            while True:
                with suppress(TooLarge):
                    await self._lead(connection)
        finally:
            connection.terminate()
            self._refused.forget_all()  # the next leader finds them again

    def _wake(self, *_notification: object) -> None:
        self._woken.set()

    async def _lead(self, connection: DirectConnection) -> None:
        producer = make_producer(self._cluster)
        try:
            async with _beating(connection), asyncio.timeout(SEND_SECONDS):
                await producer.start()
            while True:
                self._woken.clear()
                if not await self._relay_batch(connection, producer):
                    await self._rest()
        finally:
            await stop_producer(producer)

    async def _relay_batch(self, connection: DirectConnection, producer: AIOKafkaProducer) -> int:
        due = await connection.fetch(_UNPUBLISHED, BATCH_ROWS, _BATCH_BYTES, self._refused.held())
        rows = self._refused.portion(due)
        if not rows:
            return 0
        async with _beating(connection):
            confirmed, sends = await self._send(producer, rows)
        await connection.execute(_MARK, [row["id"] for row in rows[:confirmed]])
        self._metrics.process.relay_published.inc(confirmed)
        self._refused.forget(row["id"] for row in rows[:confirmed])
        if confirmed < len(rows):
            self._metrics.process.relay_failures.inc()
            kind = TooLarge if self._refused.learn(rows, sends) else SendFailed
            raise kind(len(rows) - confirmed, sends)
        return len(rows)

    async def _send(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> tuple[int, Sequence["asyncio.Future[object]"]]:
        """The number of rows, from the first on, that the broker confirmed without a gap; and the result of each."""
        sends: list[asyncio.Future[object]] = []
        spans: list[EffectSpan | None] = []
        with suppress(asyncio.TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                for row in rows:
                    headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"])]
                    topic = self._cluster.topic(row["topic"])
                    span, headers = begin_sending(topic, headers)
                    spans.append(span)
                    sends.append(await _start_to_send(producer, topic, row, headers))
                await asyncio.wait(sends)
        confirmed = 0
        for send in sends:
            if not send.done() or send.cancelled() or send.exception() is not None:
                break
            confirmed += 1
        end_sending(spans, confirmed, None if confirmed == len(rows) else SendFailed(len(rows) - confirmed, sends))
        return confirmed, sends

    async def _rest(self) -> None:
        """Wait for a wake-up, or poll: a notification is a hint that can be lost."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)


async def _start_to_send(
    producer: AIOKafkaProducer, topic: str, row: asyncpg.Record, headers: Headers
) -> "asyncio.Future[object]":
    """Send a row. A refusal by the producer itself ends like one by the broker."""
    try:
        sent: asyncio.Future[object] = await producer.send(
            topic, row["payload"], key=row["key"].encode(), headers=headers
        )
    except MessageSizeTooLargeError as error:
        sent = asyncio.get_running_loop().create_future()
        sent.set_exception(error)
    return sent


@asynccontextmanager
async def _beating(connection: DirectConnection) -> AsyncIterator[None]:
    """Keep a session from falling silent while its process waits for the broker; a frozen process cannot."""
    done = asyncio.Event()

    async def beat() -> None:
        while not done.is_set():
            await connection.execute("select 1")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(done.wait(), _HEARTBEAT_SECONDS)

    beating = asyncio.create_task(beat(), name="relay heartbeat")
    try:
        yield
    finally:
        done.set()
        await beating
