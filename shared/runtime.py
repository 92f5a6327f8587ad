"""Runs one process of a service: starts what its role needs, keeps its loops going, and stops in bounded time.

Start with `run`. It returns the process's exit status: 0 after a signal, 1 where it cannot start, 70 when the
watchdog found it stuck.
"""

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

from shared import database_reach, outbox
from shared.contracts.dead_letters import topic_of as dead_letter_topic
from shared.counting import count_inputs
from shared.database import Pool, UnsafeDatabase, assert_durable, is_transient, open_pool
from shared.logs import configure_logging, get_logger
from shared.messaging import slots
from shared.messaging.applying import Endings
from shared.messaging.blocks import Reading
from shared.messaging.consumer import Consumer
from shared.messaging.known_partitions import know_partitions
from shared.messaging.reach import ASK_EVERY_SECONDS, Reach
from shared.messaging.refusals import RefusedForGood
from shared.messaging.relay import Relay
from shared.messaging.rights import name_other_writers
from shared.messaging.topics import TopicsUnfit, ensure_topics
from shared.messaging.watch import LOOK_EVERY_SECONDS, Watch
from shared.metrics import create_metrics
from shared.migrations.fitting import Fitting
from shared.noting import note
from shared.role import Role
from shared.rounds import SetAsideRounds, TimerRounds
from shared.sampling import measure_loop_lag, sample_queues
from shared.service import Health, Resources, Service
from shared.settings import ServiceSettings
from shared.starting import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, CannotStart, Servers
from shared.telemetry import configure_tracing
from shared.transaction import InputProcessor, Transaction
from shared.web_server import PortTaken, WebLimits, WebServer

log = get_logger(__name__)

STOP_SECONDS = 40.0
STALL_SECONDS = 60.0
STUCK = 70
CANNOT_START = 1
_TIMER_SECONDS = 0.25
_SET_ASIDE_SECONDS = 2.0
_MEASURE_SECONDS = 1.0
_SAMPLE_SECONDS = 5.0
_WATCH_SECONDS = 5.0
_TRIM_SECONDS = 60.0
_TABLES_SECONDS = 2.0
_OBJECTS_BETWEEN_COLLECTIONS = 20_000  # as many as a batch makes


async def run(service: Service, settings: ServiceSettings, *, role: Role, slot: int | None) -> int:
    """Run until a signal asks to stop. `slot` names a stable member of the consumer group."""
    configure_logging(service.name, settings.log_level)
    tracing = configure_tracing(
        service.name,
        otlp_endpoint=settings.otel_exporter_otlp_endpoint,
        directory=settings.trace_directory,
    )
    process = Process(service, settings, role=role, slot=slot)
    try:
        status = await process.run()
    except (CannotStart, PortTaken, UnsafeDatabase, TopicsUnfit, RefusedForGood) as error:
        log.error("cannot start", reason=str(error))
        status = CANNOT_START
    if tracing is not None:
        await asyncio.to_thread(tracing.shutdown)
    return status


