"""A batch or a dead letter of a deleted topic changes nothing of the recreated one."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from shared.database import TopicRecreated
from shared.inputs import Batch, InputKind, Partition, Position
from shared.messaging.topic_ids import TopicIds
from shared.transaction import Transaction
from tests.builders import batch_of, order_confirmed
from tests.raw_records import Raw, confirmed
from tests.streams import TOPIC, Plumbing
from tests.topics import recreate_topic
from tests.waiting import eventually, until


async def test_a_batch_of_the_old_topic_stores_nothing_once_the_topic_is_known_as_recreated(
    plumbing: Plumbing,
) -> None:
    """A process that fell behind holds the batch while another process finds the topic recreated."""
    first, second = uuid4(), uuid4()
    await _find(plumbing, first)
    await plumbing.processor().apply(_batch(plumbing, 0, 10, first))
    await _find(plumbing, second)
    for begun in (0, 10):
        with pytest.raises(TopicRecreated):
            await plumbing.processor().apply(_batch(plumbing, begun, begun + 10, first))
    assert await plumbing.next_offsets() == [0, 0]
    await plumbing.processor().apply(_batch(plumbing, 0, 5, second))
    assert await plumbing.next_offsets() == [5, 0]


async def test_a_topic_found_recreated_in_the_middle_of_a_batch_has_it_refused(plumbing: Plumbing) -> None:
    first, second = uuid4(), uuid4()
    await _find(plumbing, first)

    async def hook(_tx: Transaction, _events: object) -> None:
        await _find(plumbing, second)

    plumbing.hook = hook
    with pytest.raises(TopicRecreated):
        await plumbing.processor().apply(_batch(plumbing, 0, 10, first))
    assert (await plumbing.next_offsets(), await plumbing.effects()) == ([0, 0], [])


async def test_a_ledger_entry_of_the_old_topic_makes_room_and_keeps_its_dead_letter(
    plumbing: Plumbing,
) -> None:
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        await plumbing.publish(Raw(b"{first"), confirmed(0), confirmed(1, partition=1))
        await eventually(plumbing.ledger, {"dead_lettered": 1, "applied": 2})
        await recreate_topic(plumbing.cluster, TOPIC)
        await plumbing.publish(Raw(b"{other"), Raw(b"{third"))
        await until(plumbing.dead_letters, lambda letters: len(letters) == 3)
        await eventually(plumbing.next_offsets, [2, 0])
        old, _ = sorted(await plumbing.dead_letters(), key=lambda letter: letter["received_at"])[:2]
    assert {letter["body"] for letter in await plumbing.dead_letters()} == {b"{first", b"{other", b"{third"}
    assert await plumbing.outcomes() == {0: "dead_lettered", 1: "dead_lettered"}

    await plumbing.processor().apply(
        replace(_batch(plumbing, 0, 1, None), next_offsets={}, known_offsets={}, replays=old["id"])
    )
    assert (await plumbing.outcomes())[0] == "dead_lettered", "the old topic's letter changed the new topic's entry"


async def _find(plumbing: Plumbing, id: UUID) -> None:
    """A process sees the topic with this id."""

    async def no_tail(_partition: Partition, _offset: int, _count: int) -> None:
        return None

    await TopicIds(plumbing.pool, no_tail).compare({plumbing.topic: id})


def _batch(plumbing: Plumbing, first: int, last: int, topic_id: UUID | None) -> Batch:
    """A batch of the first partition that follows the offset `first`."""
    partition = Partition(plumbing.topic, 0)
    reported = batch_of(*(order_confirmed(f"o-{topic_id}-{number}") for number in range(first, last)))
    inputs = [
        replace(one, kind=InputKind.RECORD, position=Position(*partition, number))
        for number, one in enumerate(reported.inputs, start=first)
    ]
    return Batch(
        inputs,
        next_offsets={partition: last},
        known_offsets={partition: first},
        topic_ids={partition: topic_id},
    )
