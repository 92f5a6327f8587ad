"""A topic that is deleted and recreated: its records are read from the start, whichever offset was reached before."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from unittest.mock import AsyncMock, Mock, patch
from uuid import uuid4

import pytest

from shared.messaging import recreated, watch
from shared.messaging.consumer import Consumer
from shared.messaging.topic_ids import TopicIds
from shared.messaging.topics_seen import TopicSeen
from shared.messaging.view import Seen, View
from tests.raw_records import Raw, confirmed
from tests.streams import SERVICE, TOPIC, Plumbing
from tests.topics import create_topic, delete_topic, recreate_topic
from tests.waiting import eventually, until

OLD = 40
"""Records of the first topic: 20 a partition."""


@pytest.fixture
def log() -> Iterator[Mock]:
    with patch.object(watch, "log") as log:
        yield log


def _records(first: int, last: int) -> list[Raw]:
    return [confirmed(n, account=f"c-{n % 5}-{n % 2}", partition=n % 2) for n in range(first, last)]


def _ids(first: int, last: int) -> list[str]:
    return sorted(f"e-{number}" for number in range(first, last))


async def _effects(plumbing: Plumbing) -> list[str]:
    return sorted(await plumbing.effects())


async def _measured(plumbing: Plumbing, consumer: Consumer) -> list[datetime | None]:
    await consumer.positions.measure()
    return await plumbing.read_through()


async def _read_the_first_topic(plumbing: Plumbing) -> None:
    await plumbing.publish(*_records(0, OLD))
    await eventually(lambda: _effects(plumbing), _ids(0, OLD))
    await until(plumbing.read_through, lambda moments: None not in moments)


@pytest.mark.parametrize("new", [4, OLD, 3 * OLD], ids=["shorter", "as long", "longer"])
async def test_a_topic_recreated_under_a_running_consumer_is_read_from_its_start(
    plumbing: Plumbing, log: Mock, new: int
) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _read_the_first_topic(plumbing)
        await recreate_topic(plumbing.cluster, TOPIC)
        await plumbing.publish(*_records(1_000, 1_000 + new))
        await eventually(lambda: _effects(plumbing), sorted([*_ids(0, OLD), *_ids(1_000, 1_000 + new)]))
        await until(plumbing.read_through, lambda moments: None not in moments)
        await eventually(plumbing.next_offsets, [new // 2, new // 2])
    assert len(_notes_in(log)) == 1
    assert not await plumbing.dead_letters()


@pytest.mark.parametrize("new", [4, OLD, 3 * OLD], ids=["shorter", "as long", "longer"])
async def test_a_topic_recreated_without_a_running_consumer_is_read_from_its_start(
    plumbing: Plumbing, log: Mock, new: int
) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _read_the_first_topic(plumbing)
    await recreate_topic(plumbing.cluster, TOPIC)
    await plumbing.publish(*_records(1_000, 1_000 + new))
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await eventually(lambda: _effects(plumbing), sorted([*_ids(0, OLD), *_ids(1_000, 1_000 + new)]))
    assert len(_notes_in(log)) == 1


async def test_events_read_from_the_old_topic_count_once_when_republished(plumbing: Plumbing) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _read_the_first_topic(plumbing)
        await recreate_topic(plumbing.cluster, TOPIC)
        await plumbing.publish(*_records(OLD, 2 * OLD), *_records(0, OLD))
        await eventually(lambda: _effects(plumbing), _ids(0, 2 * OLD))
        await eventually(plumbing.next_offsets, [OLD, OLD])
    assert (await plumbing.ledger()).total() == 2 * OLD


async def test_records_during_a_readers_freeze_are_within_the_requested_replay(plumbing: Plumbing, log: Mock) -> None:
    """As after SIGSTOP: nothing runs while records arrive and are deleted; afterwards an end is measured
    before the id is checked."""
    consumer = Consumer(plumbing.processor(), plumbing.cluster, [TOPIC], plumbing.metrics)
    async with plumbing.watched_by_hand(consumer) as watch:
        await consumer.start()
        await plumbing.publish(*_records(0, OLD))
        await eventually(lambda: _effects(plumbing), _ids(0, OLD))
        await until(lambda: _measured(plumbing, consumer), lambda moments: None not in moments)
        frozen_at = await plumbing.pool.fetchval("select shared.app_now()")
        reader = consumer.positions._consumer()
        assert reader is not None
        reader.pause(*reader.assignment())
        await plumbing.publish(*_records(OLD, OLD + 4))
        await recreate_topic(plumbing.cluster, TOPIC)
        for _ in range(5):
            assert max(moment for moment in await _measured(plumbing, consumer) if moment) <= frozen_at
        await watch.look()
        await consumer.stop()
    async with plumbing.pool.acquire() as connection:
        (noted,) = await recreated.unsettled(connection)
    assert noted.unread_since < frozen_at - timedelta(minutes=recreated.MARGIN_MINUTES - 1)
    assert f"since {noted.unread_since:%Y-%m-%dT%H:%M:%SZ}" in _notes_in(log)[0]


async def test_an_empty_recreated_topic_counts_as_read_to_its_end(plumbing: Plumbing) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _read_the_first_topic(plumbing)
        await recreate_topic(plumbing.cluster, TOPIC)
        await eventually(plumbing.next_offsets, [0, 0])
        await until(plumbing.read_through, lambda moments: None not in moments)
        await eventually(plumbing.lag, {0: 0, 1: 0})


async def test_an_offset_from_before_topic_ids_is_kept_if_its_records_exist(plumbing: Plumbing, log: Mock) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _read_the_first_topic(plumbing)
    known = await plumbing.pool.fetchval("select distinct topic_id from shared.offsets")
    await _forget_ids(plumbing)
    async with plumbing.watched():
        pass
    assert not _notes_in(log)
    assert await plumbing.next_offsets() == [OLD // 2, OLD // 2]
    assert await plumbing.pool.fetchval("select distinct topic_id from shared.offsets") == known is not None


@pytest.mark.parametrize("new", [4, 3 * OLD], ids=["shorter", "longer"])
async def test_an_offset_from_before_topic_ids_is_dropped_if_other_records_exist(
    plumbing: Plumbing, log: Mock, new: int
) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _read_the_first_topic(plumbing)
    await _forget_ids(plumbing)
    await recreate_topic(plumbing.cluster, TOPIC)
    await plumbing.publish(*_records(1_000, 1_000 + new))
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await eventually(lambda: _effects(plumbing), sorted([*_ids(0, OLD), *_ids(1_000, 1_000 + new)]))
    assert len(_notes_in(log)) == 1


@pytest.mark.parametrize("recreated", [False, True], ids=["the same", "another"])
async def test_a_broker_without_topic_ids_is_asked_for_the_records_before_the_offset(
    plumbing: Plumbing, recreated: bool
) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _read_the_first_topic(plumbing)
    await _forget_ids(plumbing)
    if recreated:
        await recreate_topic(plumbing.cluster, TOPIC)
        await plumbing.publish(*_records(1_000, 1_000 + 3 * OLD))
    view = View(plumbing.cluster)
    found = await TopicIds(plumbing.pool, view.last_before, plumbing.cluster.prefix).compare({plumbing.topic: None})
    assert [one.topic for one in found] == ([plumbing.topic] if recreated else [])
    assert await plumbing.next_offsets() == ([0, 0] if recreated else [OLD // 2, OLD // 2])


async def test_a_former_topic_id_changes_nothing(plumbing: Plumbing, log: Mock) -> None:
    """A broker that is cut off from the others still reports it for a while."""
    old, new = (Seen({plumbing.topic: TopicSeen(id, 2)}, frozenset()) for id in (uuid4(), uuid4()))
    with patch.object(View, "look", AsyncMock(side_effect=[old, new, old, new, old])):
        async with plumbing.watched_by_hand() as watch:
            for _ in range(4):
                await watch.look()
    assert len(_notes_in(log)) == 1


async def test_topics_are_seen_without_ids_if_the_broker_has_none(plumbing: Plumbing) -> None:
    with patch("shared.messaging.topics_seen.TopicsRequest.prepare", side_effect=NotImplementedError):
        view = View(plumbing.cluster)
        seen = await view.look([plumbing.topic, "nothing-of-the-kind"], plumbing.cluster.topic(SERVICE))
        await view.close()
    assert seen.topics == {plumbing.topic: TopicSeen(partitions=2), "nothing-of-the-kind": TopicSeen()}


async def test_a_deleted_topic_blocks_and_its_lag_stays_until_it_is_recreated(plumbing: Plumbing) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await _read_the_first_topic(plumbing)
        assert not watched.blocked
        await delete_topic(plumbing.cluster, TOPIC)
        await until(watched.reasons, lambda reasons: reasons == {"topic_missing"})
        assert plumbing.topic in watched.blocked["topic_missing"]
        assert plumbing.blocked() == {"topic_missing"}
        lags = await plumbing.lag()
        assert lags.keys() == {0, 1}
        assert all(math.isnan(lag) for lag in lags.values())
        await create_topic(plumbing.cluster, TOPIC)
        await until(watched.reasons, lambda reasons: not reasons)
        await until(plumbing.read_through, lambda moments: None not in moments)
        await eventually(plumbing.lag, {0: 0, 1: 0})
        await eventually(plumbing.reasons, set())


def _notes_in(log: Mock) -> list[str]:
    return [call.kwargs["do"] for call in log.error.call_args_list if "created again" in call.args[0]]


async def _forget_ids(plumbing: Plumbing) -> None:
    """As in a database of the previous version."""
    await plumbing.pool.execute("update shared.offsets set topic_id = null, begun_at = null")
