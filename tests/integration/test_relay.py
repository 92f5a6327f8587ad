"""From the outbox to Kafka: every row, in each account's order, with any leader and after any failure."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from unittest.mock import patch

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import RequestTimedOutError

from deploy.local.kafka import Kafka
from shared.contracts.envelope import Envelope, Fact
from shared.messaging.cluster import Cluster
from shared.outbox import Outgoing, trim
from shared.transaction import InputProcessor, Transaction
from tests.builders import batch_of, input_of, order_confirmed
from tests.raw_records import read_topic
from tests.servers import MakeDatabase
from tests.streams import SERVICE, TOPIC, Plumbing, plumbing_on, relaying
from tests.waiting import eventually, until

_UNPUBLISHED = "select count(*) from shared.outbox where published_at is null"
_LEADER = """
    select pid from pg_locks
    where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database())
"""


async def fill(plumbing: Plumbing, first: int, last: int, *, topic: str = TOPIC) -> None:
    """Outbox rows from `e-<first>` to before `e-<last>`, of seven accounts, in batches."""

    async def publish(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        tx.outgoing.extend(Outgoing(event, topic) for event in events)

    processor = InputProcessor(plumbing.pool, SERVICE, publish)
    for start in range(first, last, 25):
        numbers = range(start, min(start + 25, last))
        inputs = [input_of(order_confirmed(f"o-{n}"), id=f"e-{n}", subject=f"c-{n % 7}") for n in numbers]
        await processor.apply(batch_of(*inputs))


async def published(plumbing: Plumbing, at_least: int) -> dict[str, list[int]]:
    """Numbers on the topic by account without repeats, once there are that many different ones."""
    found: dict[str, list[int]] = defaultdict(list)
    count = await topic_size(plumbing)
    for record in await read_topic(plumbing.cluster, TOPIC, count):
        headers = dict(record.headers)
        number = int(headers["ce_id"].decode()[2:])
        account = (record.key or b"").decode()
        if number not in found[account]:
            found[account].append(number)
    assert sum(len(numbers) for numbers in found.values()) >= at_least
    return found


async def topic_size(plumbing: Plumbing) -> int:
    consumer = AIOKafkaConsumer(**plumbing.cluster.connection())
    await consumer.start()
    try:
        places = [TopicPartition(plumbing.topic, number) for number in range(plumbing.cluster.partitions)]
        return sum((await consumer.end_offsets(places)).values())
    finally:
        await consumer.stop()


def in_order(found: dict[str, list[int]], count: int) -> None:
    assert sorted(number for numbers in found.values() for number in numbers) == list(range(count))
    for numbers in found.values():
        assert numbers == sorted(numbers)


async def test_every_row_is_published_once_in_each_accounts_order_and_marked(relayed: Plumbing) -> None:
    await fill(relayed, 0, 1_200)
    await eventually(lambda: relayed.pool.fetchval(_UNPUBLISHED), 0)
    assert await topic_size(relayed) == 1_200
    in_order(await published(relayed, 1_200), 1_200)


async def test_a_row_carries_its_event_in_the_form_of_the_contract(relayed: Plumbing) -> None:
    await fill(relayed, 0, 1)
    await eventually(lambda: relayed.pool.fetchval(_UNPUBLISHED), 0)
    (record,) = await read_topic(relayed.cluster, TOPIC, 1)
    assert record.key == b"c-0"
    headers = dict(record.headers)
    assert (headers["ce_id"], headers["ce_type"]) == (b"e-0", b"orders.inbound.order_confirmed")
    assert headers["ce_subject"] == b"c-0"


async def test_rows_added_while_no_relay_ran_are_published_later(plumbing: Plumbing) -> None:
    await fill(plumbing, 0, 50)
    assert await plumbing.pool.fetchval(_UNPUBLISHED) == 50
    async with relaying(plumbing.url, plumbing.cluster, plumbing.metrics):
        await eventually(lambda: plumbing.pool.fetchval(_UNPUBLISHED), 0)


async def test_only_one_relay_leads_and_another_takes_over_when_its_connection_is_killed(plumbing: Plumbing) -> None:
    async with (
        relaying(plumbing.url, plumbing.cluster, plumbing.metrics),
        relaying(plumbing.url, plumbing.cluster, plumbing.metrics),
    ):
        leader = await until(lambda: _leaders(plumbing), lambda pids: len(pids) == 1)
        await fill(plumbing, 0, 100)
        await eventually(lambda: plumbing.pool.fetchval(_UNPUBLISHED), 0)
        assert await topic_size(plumbing) == 100, "two leaders would publish rows twice"

        await plumbing.pool.execute("select pg_terminate_backend($1)", leader[0])
        await fill(plumbing, 100, 200)
        await eventually(lambda: plumbing.pool.fetchval(_UNPUBLISHED), 0)
        assert await until(lambda: _leaders(plumbing), lambda pids: len(pids) == 1) != leader
    in_order(await published(plumbing, 200), 200)


class _Faulty(AIOKafkaProducer):  # type: ignore[misc]
    """The first two producers get no answer for one row each, though it may have arrived."""

    made = 0
    faults = 0

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        type(self).made += 1
        self._sent = 0

    async def send(self, *args: object, **kwargs: object) -> "asyncio.Future[object]":
        sent: asyncio.Future[object] = await super().send(*args, **kwargs)
        self._sent += 1
        if self._sent == 10 and type(self).faults < 2:
            type(self).faults += 1
            lost: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            lost.set_exception(RequestTimedOutError())
            return lost
        return sent


async def test_a_send_that_fails_replaces_the_producer_and_marks_only_what_was_confirmed(plumbing: Plumbing) -> None:
    await fill(plumbing, 0, 100)
    marked: list[int] = []
    _Faulty.made = _Faulty.faults = 0
    with patch("shared.messaging.producer.AIOKafkaProducer", _Faulty):
        async with relaying(plumbing.url, plumbing.cluster, plumbing.metrics):
            await until(lambda: _noting(plumbing, marked), lambda left: left == 0)
    assert _Faulty.made == 3
    assert 91 in marked, "the nine confirmed before the fault are marked, the tenth and later ones are not"
    in_order(await published(plumbing, 100), 100)


async def test_rows_are_not_marked_while_the_broker_is_away(plumbing: Plumbing) -> None:
    nowhere = Cluster("127.0.0.1:9", prefix=plumbing.cluster.prefix)
    with patch("shared.messaging.producer.STOP_SECONDS", 0.2):
        async with relaying(plumbing.url, nowhere, plumbing.metrics):
            await until(lambda: _leaders(plumbing), lambda pids: len(pids) == 1)
            await fill(plumbing, 0, 10)
            assert await plumbing.pool.fetchval(_UNPUBLISHED) == 10


@asynccontextmanager
async def _on_private_kafka(kafka: Kafka, url: str, prefix: str) -> AsyncIterator[Plumbing]:
    async with plumbing_on(kafka.address, url, prefix) as plumbing, relaying(url, plumbing.cluster, plumbing.metrics):
        yield plumbing


async def test_a_broker_that_crashes_in_the_middle_costs_no_row_and_no_order(
    private_kafka: Kafka, database: MakeDatabase, topic_prefix: str
) -> None:
    async with _on_private_kafka(private_kafka, await database("plumbing"), topic_prefix) as plumbing:
        await fill(plumbing, 0, 200)
        filling = asyncio.create_task(fill(plumbing, 200, 1_000))
        await until(lambda: plumbing.pool.fetchval("select count(*) from shared.outbox"), lambda rows: rows > 400)
        await private_kafka.kill()
        await filling
        assert await plumbing.pool.fetchval(_UNPUBLISHED) > 0
        await private_kafka.start()
        await eventually(lambda: plumbing.pool.fetchval(_UNPUBLISHED), 0, within_seconds=60)
        in_order(await published(plumbing, 1_000), 1_000)


async def _leaders(plumbing: Plumbing) -> list[int]:
    return [row["pid"] for row in await plumbing.pool.fetch(_LEADER)]


async def _noting(plumbing: Plumbing, marked: list[int]) -> int:
    left = int(await plumbing.pool.fetchval(_UNPUBLISHED))
    marked.append(left)
    return left


async def test_a_broker_slower_than_a_silent_session_may_last_does_not_cost_the_lead(plumbing: Plumbing) -> None:
    send = AIOKafkaProducer.send

    async def slow(producer: AIOKafkaProducer, *arguments: object, **named: object) -> object:
        sent = await send(producer, *arguments, **named)

        async def confirmed_late() -> object:
            await asyncio.sleep(4)
            return await sent

        return asyncio.ensure_future(confirmed_late())

    with patch.object(AIOKafkaProducer, "send", slow), patch("shared.messaging.relay.SILENT_SECONDS", 2):
        async with relaying(plumbing.url, plumbing.cluster, plumbing.metrics):
            await fill(plumbing, 0, 5)
            await eventually(lambda: plumbing.pool.fetchval(_UNPUBLISHED), 0, within_seconds=20)
    assert await topic_size(plumbing) == 5


async def test_rows_published_before_the_topics_retention_are_deleted(plumbing: Plumbing) -> None:
    await fill(plumbing, 0, 30)
    await plumbing.pool.execute(
        "update shared.outbox set published_at = shared.app_now() - "
        "make_interval(days => case when id <= 10 then 15 else 13 end) where id <= 20"
    )
    await trim(plumbing.pool)
    assert await plumbing.pool.fetchval("select count(*) from shared.outbox") == 20
