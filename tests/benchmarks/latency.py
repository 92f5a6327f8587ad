"""Row (b): from a support failure's publishing to its committed alert, and to its recipient's open page; and from the
commit to the push service of their device.

All three services run on this machine; beside them, in turns, the floor's two. Each failure is a refund request, which
always raises an alert. Its time is the instant at which it was due to be published, so a late sender is no excuse;
commits are timed by Postgres itself (track_commit_timestamp).
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from shared.contracts import orders, support_inbound
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.order_parts import Line
from shared.messaging.cluster import Cluster
from shared.messaging.codec import encode_record
from tests.benchmarks.backlog import STARTS_AT, seller
from tests.benchmarks.ground import Ground, connected, module, publish
from tests.benchmarks.pages import Page, open_pages
from tests.faults.push_server import PushServer

ACCOUNTS = 10_000
READERS = 20
NOTIFIED_A_SECOND = 5
"""So few that nobody is due more alerts than a policy lets through alone within its window."""
_TICK_SECONDS = 0.004
_WARM_UP_SECONDS = 2.0
_SETTLE_SECONDS = 60.0
_ALERTS = """
    select a.recipient, extract(epoch from s.at)::float8 as at,
           extract(epoch from pg_xact_commit_timestamp(a.xmin))::float8 as committed_at
    from escalation.alerts a join escalation.signals s on s.signal_id = a.signal_id where s.at >= $1 order by s.at
"""
# Their own row: that of an alert is written again when it counts as sent.
_DECIDED = """
    select who, episode_id::text as episode, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as committed_at
    from escalation.decisions where rule = 'rang'
"""


@dataclass(frozen=True)
class Alerted:
    """One alert: when its failure was published, when it was committed, and when its recipient's page was notified."""

    at: float
    committed_at: float
    reported_at: float | None

    @property
    def to_commit_ms(self) -> float:
        return (self.committed_at - self.at) * 1000

    @property
    def to_page_ms(self) -> float | None:
        return None if self.reported_at is None else (self.reported_at - self.at) * 1000


@dataclass(frozen=True)
class Latency:
    """The most milliseconds that half, and 99 of 100, of the alerts took."""

    p50: float
    p99: float

    @staticmethod
    def of(milliseconds: Sequence[float]) -> "Latency":
        ordered = sorted(milliseconds)
        return Latency(ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))])


async def product(ground: Ground, rate: int, seconds: float) -> tuple[Latency, Latency]:
    """At a rate (failures a second): publishing to commit, and publishing to page, of the three services."""
    async with _services(ground) as (cluster, url, port):
        readers = [seller(number) for number in _at_work()]
        async with open_pages(url, port, readers) as pages:
            alerts = await _failures(cluster, url, rate, seconds, pages)
    to_page = [alert.to_page_ms for alert in alerts if alert.to_page_ms is not None]
    return Latency.of([alert.to_commit_ms for alert in alerts]), Latency.of(to_page)


async def floor(ground: Ground, rate: int, seconds: float) -> Latency:
    """The same of the floor's two services, to the commit."""
    cluster = await ground.topics()
    url, support_url = await ground.escalation_database(), await ground.databases.make("support")
    where = {"ESCALATION_DATABASE_URL": url, "SUPPORT_DATABASE_URL": support_url}
    await publish(cluster, _orders())
    async with (
        ground.running("floor", module("floor"), cluster, where),
        ground.running("floor-support", module("floor_support"), cluster, where),
    ):
        alerts = await _failures(cluster, url, rate, seconds, ())
    return Latency.of([alert.to_commit_ms for alert in alerts])


async def notified(ground: Ground, seconds: float) -> Latency:
    """Commit to acceptance by the push service, where everyone who is alerted has a device."""
    async with PushServer(ground.folder / f"push-{uuid4().hex[:8]}").open() as push:
        async with _services(ground, push.environment) as (cluster, url, _), connected(url) as connection:
            await push.give_devices(connection, [seller(number) for number in _at_work()])
            await _failures(cluster, url, NOTIFIED_A_SECOND, seconds, ())
            decided = await connection.fetch(_DECIDED)
            await _until(lambda: asyncio.to_thread(lambda: len(push.messages())), len(decided))
        committed = {(row["who"], row["episode"]): row["committed_at"] for row in decided}
        taken = {(one.person, one.content["tag"]): one.received_at.timestamp() for one in push.messages()}
    return Latency.of([(taken[which] - at) * 1000 for which, at in committed.items()])


