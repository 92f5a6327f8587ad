"""Reads a batch of Kafka records as a batch of inputs. Each is decoded separately, so none can affect the others."""

from collections.abc import Sequence
from dataclasses import replace

from aiokafka import ConsumerRecord

from shared.breathing import in_breaths
from shared.inputs import Batch, Input, InputKind, Partition, Position, RawMessage, Rejection
from shared.messaging.codec import Poison, decode_record

Records = Sequence["ConsumerRecord[bytes, bytes]"]


async def read_records(records: Records, topic_prefix: str) -> Batch:
    """Every record as an input, or as a rejection if it contains no event."""
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
    """The next offset of each partition after these records, which are in ascending order."""
    last = {(record.topic, record.partition): record.offset for record in records}
    return {Partition(*place): offset + 1 for place, offset in last.items()}


def first_offsets(records: Records) -> dict[Partition, int]:
    """The first offset of each partition in these records, which are in ascending order."""
    first = {(record.topic, record.partition): record.offset for record in reversed(records)}
    return {Partition(*place): offset for place, offset in first.items()}


def portion(batch: Batch, most: int) -> tuple[Batch, Batch | None]:
    """At most `most` of a batch's records, in each partition's order and with their own offsets to store; and the
    rest."""
    entries = _in_order(batch)
    if len(entries) <= most:
        return batch, None
    return _part(batch, entries[:most]), _part(batch, entries[most:])


def split(batch: Batch) -> list[Batch]:
    """One batch per record, in each partition's order, each storing its own offset."""
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
