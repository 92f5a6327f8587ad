"""A whole installation to be broken: real servers behind wires, and service processes that are restarted when they end.

Start at `open_world`. The evidence for the checker is written to the world's folder.
"""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2

from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.postgres import Postgres
from deploy.local.processes import PROJECT
from services.cli.installation import ServiceName
from services.cli.run import runnable
from services.cli.run import service_of as build_service
from tests.databases import Databases
from tests.faults.brokers import Brokers, one_broker, three_nodes
from tests.faults.clocks import INBOUND_SERVICES, keep_ahead
from tests.faults.crash_points import points_of
from tests.faults.mail_server import MailServer
from tests.faults.policy import publish_policy, terms_in_seconds
from tests.faults.processes import Crash, ForkServer, Worker
from tests.faults.push_server import PushServer
from tests.faults.release_before import databases_of
from tests.faults.resting import Unaccepted
from tests.postgres_proxy import Cut, Proxy, proxy_to
from tests.releases import Release
from tests.waiting import eventually

PREFIX = "faults."
PARTITIONS = 4
PUBLISHER_KEY = "the-key-of-all-systems-0001"
_KEY = {"key": PUBLISHER_KEY, "sources": ["*"], "types": ["*"]}
KEYS = json.dumps({"all": {**_KEY, "rights": ["directory"]}})
_KEYS_BEFORE = json.dumps({"all": _KEY})
"""For the previous release, which does not know `rights`."""
SESSION_MS = 3_000
BLOCK_SECONDS = 4
_READY_SECONDS = 120.0
PROCESSES: Mapping[str, int] = {"orders": 1, "support": 1, "escalation": 2}


@dataclass(frozen=True)
class Setup:
    """How a world is made. Each process dies at one of the `crash_points`, at the latest when it reaches it
    `reach_at_most` times.

    - `clock_jumps`: instants of the services' clocks are not comparable with those of the world
    - `says_besides`: further keys of `Evidence.world`
    - `before`: a previous release whose processes run first
    """

    seed: int
    crash_points: Sequence[str] = ()
    reach_at_most: int = 3
    nodes: int = 1
    source: Path = PROJECT
    processes: Mapping[str, int] = field(default_factory=lambda: PROCESSES)
    clock_jumps: bool = False
    says_besides: Mapping[str, Any] = field(default_factory=dict)
    before: Release | None = None


@dataclass
class World:
    """The parts that faults break and the files that a run writes. `tally` counts the faults and their effects."""

    setup: Setup
    folder: Path
    random: random.Random
    brokers: Brokers
    postgres: Postgres
    databases: Databases
    urls: Mapping[str, str]
    wires: Mapping[str, Proxy]
    mail: MailServer
    push: PushServer
    server: ForkServer
    next_server: ForkServer
    workers: list[Worker] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    odd_ends: list[str] = field(default_factory=list)
    calm: bool = False
    unaccepted: Unaccepted = field(default_factory=Unaccepted)

    @property
    def rests(self) -> bool:
        """Whether nothing may be broken now."""
        return self.calm or self.unaccepted.need_rest

    @property
    def kills(self) -> int:
        """How many processes died by SIGKILL."""
        return sum(count for what, count in self.tally.items() if what.startswith(("kill", "crash")))

    def worker(self, service: str | None = None) -> Worker:
        """A random process, of this service if it is given."""
        return self.random.choice([each for each in self.workers if service in (None, each.service)])

    def url(self, service: str) -> str:
        """The address of a process of the service."""
        return f"http://{LOOPBACK}:{self.worker(service).port}"

    def say(self, **reported: Any) -> None:
        """Add or replace keys of `world.json`, which the checker reads."""
        file = self.folder / "world.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps(known | reported, indent=1))

    def accepted(self, **reported: Any) -> None:
        """Record an accepted call for the checker."""
        self._note("accepted.jsonl", reported)

    def restored(self, **reported: Any) -> None:
        """Record a restored database for the checker."""
        self._note("restores.jsonl", reported)

    def _note(self, file: str, reported: Mapping[str, Any]) -> None:
        with (self.folder / file).open("a") as lines:
            lines.write(json.dumps(reported) + "\n")

    def new_worker(self, service: str, *arguments: str) -> Worker:
        """A process of a service, not started yet."""
        (port,) = free_ports(1)
        environment = self._environment() | {
            f"{service.upper()}_DATABASE_URL": self.wires[service].url,
            f"{service.upper()}_PORT": str(port),
        }
        return Worker(
            self.server,
            service,
            ("run", service, *arguments),
            environment,
            self.folder / f"{service}.log",
            next_crash=self._next_crash,
            on_end=self._note_end,
            port=port,
        )

    async def ready(self) -> None:
        """Returns once every process reports that it is ready."""
        async with httpx2.AsyncClient(timeout=2) as client:
            for worker in self.workers:
                await eventually(partial(_is_ready, client, worker.port), True, within_seconds=_READY_SECONDS)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "KAFKA_BOOTSTRAP_SERVERS": self.brokers.address,
            "KAFKA_SESSION_TIMEOUT_MS": str(SESSION_MS),
            "TOPIC_PREFIX": PREFIX,
            "TOPIC_PARTITIONS": str(PARTITIONS),
            "TOPIC_REPLICATION": str(self.brokers.replication),
            "SMTP_URL": self.mail.url,
            **self.push.environment,
            "PUBLISHER_KEYS": _KEYS_BEFORE if self.setup.before else KEYS,
            "BLOCK_SECONDS": str(BLOCK_SECONDS),
        }

    def _next_crash(self, service: str) -> Crash | None:
        points = [point for point in self.setup.crash_points if point in points_of(service)]
        if self.rests or not points:
            return None
        return Crash(self.random.choice(points), self.random.randint(1, self.setup.reach_at_most))

    def _note_end(self, worker: Worker, crash: Crash | None, status: int) -> None:
        if status == -signal.SIGKILL and (worker.killed_by_us or crash is not None):
            self.tally["kill -9" if worker.killed_by_us or crash is None else f"crash at {crash.point}"] += 1
        elif not worker.stopping or status != 0:
            self.odd_ends.append(f"{worker.service} ended with {status}")


