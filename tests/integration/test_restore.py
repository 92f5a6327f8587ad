"""Servers that stop, restart, or are restored from a backup: the streams go on from the database's positions."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from deploy.local.kafka import Kafka
from shared.inputs import Partition
from shared.messaging.consumer import Consumer
from tests.databases import Databases
from tests.raw_records import Raw, confirmed
from tests.servers import MakeDatabase, PrivatePostgres
from tests.streams import Plumbing, plumbing_on
from tests.waiting import eventually

COUNT = 60


def _records(first: int, last: int) -> list[Raw]:
    return [confirmed(n, account=f"c-{n % 5}-{n % 2}", partition=n % 2) for n in range(first, last)]


def _ids(last: int) -> list[str]:
    return sorted(f"e-{number}" for number in range(last))


async def _account_orders(plumbing: Plumbing) -> dict[str, list[str]]:
    rows = await plumbing.pool.fetch("select account, array_agg(event_id order by number) ids from effects group by 1")
    return {row["account"]: row["ids"] for row in rows}


async def test_a_restored_database_catches_up_under_a_running_consumer(
    plumbing: Plumbing, databases: Databases
) -> None:
    async with plumbing.consuming(measuring=True):
        await plumbing.publish(*_records(0, 20))
        await eventually(plumbing.ledger, {"applied": 20})
        backup = await databases.keep(plumbing.url)
        await plumbing.publish(*_records(20, 40))
        await eventually(plumbing.ledger, {"applied": 40})

        await databases.put_back(backup)
        await plumbing.publish(*_records(40, COUNT))
        await eventually(plumbing.ledger, {"applied": COUNT})

    assert sorted(await plumbing.effects()) == _ids(COUNT)
    for ids in (await _account_orders(plumbing)).values():
        assert ids == sorted(ids, key=lambda id: int(id[2:]))


async def test_a_restored_database_catches_up_without_new_records(plumbing: Plumbing, databases: Databases) -> None:
    async with plumbing.consuming(measuring=True):
        backup = await databases.keep(plumbing.url)
        await plumbing.publish(*_records(0, COUNT))
        await eventually(plumbing.ledger, {"applied": COUNT})
        await databases.put_back(backup)
        await eventually(plumbing.ledger, {"applied": COUNT})
    assert sorted(await plumbing.effects()) == _ids(COUNT)


async def test_a_database_restored_without_a_running_consumer_catches_up_at_the_next_start(
    plumbing: Plumbing, databases: Databases
) -> None:
    backup = await databases.keep(plumbing.url)
    await plumbing.publish(*_records(0, COUNT))
    async with plumbing.consuming():
        await eventually(lambda: plumbing.committed(0), COUNT // 2)
        await eventually(lambda: plumbing.committed(1), COUNT // 2)
    await databases.put_back(backup)
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": COUNT})
    assert sorted(await plumbing.effects()) == _ids(COUNT)


class Unplaced(Consumer):
    """Kafka does not report the group's committed offset at the assignment; aiokafka logs that and goes on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.positions.restore = self._fails  # type: ignore[method-assign]

    async def _fails(self, partitions: Iterable[Partition]) -> None:
        raise KafkaError


async def test_a_consumer_that_could_not_be_placed_skips_nothing_of_an_older_database(
    plumbing: Plumbing, databases: Databases
) -> None:
    backup = await databases.keep(plumbing.url)
    await plumbing.publish(*_records(0, 20))
    async with plumbing.consuming():
        await eventually(lambda: plumbing.committed(0), 10)
        await eventually(lambda: plumbing.committed(1), 10)
    await databases.put_back(backup)
    await plumbing.publish(*_records(20, COUNT))
    async with plumbing.consuming(Unplaced):
        await eventually(plumbing.ledger, {"applied": COUNT})
    assert sorted(await plumbing.effects()) == _ids(COUNT)


@pytest.fixture
async def on_private_postgres(
    kafka: str, private_postgres: PrivatePostgres, topic_prefix: str
) -> AsyncIterator[Plumbing]:
    url = await private_postgres.databases.make("plumbing")
    async with plumbing_on(kafka, url, topic_prefix) as made:
        yield made


async def test_a_database_that_crashes_and_comes_back_loses_and_doubles_nothing(
    on_private_postgres: Plumbing, private_postgres: PrivatePostgres
) -> None:
    plumbing = on_private_postgres
    async with plumbing.consuming(measuring=True) as consumer:
        await plumbing.publish(*_records(0, 20))
        await eventually(plumbing.effect_count, 20)
        for last in (40, COUNT):
            await private_postgres.server.stop_at_once()
            await plumbing.publish(*_records(last - 20, last))
            await private_postgres.server.start()
            await eventually(plumbing.ledger, {"applied": last})
        assert not consumer.stalled(limit_seconds=60)
    assert sorted(await plumbing.effects()) == _ids(COUNT)
    assert not await plumbing.dead_letters()


async def test_a_broker_that_crashes_and_comes_back_loses_and_doubles_nothing(
    private_kafka: Kafka, database: MakeDatabase, topic_prefix: str
) -> None:
    async with plumbing_on(private_kafka.address, await database("plumbing"), topic_prefix) as plumbing:
        async with plumbing.consuming(measuring=True):
            await plumbing.publish(*_records(0, 20))
            await eventually(plumbing.ledger, {"applied": 20})
            await private_kafka.kill()
            await private_kafka.start()
            await plumbing.publish(*_records(20, COUNT))
            await eventually(plumbing.ledger, {"applied": COUNT}, within_seconds=60)
        assert sorted(await plumbing.effects()) == _ids(COUNT)
