"""Records on which the service fails, and repeated ones: each ends once and blocks nothing else."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import orjson
import pytest
from aiokafka.errors import CorruptRecordException

from shared.contracts.envelope import Envelope, Fact
from shared.contracts.order_parts import Line
from shared.messaging import tolerant_records
from shared.messaging.consumer import Consumer
from shared.transaction import Transaction
from tests.builders import event_of, order_confirmed, order_placed
from tests.raw_records import Raw, confirmed, record_of
from tests.streams import Plumbing
from tests.waiting import eventually


async def test_a_record_the_handler_fails_on_becomes_a_dead_letter_after_five_attempts_and_the_others_are_applied(
    plumbing: Plumbing,
) -> None:
    attempts = 0

    async def choke(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        nonlocal attempts
        if any(event.subject == "c-bad" for event in events):
            attempts += len(events) == 1
            await tx.connection.execute("select 1 / 0")

    plumbing.hook = choke
    await plumbing.publish(*(confirmed(number, account="c-bad" if number == 5 else "c-17") for number in range(10)))
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": 9, "dead_lettered": 1})
        await plumbing.publish(confirmed(10))
        await eventually(plumbing.ledger, {"applied": 10, "dead_lettered": 1})

    assert await plumbing.effects() == [f"e-{number}" for number in range(11) if number != 5]
    assert attempts == 5
    (letter,) = await plumbing.dead_letters()
    assert (letter["code"], letter["record_offset"]) == ("not_applicable", 5)


async def test_an_event_that_is_refused_by_the_handler_is_a_dead_letter_with_its_reason(plumbing: Plumbing) -> None:
    async def refuse(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        for event in events:
            if event.id == "e-1":
                tx.reject(event, "contradicts_order", "the order was told otherwise before")

    plumbing.hook = refuse
    await plumbing.publish(*(confirmed(number) for number in range(3)))
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": 2, "dead_lettered": 1})
    (letter,) = await plumbing.dead_letters()
    assert (letter["code"], letter["reason"]) == ("contradicts_order", "the order was told otherwise before")
    assert await plumbing.pool.fetchval("select count(*) from shared.journal") == 2


async def test_an_event_that_would_cause_one_too_large_to_publish_is_a_dead_letter_with_the_reason(
    plumbing: Plumbing,
) -> None:
    large = order_placed(lines=[Line(product="😀" * 500)] * 500)

    async def publish(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        for event in events:
            if event.subject == "c-large":
                tx.publish(large, cause=event)

    plumbing.hook = publish
    await plumbing.publish(*(confirmed(number, account="c-large" if number == 1 else "c-17") for number in range(3)))
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": 2, "dead_lettered": 1})
    (letter,) = await plumbing.dead_letters()
    assert "over the limit of 900000" in letter["reason"]
    assert await plumbing.pool.fetchval("select count(*) from shared.outbox where topic not like '%dead%'") == 0


async def test_the_same_event_three_times_is_applied_once(plumbing: Plumbing) -> None:
    await plumbing.publish(confirmed(1), confirmed(1))
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": 1, "duplicate": 1})
        await plumbing.publish(confirmed(1))
        await eventually(plumbing.ledger, {"applied": 1, "duplicate": 2})
    assert await plumbing.effects() == ["e-1"]


async def test_a_reused_id_is_a_dead_letter_and_the_first_event_stands(plumbing: Plumbing) -> None:
    first = record_of(event_of(order_confirmed("4711"), id="e-1"))
    other = record_of(event_of(order_confirmed("4712"), id="e-1"))
    await plumbing.publish(first, other)
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": 1, "dead_lettered": 1})
        await plumbing.publish(other, first)
        await eventually(plumbing.ledger, {"applied": 1, "dead_lettered": 2, "duplicate": 1})

    assert [letter["code"] for letter in await plumbing.dead_letters()] == ["id_reused", "id_reused"]
    body = await plumbing.pool.fetchval("select body from shared.journal")
    assert orjson.loads(body) == {"order": "4711"}


async def test_one_id_for_two_accounts_at_the_same_moment_is_applied_for_one_of_them(plumbing: Plumbing) -> None:
    one = record_of(event_of(order_confirmed("4711"), id="e-1", subject="c-1"))
    two = record_of(event_of(order_confirmed("4711"), id="e-1", subject="c-2"), partition=1)
    await plumbing.publish(one, two)
    async with plumbing.consuming(), plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": 1, "dead_lettered": 1})
    assert await plumbing.effects() == ["e-1"]


async def test_a_batch_that_cannot_be_read_blocks_its_own_partition_until_it_can(
    plumbing: Plumbing, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = tolerant_records._TolerantBatch.__iter__

    def fail(batch: tolerant_records._TolerantBatch) -> Iterator[Any]:
        if b"c-damaged" in bytes(batch._content):
            raise CorruptRecordException("Invalid CRC")
        return read(batch)

    monkeypatch.setattr(tolerant_records._TolerantBatch, "__iter__", fail)
    await plumbing.publish(_sale("e-damaged", "c-damaged", 1))
    expected = set[str]()
    async with plumbing.watched() as watched:
        await watched.consumer.start()
        for number in range(20):
            expected.add(f"e-{number}")
            await plumbing.publish(_sale(f"e-{number}", "c-17", 0))
        await eventually(plumbing.ledger, {"applied": 20})
        await eventually(partial(_blocked, plumbing), {"records_unreadable"})
        assert list(tolerant_records.unreadable().values()) == ["offset 0 (CorruptRecordException)"]
        await eventually(partial(_stalled, watched.consumer), False)  # a restart would not help
        healthy = next(one for one in watched.consumer.subscriber.consumer.assignment() if one.partition == 0)
        watched.consumer.subscriber.consumer.pause(healthy)
        await plumbing.publish(_sale("e-20", "c-17", 0))
        await eventually(partial(_stalled, watched.consumer), True)
        watched.consumer.subscriber.consumer.resume(healthy)
        monkeypatch.undo()
        await eventually(plumbing.ledger, {"applied": 22})
        await eventually(partial(_blocked, plumbing), set())
    assert set(await plumbing.effects()) == expected | {"e-20", "e-damaged"}


def _sale(id: str, account: str, partition: int) -> Raw:
    return record_of(event_of(order_confirmed("4711"), id=id, subject=account), partition=partition)


async def _blocked(plumbing: Plumbing) -> set[str]:
    return plumbing.blocked()


async def _stalled(consumer: Consumer) -> bool:
    return consumer.stalled(limit_seconds=0.2)
