"""A batch of Kafka records as a batch of inputs: each decoded by itself, none able to spoil its neighbours."""

from collections.abc import Sequence
from dataclasses import replace

from aiokafka import ConsumerRecord

from shared.breathing import in_breaths
from shared.inputs import Batch, Input, InputKind, Partition, Position, RawMessage, Rejection
from shared.messaging.codec import Poison, decode_record

Records = Sequence["ConsumerRecord[bytes, bytes]"]


async def read_records(records: Records, topic_prefix: str) -> Batch:
    """Every record as an input or, where there is no event in it, as a rejection."""
    inputs, rejections = list[Input](), list[Rejection]()
    async for record in in_breaths(records):
        decoded = decode_record(record, topic_prefix=topic_prefix)
        raw = RawMessage(record.topic, record.key, record.headers, record.value)
        position = Position(record.topic, record.partition, record.offset)
        if isinstance(decoded, Poison):
            rejections.append(Rejection(decoded.code, decoded.reason, raw, position))
        else:
            envelope, body, digest = decoded.envelope, decoded.body, decoded.digest
            given = (raw, position, decoded.key_matches, decoded.ignored)
            inputs.append(Input(envelope, body, digest, InputKind.RECORD, *given))
    return Batch(inputs, rejections, next_offsets(records))


def next_offsets(records: Records) -> dict[Partition, int]:
    """Where each partition goes on after these records, of which the offsets grow."""
    last = {(record.topic, record.partition): record.offset for record in records}
    return {Partition(*place): offset + 1 for place, offset in last.items()}


def first_offsets(records: Records) -> dict[Partition, int]:
    """Where each partition begins in these records, of which the offsets grow."""
    first = {(record.topic, record.partition): record.offset for record in reversed(records)}
    return {Partition(*place): offset for place, offset in first.items()}


def portion(batch: Batch, most: int) -> tuple[Batch, Batch | None]:
    """At most so many of a batch's records, in each partition's order and storing their own offsets; and the rest."""
    entries = _in_order(batch)
    if len(entries) <= most:
        return batch, None
    return _part(batch, entries[:most]), _part(batch, entries[most:])


def split(batch: Batch) -> list[Batch]:
    """One batch a record, in each partition's order, each storing its own offset."""
    return [_part(batch, [one]) for one in _in_order(batch)]


def _in_order(batch: Batch) -> list[Input | Rejection]:
    entries: list[Input | Rejection] = [*batch.inputs, *batch.rejections]
    return sorted(entries, key=lambda one: one.position or ())


def _part(batch: Batch, entries: Sequence[Input | Rejection]) -> Batch:
    positions = [one.position for one in entries if one.position is not None]
    after = {Partition(position.topic, position.partition): position.offset + 1 for position in positions}
    inputs = [one for one in entries if isinstance(one, Input)]
    rejections = [one for one in entries if isinstance(one, Rejection)]
    return replace(batch, inputs=inputs, rejections=rejections, next_offsets=after)