class Process:
    """One process of a service."""

    def __init__(self, service: Service, settings: ServiceSettings, *, role: Role, slot: int | None) -> None:
        self.health = Health()
        self._service = service
        self._settings = settings
        self._role = role
        self._slot = slot
        self._metrics = create_metrics(service.name)
        self._cluster = settings.cluster()
        self._group = self._cluster.topic(service.name)
        self._servers = Servers(service.name, self._cluster, report=self.health.waits_for)
        self._consumer: Consumer | None = None
        self._stopping = asyncio.Event()
        self._status = 0
        self._loops: list[asyncio.Task[None]] = []

    @property
    def _database_url(self) -> str:
        return self._settings.database_url.get_secret_value()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        async with AsyncExitStack() as stack:
            starting = asyncio.create_task(self._start(stack))
            stop = asyncio.create_task(self._stopping.wait())
            try:
                await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    await starting
                    _leave_the_modules_to_themselves()
                    self.health.not_ready.clear()
                    log.info("started", role=self._role.value, slot=self._slot)
                    await stop
            finally:
                await self._stop(starting)
        log.info("stopped")
        return self._status

    async def _stop(self, starting: "asyncio.Task[None]") -> None:
        self._stopping.set()  # what ends from here on ends because the process does
        self.health.not_ready.append("stopping")
        log.info("stopping")
        _end_after(STOP_SECONDS)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def _start(self, stack: AsyncExitStack) -> None:
        fitting = Fitting.of(self._service.migrations)
        pool = await open_pool(self._database_url, name=fitting.process_name)
        stack.callback(pool.terminate)
        processor = InputProcessor(
            pool,
            self._service.name,
            self._service.handle,
            self._service.own_facts,
            self._count,
            fitting,
            max_clock_skew=self._settings.max_clock_skew,
        )
        resources = Resources(pool, processor, self._cluster, self._metrics)
        limits = WebLimits(self._settings.connections_per_address, self._settings.proxies)
        server = WebServer(self._service, resources, self.health, self._role, limits)
        await server.start(self._settings.host, self._settings.port, ended=partial(self._give_up, "serving has ended"))
        stack.push_async_callback(server.stop)
        await self._check_database(pool, fitting)
        self.health.not_ready[:] = [] if self._role.includes(Role.WEB) else ["waiting for Kafka"]
        self._watch_database()
        self._watch_kafka(pool, stack)
        await self._prepare_topics(pool)
        self._keep_going("sample", lambda: sample_queues(pool, self._metrics, self._service.sample), _SAMPLE_SECONDS)
        known = partial(note, pool, self._service, self._cluster, metrics=self._metrics, health=self.health)
        self._keep_going("notes", known, _SAMPLE_SECONDS)
        self._keep_going("loop lag", lambda: measure_loop_lag(self._metrics), 0)
        if self._role.includes(Role.RELAY):
            self._start_relay(pool)
        if self._role.includes(Role.CONSUME):
            await self._start_consuming(resources, stack)

    def _watch_database(self) -> None:
        """Without its database a process with pages still responds, with a time to retry: it is ready, with a note."""
        reach = database_reach.DatabaseReach(self._database_url, self._service.name, self._metrics)
        self._checks_by_role().append(reach.silent)
        self._keep_going("database", reach.look, database_reach.ASK_EVERY_SECONDS)

    def _checks_by_role(self) -> list[Callable[[], list[str]]]:
        return self.health.check_notes if self._role.includes(Role.WEB) else self.health.checks

    def _watch_kafka(self, pool: Pool, stack: AsyncExitStack) -> None:
        """Without Kafka a process with pages still accepts events: it is ready, with a note."""
        consumes = pool if self._role.includes(Role.CONSUME) else None
        reach = Reach(self._cluster, self._metrics, consumes, publishes=self._service.publishes)
        self.health.check_notes.append(reach.noted)
        stack.push_async_callback(reach.close)
        self._checks_by_role().append(reach.silent)
        self._keep_going("kafka", reach.look, ASK_EVERY_SECONDS)

    def _count(self, tx: Transaction) -> None:
        count_inputs(self._metrics, tx)
        if self._service.observe is not None:
            self._service.observe(self._metrics, tx)

    def _start_relay(self, pool: Pool) -> None:
        relay = Relay(self._database_url, self._cluster, self._metrics, name=self._service.name)
        self.health.check_notes.append(relay.refused)
        self._keep_going("relay", relay.run, 0)
        self._keep_going("trim", partial(outbox.trim, pool), _TRIM_SECONDS)

    async def _start_consuming(self, resources: Resources, stack: AsyncExitStack) -> None:
        topics = self._service.listens_to
        instance = None if self._slot is None else f"{self._service.name}-{self._slot}"  # KIP-345
        consumer = Consumer(resources.processor, self._cluster, topics, self._metrics, instance=instance)
        reading = Reading(self._cluster, topics, self._group)
        watch = Watch(resources.pool, reading, consumer.positions, self._metrics, blocked=self.health.blocked)
        stack.push_async_callback(watch.close)
        await self._servers.until_it_works("Postgres", watch.begin)
        self._keep_going("topics", watch.look, LOOK_EVERY_SECONDS)
        await self._servers.until_it_works("Kafka", consumer.start)
        self._consumer = consumer
        self.health.checks.append(consumer.not_ready)
        self._watch_slot(consumer)
        self._keep_going("positions", consumer.positions.measure, _MEASURE_SECONDS)
        self._keep_going("timers", TimerRounds(resources.processor).fire, _TIMER_SECONDS)
        endings = Endings(self._service.name, self._cluster.logical, self._metrics)
        self._keep_going("set aside", SetAsideRounds(resources.processor, endings).run, _SET_ASIDE_SECONDS)
        self._keep_going("watchdog", self._watch, _WATCH_SECONDS)
        for name, loop in self._service.loops.items():
            self._keep_going(name, partial(loop, resources), 0)

    def _watch_slot(self, consumer: Consumer) -> None:
        if self._slot is not None:
            blocked = self._metrics.consumer.blocked.labels(slots.SLOT_TAKEN)
            watch = slots.SlotWatch(self._service.name, self._slot, lambda: consumer.subscriber.consumer, blocked)
            self.health.check_notes.append(watch.noted)
            self._keep_going("slot", watch.look, slots.LOOK_EVERY_SECONDS)

    async def _watch(self) -> None:
        if self._consumer is not None and self._consumer.stalled(STALL_SECONDS):
            self._give_up("consuming has stopped")

    def _give_up(self, reason: str) -> None:
        """End the process, to be restarted, because a required part of it has ended."""
        if not self._stopping.is_set():
            log.critical("ending the process so that it is restarted", reason=reason)
            self.health.dead.append(reason)
            self._status = STUCK
            self._stopping.set()

    async def _check_database(self, pool: Pool, fitting: Fitting) -> None:
        await self._servers.until_it_works("Postgres", lambda: assert_durable(pool))
        has_tables = "select to_regclass('shared.journal') is not null"
        if not await self._servers.until_it_works("Postgres", lambda: pool.fetchval(has_tables)):
            raise CannotStart(f"the database of {self._service.name} has no tables yet: run `handoff migrate` first")
        while older := await self._servers.until_it_works("Postgres", lambda: fitting.older(pool)):
            log.warning("waiting for the tables of this version", reason=older)
            self._metrics.process.tables_unfit.set(1)
            self.health.not_ready[:] = [f"waiting for the tables of this version: {older}"]
            await asyncio.sleep(_TABLES_SECONDS)
        self._metrics.process.tables_unfit.set(0)

    async def _prepare_topics(self, pool: Pool) -> None:
        own = {*self._service.publishes, dead_letter_topic(self._service.name)}
        topics = own.union(self._service.listens_to)
        counts = await self._servers.until_it_works("Kafka", lambda: ensure_topics(self._cluster, topics))
        await name_other_writers(self._cluster, own)
        listened = {self._cluster.topic(topic) for topic in self._service.listens_to}
        read = {topic: count for topic, count in counts.items() if topic in listened}
        await self._servers.until_it_works("Postgres", lambda: know_partitions(pool, read))

    def _keep_going(self, name: str, action: Callable[[], Awaitable[None]], every_seconds: float) -> None:
        """Run an action repeatedly; a fault is logged, counted and followed by a growing pause."""

        async def going() -> None:
            pause = FIRST_PAUSE_SECONDS
            while True:
                started = time.monotonic()
                try:
                    await action()
                    pause = FIRST_PAUSE_SECONDS
                    await asyncio.sleep(every_seconds)
                except Exception as error:
                    if time.monotonic() - started > LONGEST_PAUSE_SECONDS:  # it had worked for long
                        pause = FIRST_PAUSE_SECONDS
                    self._metrics.process.loop_failures.labels(name).inc()
                    if is_transient(error):
                        log.warning("loop failed, trying again", loop=name, error=type(error).__name__)
                    else:
                        log.error("loop failed, trying again", loop=name, exc_info=error)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

        task = asyncio.create_task(going(), name=name)
        task.add_done_callback(lambda _: self._give_up(f"the loop {name} has ended"))
        self._loops.append(task)


def _leave_the_modules_to_themselves() -> None:
    """Exclude objects made at the start, such as modules and models, from garbage collection.

    Otherwise the collector visits them every few batches: measured, a third of a consumer's time and pauses of 0.2 s.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def _end_after(seconds: float) -> None:
    """End the process by force if an orderly stop takes too long."""
    timer = threading.Timer(seconds, os._exit, (STUCK,))
    timer.daemon = True
    timer.start()