@asynccontextmanager
async def _services(ground: Ground, more: Mapping[str, str] | None = None) -> AsyncIterator[tuple[Cluster, str, int]]:
    cluster = await ground.topics()
    url = await ground.escalation_database()
    await publish(cluster, _orders())
    async with AsyncExitStack() as stack:
        for name in ("orders", "support"):
            where = {f"{name.upper()}_DATABASE_URL": await ground.databases.make(name)}
            await stack.enter_async_context(ground.service(name, "all", cluster, where))
        inbox = {"ESCALATION_DATABASE_URL": url, "INBOX_URL": "http://127.0.0.1", **(more or {})}
        process = await stack.enter_async_context(ground.service("escalation", "all", cluster, inbox))
        yield cluster, url, process.port


async def _failures(cluster: Cluster, url: str, rate: int, seconds: float, pages: Sequence[Page]) -> list[Alerted]:
    """Publish failures at a rate, wait for all their alerts, and return the time of each after the warm-up."""
    async with connected(url) as connection:
        await _until(lambda: connection.fetchval("select count(*) from escalation.orders"), ACCOUNTS)
        count = int(rate * (seconds + _WARM_UP_SECONDS))
        started = await _publish_at(cluster, rate, count)
        await _until(lambda: connection.fetchval("select count(*) from escalation.alerts"), count)
        await asyncio.sleep(1)  # for the last notifications of pages
        warm = datetime.fromtimestamp(started + _WARM_UP_SECONDS, UTC)
        rows = await connection.fetch(_ALERTS, warm)
    reported = {page.reader: page.reported_at for page in pages}
    return [
        Alerted(row["at"], row["committed_at"], _next(reported.get(row["recipient"], []), row["committed_at"]))
        for row in rows
    ]


async def _publish_at(cluster: Cluster, rate: int, count: int) -> float:
    """Send at even intervals. Returns when the first was due."""
    producer = AIOKafkaProducer(**cluster.connection(), acks=1, linger_ms=0)
    await producer.start()
    try:
        started, sent = time.time() + 0.2, 0
        while sent < count:
            while sent < count and started + sent / rate <= time.time():
                key, value, headers = encode_record(failure(sent, started + sent / rate))
                await producer.send(cluster.topic(support_inbound.TOPIC), value, key=key, headers=headers)
                sent += 1
            await asyncio.sleep(_TICK_SECONDS)
        await producer.flush()
    finally:
        await producer.stop()
    return started


def failure(number: int, at: float) -> Envelope[support_inbound.RefundRequested]:
    """A refund request. Each is of an account of its own, because another one of the same order is no new signal."""
    assert number < ACCOUNTS, f"more than {ACCOUNTS} failures: the time of a repeated request is not measured"
    fact = support_inbound.RefundRequested(order=f"o-{number}", amount_minor=9_900, currency="EUR", words="Again.")
    time = datetime.fromtimestamp(at, UTC)
    return envelope(fact, id=f"f-{number}", source="/bench", subject=f"c-{number}", time=time)


def _orders() -> Iterator[Envelope[Fact]]:
    sellers = _at_work()
    for number in range(ACCOUNTS):
        fact = orders.OrderPlaced(
            order=f"o-{number}",
            lines=(Line(product="Coffee machine"),),
            amount_minor=9_900,
            currency="EUR",
            sold_by=seller(sellers[number % READERS]),
            sold_at=STARTS_AT,
        )
        yield envelope(fact, id=f"o-{number}", source="handoff/orders", subject=f"c-{number}", time=STARTS_AT)


def _at_work() -> list[int]:
    """Sellers who have not left."""
    return [number for number in range(2 * READERS) if number % 20 != 7][:READERS]


def _next(instants: Sequence[float], after: float) -> float | None:
    place = bisect_left(instants, after)
    return instants[place] if place < len(instants) else None


async def _until(count: Callable[[], Awaitable[int]], wanted: int) -> None:
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (seen := await count()) < wanted:
        assert time.monotonic() < deadline, f"only {seen} of {wanted} after {_SETTLE_SECONDS} s"
        await asyncio.sleep(0.1)
