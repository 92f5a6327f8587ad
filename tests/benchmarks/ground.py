"""The environment of a benchmark: a broker, databases, fresh topics, and processes whose memory is read from /proc."""

import asyncio
import hashlib
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer

from deploy.local.machine import HANDOFF
from deploy.local.ports import answers, free_ports
from deploy.local.processes import PROJECT, Child, Command
from services.escalation.domain.policy.document import shipped_text
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.orders import OrderPlaced, SalespersonChanged
from shared.messaging.cluster import Cluster
from shared.messaging.codec import encode_record
from shared.messaging.topics import ensure_topics
from tests.benchmarks.backlog import directory
from tests.databases import Databases

RECEIVED = ("orders.sales.v1", "salespeople.v1", "support.cases.v1")
EVERY_TOPIC = (
    *RECEIVED,
    "orders.inbound.v1",
    "support.inbound.v1",
    "escalation.episodes.v1",
    "escalation.policy.v1",
    "escalation.rescues.v1",
    "orders.dead-letters.v1",
    "support.dead-letters.v1",
    "escalation.dead-letters.v1",
)
_PARTITIONS = 4
_CHUNK = 500
_START_SECONDS = 60
_STOP_SECONDS = 20
_POLL_SECONDS = 0.2
_HIRE = """
    insert into escalation.salespeople (salesperson_id, changed_at, name, manager, email, phone, chat, zone,
        working_hours, active, successor, successor_since, away, days_off, rings_off_hours)
    values ($1, $2, $3, $4, null, $5, null, $6, $10, $7, $8, $9, '[]', '[]', false)
"""
_SELL = """
    insert into escalation.orders (order_id, account_id, sold_by, sold_at, amount_minor, currency, bought,
        customer_name, customer_phone, customer_email, products, seen_at)
    values ($1, $2, $3, $4, $5, $6, 'Coffee machine, 6 × Filter', $7, $8, $9, '["Coffee machine","Filter"]', $4)
"""
_PUBLISH = """
    insert into escalation.policies (version, since, document, digest, published_by, summary)
    values (2, '2000-01-01T00:00:00Z', $1, $2, 'benchmarks', 'A day for late reports')
"""


@dataclass(frozen=True)
class Memory:
    """Resident memory in MB."""

    now: float
    peak: float


@dataclass(frozen=True)
class Process:
    """A running process, and its address if it has one."""

    child: Child
    port: int

    def memory(self) -> Memory:
        status = Path(f"/proc/{self.child.pid}/status").read_text("utf-8")
        sizes = {name: text.split() for name, _, text in (line.partition(":") for line in status.splitlines())}
        return Memory(now=int(sizes["VmRSS"][0]) / 1024, peak=int(sizes["VmHWM"][0]) / 1024)

    def cpu_seconds(self) -> float:
        return _cpu_seconds(self.child.pid)


