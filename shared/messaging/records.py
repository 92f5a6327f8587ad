"""A batch of Kafka records as a batch of inputs: each decoded by itself, none able to spoil its neighbours."""

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from shared.inputs import Batch, Input, InputKind, Partition, Position, RawMessage, Rejection
from shared.messaging.codec import Poison, decode_record

Records = Sequence["ConsumerRecord[bytes, bytes]"]


def read_records(records: Records, topic_prefix: str) -> Batch:
    """Every record as an input or, where there is no event in it, as a rejection."""
    inputs, rejections = list[Input](), list[Rejection]()
    for record in records:
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


def split(batch: Batch) -> list[Batch]:
    """One batch a record, in each partition's order, each storing its own offset."""
    known = batch.known_offsets, batch.topic_ids
    singles = [(one.position, Batch([one], (), _after(one.position), *known)) for one in batch.inputs]
    singles += [(one.position, Batch((), [one], _after(one.position), *known)) for one in batch.rejections]
    return [single for _, single in sorted(singles, key=lambda pair: pair[0] or ())]


def _after(position: Position | None) -> dict[Partition, int]:
    return {Partition(position.topic, position.partition): position.offset + 1} if position else {}
