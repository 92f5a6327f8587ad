"""Records that nobody can read, or that the service chokes on: each is put aside, and nothing else is."""

from collections.abc import Sequence

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.dead_letters import RecordDeadLettered
from shared.contracts.envelope import Decoded, Envelope, Fact
from shared.contracts.orders_inbound import Line, OrderConfirmed
from shared.messaging.codec import decode_message
from shared.transaction import Transaction
from tests.builders import case_opened, event_of, order_confirmed, order_placed
from tests.streams import DEAD_LETTERS, Plumbing, Raw, confirmed, read_topic, record_of
from tests.waiting import eventually

CANARY = b"canary-of-a-customer"


def _structured(**changes: object) -> bytes:
    event = {
        "specversion": "1.0",
        "id": "s-1",
        "source": "shop",
        "type": OrderConfirmed.type,
        "subject": "c-17",
        "time": "2026-05-04T09:30:00Z",
        "data": {"order": "4711"},
    }
    return orjson.dumps(event | changes)


def _with_header(name: str, value: bytes | None) -> Raw:
    good = confirmed(900)
    return Raw(good.value, good.key, [pair for pair in good.headers if pair[0] != name] + [(name, value)])


POISON = {
    "invalid_json": Raw(b'{"order": ' + CANARY),
    "a value that is not UTF-8": Raw(b"\xff\xfe" + CANARY),
    "a header that is not UTF-8": _with_header("ce_id", b"\xff\xfe" + CANARY),
    "a header without a value": _with_header("ce_id", None),
    "tombstone": Raw(None, b"c-17"),
    "a field of the wrong type": Raw(_structured(data={"order": 17})),
    "data of the wrong type": Raw(_structured(data=["4711"])),
    "unknown_type": Raw(_structured(type="orders.inbound.order_teleported")),
    "a type of another topic": record_of(event_of(case_opened())),
    "a reply address": Raw(b"{}", b"c-17", [("reply_to", b"orders.sales.v1"), ("correlation_id", b"\xff")]),
}


async def test_poison_in_the_middle_of_a_batch_is_put_aside_and_its_neighbours_are_applied(plumbing: Plumbing) -> None:
    records, good = list[Raw](), list[str]()
    for number, poison in enumerate(POISON.values()):
        records += [confirmed(number), poison]
        good.append(f"e-{number}")
    await plumbing.publish(*records)

    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": len(good), "dead_lettered": len(POISON)})
        await plumbing.publish(confirmed(77))
        await eventually(plumbing.effects, [*good, "e-77"])

    assert await plumbing.ledger_offsets() == list(range(len(records) + 1))
    assert await plumbing.committed() == len(records) + 1


async def test_a_dead_letter_keeps_the_bytes_and_tells_the_publisher_what_is_wrong(plumbing: Plumbing) -> None:
    await plumbing.publish(*POISON.values())
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"dead_lettered": len(POISON)})

    letters = await plumbing.dead_letters()
    assert [letter["record_offset"] for letter in letters] == list(range(len(POISON)))
    for letter, poison in zip(letters, POISON.values(), strict=True):
        assert (letter["body"], letter["key"]) == (poison.value, poison.key)
        assert letter["reason"]
        assert CANARY.decode() not in letter["reason"]
    codes = dict(zip(POISON, [letter["code"] for letter in letters], strict=True))
    assert codes == {
        "invalid_json": "invalid_json",
        "a value that is not UTF-8": "invalid_json",
        "a header that is not UTF-8": "invalid_attribute",
        "a header without a value": "missing_attribute",
        "tombstone": "tombstone",
        "a field of the wrong type": "invalid_field",
        "data of the wrong type": "invalid_field",
        "unknown_type": "unknown_type",
        "a type of another topic": "wrong_topic",
        "a reply address": "not_cloudevents",
    }


async def test_a_dead_letter_is_announced_with_its_place_and_reason_and_without_its_bytes(relayed: Plumbing) -> None:
    await relayed.publish(confirmed(1), POISON["invalid_json"], POISON["a header that is not UTF-8"])
    async with relayed.consuming():
        announced = await read_topic(relayed.cluster, DEAD_LETTERS, 2)

    for offset, record in zip((1, 2), announced, strict=True):
        assert CANARY not in (record.value or b"") + b"".join(value or b"" for _, value in record.headers)
        decoded = decode_message(record.value, record.headers, key=record.key, topic=None)
        assert isinstance(decoded, Decoded)
        fact = decoded.envelope.data
        assert isinstance(fact, RecordDeadLettered)
        assert (fact.service, fact.partition, fact.offset) == ("plumbing", 0, offset)


async def test_a_record_the_handler_fails_on_is_put_aside_after_five_attempts_and_the_others_are_applied(
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


async def test_an_event_that_would_cause_one_too_large_to_publish_is_put_aside_with_the_reason(
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


async def test_a_compressed_bomb_is_refused_by_the_broker(plumbing: Plumbing) -> None:
    producer = AIOKafkaProducer(**plumbing.cluster.connection(), compression_type="gzip", max_request_size=9_000_000)
    await producer.start()
    try:
        with pytest.raises(KafkaError):
            await producer.send_and_wait(plumbing.topic, b"0" * 8_000_000, partition=0)
    finally:
        await producer.stop()


async def test_a_record_as_large_as_the_broker_takes_is_put_aside_with_its_bytes(plumbing: Plumbing) -> None:
    large = Raw(b"[" + b"0" * 1_000_000)
    await plumbing.publish(confirmed(1), large, confirmed(2))
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": 2, "dead_lettered": 1})
    (letter,) = await plumbing.dead_letters()
    assert letter["body"] == large.value


async def test_the_same_event_three_times_is_applied_once(plumbing: Plumbing) -> None:
    await plumbing.publish(confirmed(1), confirmed(1))
    async with plumbing.consuming():
        await eventually(plumbing.ledger, {"applied": 1, "duplicate": 1})
        await plumbing.publish(confirmed(1))
        await eventually(plumbing.ledger, {"applied": 1, "duplicate": 2})
    assert await plumbing.effects() == ["e-1"]


async def test_an_id_used_again_for_something_else_is_a_dead_letter_and_the_first_stands(plumbing: Plumbing) -> None:
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