def backend_cpu_seconds(url: str) -> float:
    """Processor time of all sessions of a database on this machine. Postgres puts the database's
    name in their titles."""
    database = url.rpartition("/")[2].encode()
    total = 0.0
    for title in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            shown = title.read_bytes()
            if shown.startswith(b"postgres:") and database in shown:
                total += _cpu_seconds(int(title.parent.name))
    return total


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Ground:
    """A broker and a database server, and a folder for the logs of the processes on them."""

    kafka: str
    databases: Databases
    folder: Path

    async def topics(self) -> Cluster:
        """Fresh topics under a prefix that no other row uses."""
        cluster = Cluster(self.kafka, prefix=f"b{uuid.uuid4().hex[:8]}.", partitions=_PARTITIONS, replication=1)
        await ensure_topics(cluster, EVERY_TOPIC)
        return cluster

    async def escalation_database(self, sales: Iterable[Envelope[Fact]] = ()) -> str:
        """Escalation's tables with a directory, these sales, and the default policy.

        It waits a day for late reports instead: signals made of the backlog's silences must not be
        raised while it drains.
        """
        url = await self.databases.make("escalation")
        document = shipped_text().replace('late_reports = "1m"', 'late_reports = "1d"')
        digest = hashlib.sha256(document.encode()).hexdigest()
        async with connected(url) as connection:
            await connection.executemany(_HIRE, [_person(event) for event in directory()])
            await connection.executemany(_SELL, [_sale(event) for event in sales])
            await connection.execute(_PUBLISH, document, digest)
            await connection.execute("analyze escalation.orders")
        return url

    @asynccontextmanager
    async def running(
        self, name: str, program: Iterable[str], cluster: Cluster, more: Mapping[str, str]
    ) -> AsyncIterator[Process]:
        """A Python program with the addresses of this ground in its environment, until the block is left."""
        (port,) = free_ports(1)
        service = name.partition("-")[0].upper()
        environment = _environment(cluster) | {f"{service}_PORT": str(port), **more}
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"{name}-{uuid.uuid4().hex[:6]}.log"
        child = await Child.start(Command(tuple(program), log=log, environment=environment, folder=PROJECT))
        try:
            yield Process(child, port)
        finally:
            if child.exit_status is not None:
                print(f"{name} ended early:\n{child.last_words()}")
            await child.stop(within_seconds=_STOP_SECONDS)

    @asynccontextmanager
    async def service(
        self, name: str, role: str, cluster: Cluster, more: Mapping[str, str], *, slot: int | None = None
    ) -> AsyncIterator[Process]:
        """One of our services, once it is ready."""
        program = (*HANDOFF, "run", name, "--role", role, *(("--slot", str(slot)) if slot is not None else ()))
        async with self.running(f"{name}-{role}", program, cluster, more) as process:
            await process.child.until(lambda: _ready(process.port), within_seconds=_START_SECONDS, name=name)
            yield process


def rate_query(table: str, at: str, which: str) -> str:
    """Rows a second by the instants of their batches. The first batch is left out, because its start is unknown."""
    return f"""
        with batches as (select {at} as at, count(*) as rows from {table} where {which} group by {at}),
             begun as (select min(at) as first from batches)
        select coalesce(sum(rows) filter (where at > first) / extract(epoch from max(at) - first), 0)::float8
        from batches, begun group by first
    """


def module(name: str) -> tuple[str, ...]:
    """The command line of a program of this folder."""
    return (sys.executable, "-m", f"tests.benchmarks.{name}")


async def publish(cluster: Cluster, events: Iterable[Envelope[Fact]]) -> int:
    """Publish a backlog in order. Returns the number of its events."""
    producer = AIOKafkaProducer(
        **cluster.connection(), acks="all", enable_idempotence=True, linger_ms=5, max_batch_size=262_144
    )
    await producer.start()
    count, remaining = 0, iter(events)
    try:
        while chunk := list(islice(remaining, _CHUNK)):
            for event in chunk:
                key, value, headers = encode_record(event)
                await producer.send(cluster.topic(event.data.topic), value, key=key, headers=headers)
            count += len(chunk)
        await producer.flush()
    finally:
        await producer.stop()
    return count


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def _environment(cluster: Cluster) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return kept | {
        "KAFKA_BOOTSTRAP_SERVERS": cluster.bootstrap_servers,
        "TOPIC_PREFIX": cluster.prefix,
        "TOPIC_PARTITIONS": str(cluster.partitions),
        "TOPIC_REPLICATION": "1",
        "MAX_ALERT_AGE": "0",
        "SMTP_URL": "smtp://127.0.0.1:9",
    }


def _person(event: Envelope[Fact]) -> tuple[object, ...]:
    fact = event.data
    assert isinstance(fact, SalespersonChanged)
    successor = fact.successor
    return (
        event.subject,
        event.time,
        fact.name,
        fact.manager,
        fact.phone,
        fact.zone,
        fact.active,
        successor.salesperson if successor else None,
        successor.since if successor else None,
        orjson.dumps([hours.model_dump(mode="json") for hours in fact.working_hours]).decode(),
    )


def _sale(event: Envelope[Fact]) -> tuple[object, ...]:
    sale = event.data
    assert isinstance(sale, OrderPlaced)
    assert sale.customer is not None
    customer = sale.customer
    what = (sale.order, event.subject, sale.sold_by, sale.sold_at, sale.amount_minor, sale.currency)
    return (*what, customer.name, customer.phone, customer.email)


async def _ready(port: int) -> bool:
    if not await answers(port):
        return False
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in await reader.readline()
    finally:
        writer.close()
