"""Publishes a history to the running services, over Kafka and HTTP, and presses buttons, repeating
each until it is accepted.
"""

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import httpx2
from confluent_kafka import KafkaError, Message, Producer

from shared.database import DATABASE_ERRORS
from tests.faults.history import Event, arrival, first_of_all, post, wire
from tests.faults.pressing import Press, next_press, press_once
from tests.faults.world import PREFIX, PUBLISHER_KEY, World, connected
from tests.waiting import eventually

_PRODUCER: dict[str, str | int | float | bool | None] = {
    "enable.idempotence": True,
    "partitioner": "murmur2_random",
    "message.timeout.ms": 0,  # retry without end, so that queued records keep their order
    "linger.ms": 5,
    "log_level": 2,
}
_KNOWN = "select count(*) from escalation.salespeople where salesperson_id = any($1::text[])"
_SEND_AGAIN = (408, 503)
"""Answers that decide nothing: the body came too slowly, or a server is away."""


class NotTold(AssertionError):
    """An input was not accepted within the patience."""


@dataclass
class HistoryPublisher:
    """`introduce` and `publish` publish a history; `publish_again_over_http` and `press_again` repeat inputs that a
    restored database lost."""

    world: World
    events_a_second: float
    patience_seconds: float
    producer: Producer = field(init=False)
    _posted: list[tuple[float, Event]] = field(default_factory=list)
    _pressed: list[tuple[float, Press]] = field(default_factory=list)
    _forgotten_since: float = math.inf
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _failed: list[str] = field(default_factory=list)
    _chance: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self.producer = self._new_producer()
        self._chance.seed(self.world.setup.seed)

    def _new_producer(self) -> Producer:
        return Producer(_PRODUCER | {"bootstrap.servers": self.world.brokers.address})

    async def introduce(self, history: Sequence[Event]) -> None:
        """Publish the directory, and wait until escalation knows it: it decides who is notified of
        everything that follows."""
        lines = "".join(event.line() + "\n" for event in history)
        await asyncio.to_thread((self.world.folder / "history.jsonl").write_text, lines)
        people = first_of_all(history)
        for event in people:
            self._produce(event)
        await self._flush()
        await self._known({event.subject for event in people})

    async def publish(self, history: Sequence[Event]) -> None:
        """Publish the rest, shuffled."""
        began = time.monotonic()
        for number, event in enumerate(arrival(history, self.world.setup.seed)):
            await asyncio.sleep(max(0.0, began + number / self.events_a_second - time.monotonic()))
            if event.via == "kafka":
                self._produce(event)
            else:
                self._start(self._post(event))
        await self._flush()

    async def pour(self, events: Sequence[Event], events_a_second: float) -> None:
        """Publish many events by Kafka, in order; one in twenty twice.

        They have a producer of their own: polling blocks while another thread flushes the same producer.
        """
        producer, began = self._new_producer(), time.monotonic()
        for number, event in enumerate(events):
            await asyncio.sleep(max(0.0, began + number / events_a_second - time.monotonic()))
            for _ in range(2 if number % 20 == 7 else 1):
                self._produce(event, producer)
        await self._flush(producer)

    async def press_buttons(self, every_seconds: float, *, of_closed: bool) -> None:
        """Acknowledge open episodes, one after the other, until cancelled; `of_closed`: and close them."""
        while True:
            await asyncio.sleep(every_seconds)
            await self._press_next(of_closed=of_closed)

    async def close_episodes(self, presses: int) -> None:
        """So many presses in the accounts whose episodes are closed."""
        for _ in range(presses):
            await self._press_next(of_closed=True)

    async def _press_next(self, *, of_closed: bool) -> None:
        press = await next_press(self.world, self._chance, of_closed=of_closed)
        if press is not None:
            await self._noting_failure(self._press(press))

    def publish_again_over_http(self, service: str, *, since: float) -> None:
        """Repeat every call that the service accepted since then. Presses have to wait for their episodes."""
        for _, event in [posted for posted in self._posted if posted[0] >= since and posted[1].service == service]:
            self._start(self._post(event))
        if service == "escalation":
            self._forgotten_since = min(since, self._forgotten_since)

    async def press_again(self) -> None:
        """Repeat every acknowledgement since the first backup of escalation that was restored."""
        forgotten = {press for at, press in self._pressed if at >= self._forgotten_since}
        for press in forgotten:
            if press.what == "button":
                await self._noting_failure(self._press(press))

    async def accepted(self) -> None:
        """Returns once every HTTP call and press was accepted."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        assert not self._failed, self._failed[:5]

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.create_task(self._noting_failure(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _noting_failure(self, work: Awaitable[None]) -> None:
        try:
            await work
        except AssertionError as failure:
            self._failed.append(str(failure))

    async def _flush(self, producer: Producer | None = None) -> None:
        """Returns once Kafka has accepted all records."""
        left = await asyncio.to_thread((producer or self.producer).flush, self.patience_seconds)
        assert left == 0, f"Kafka did not accept {left} records"

    def _produce(self, event: Event, producer: Producer | None = None) -> None:
        record, by = wire(event), producer or self.producer
        topic = PREFIX + event.topic
        by.produce(topic, record.value, record.key, headers=record.headers, on_delivery=self._delivered)
        by.poll(0)

    async def _known(self, people: Collection[str]) -> None:
        """Returns once escalation's directory has all of them."""

        async def all_known() -> bool:
            with suppress(*DATABASE_ERRORS):
                async with connected(self.world, "escalation") as connection:
                    return bool(await connection.fetchval(_KNOWN, list(people)) == len(people))
            return False

        await eventually(all_known, True, within_seconds=self.patience_seconds)

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failed.append(error.str())

    async def _post(self, event: Event) -> None:
        service = event.service
        headers, body = post(event)
        headers |= {"Authorization": f"Bearer {PUBLISHER_KEY}"}

        async def once(client: httpx2.AsyncClient) -> bool:
            answer = await client.post(f"{self.world.url(service)}/events", content=body, headers=headers)
            assert answer.status_code in (200, 202, 400, 409, 422, *_SEND_AGAIN), (answer.status_code, answer.text)
            if answer.status_code in _SEND_AGAIN:
                return False
            assert (event.bad is None) == (answer.status_code < 300), answer.text
            if answer.status_code < 300:
                at = time.time()
                self.world.accepted(what="http", service=service, source=event.source, id=event.id, at=at)
                self._posted.append((at, event))
            return True

        await self._until_accepted(once, f"{event.type} {event.id}")

    async def _press(self, press: Press) -> None:
        async def once(client: httpx2.AsyncClient) -> bool:
            accepted = await press_once(self.world, client, press)
            if accepted:
                at, who = time.time(), {"account": press.account, "by": press.by}
                self.world.accepted(what=press.what, episode=str(press.episode), **who, at=at)
                self._pressed.append((at, press))
            return accepted is not None

        await self._until_accepted(once, f"{press.action} of {press.episode}")

    async def _until_accepted(self, once: Callable[[httpx2.AsyncClient], Awaitable[bool]], what: str) -> None:
        until = time.monotonic() + self.patience_seconds
        with self.world.unaccepted.sending():
            for pause in itertools.chain((0.1, 0.2, 0.4), itertools.repeat(0.8)):
                with suppress(httpx2.HTTPError, *DATABASE_ERRORS):
                    async with httpx2.AsyncClient(timeout=10) as client:
                        if await once(client):
                            return
                if time.monotonic() > until:
                    raise NotTold(f"{what} was not accepted within {self.patience_seconds:.0f} s")
                await asyncio.sleep(pause)