@asynccontextmanager
async def open_world(folder: Path, setup: Setup) -> AsyncIterator[World]:
    """Start everything; stop and remove it afterwards, except for the files in the folder, which must exist."""
    (postgres_port,) = free_ports(1)
    postgres = Postgres(folder / "postgres", port=postgres_port)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(postgres.stop_at_once)
        await postgres.start()
        brokers = await stack.enter_async_context((three_nodes if setup.nodes == 3 else one_broker)(folder))
        databases = Databases(postgres.url)
        urls = await _databases(setup, databases, postgres.url)
        for service in INBOUND_SERVICES:
            await keep_ahead(_as_superuser(urls[service]))
        wires = {name: await stack.enter_async_context(proxy_to(url, Cut.AFTER_COMMIT)) for name, url in urls.items()}
        mail = await stack.enter_async_context(MailServer(folder / "mail.jsonl").open())
        push = await stack.enter_async_context(PushServer(folder / "push").open())
        next_server = await _fork_server(stack, folder / "fork_server.log", setup.source)
        before = setup.before
        server = await _fork_server(stack, folder / "before.log", before.folder) if before else next_server
        ground = (brokers, postgres, databases, urls, wires, mail, push, server, next_server)
        world = World(setup, folder, random.Random(setup.seed), *ground)
        _describe(world)
        for service, count in setup.processes.items():
            world.workers += [world.new_worker(service, "--slot", str(slot)) for slot in range(count)]
        await asyncio.gather(*(worker.start() for worker in world.workers))
        yield world


async def _databases(setup: Setup, databases: Databases, server_url: str) -> dict[str, str]:
    if setup.before is not None:
        return await databases_of(setup.before, server_url, setup.processes)
    urls = {name: await databases.make(name) for name in setup.processes}
    await publish_policy(_as_superuser(urls["escalation"]))
    return urls


async def _fork_server(stack: AsyncExitStack, log: Path, source: Path) -> ForkServer:
    server = ForkServer(log, source=source)
    await server.start()
    stack.push_async_callback(server.stop)
    return server


def _describe(world: World) -> None:
    """Write `world.json`, which gives the checker all addresses."""
    shapes = {name: _shape(name) for name in world.urls}
    described = {
        "kafka": world.brokers.address,
        "prefix": PREFIX,
        "databases": {name: _as_superuser(url) for name, url in world.urls.items()},
        "listens": {name: listens for name, (listens, _) in shapes.items()},
        "publishes": {name: publishes for name, (_, publishes) in shapes.items()},
        "desk": "desk",
        "policy": terms_in_seconds(),
        "seed": world.setup.seed,
        "clock_jumps": world.setup.clock_jumps,
        "began_at": time.time(),
        **world.setup.says_besides,
    }
    world.say(**described)
    for file in ("history", "accepted", "restores", "mail"):
        (world.folder / f"{file}.jsonl").touch()


def _shape(service: str) -> tuple[Sequence[str], Sequence[str]]:
    name = ServiceName(service)
    built = build_service(name, runnable(name).settings())
    return built.listens_to, built.publishes


def _as_superuser(url: str) -> str:
    parts = urlsplit(url)
    return f"postgresql://postgres@{parts.hostname}:{parts.port}{parts.path}"


@asynccontextmanager
async def connected(world: World, service: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A superuser's connection to a service's database that does not pass the wire."""
    connection = await asyncpg.connect(_as_superuser(world.urls[service]), timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def _is_ready(client: httpx2.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://{LOOPBACK}:{port}/readyz")).status_code == 200
    except httpx2.HTTPError:
        return False
