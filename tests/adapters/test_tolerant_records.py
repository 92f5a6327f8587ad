"""aiokafka fails on header names that are not UTF-8, which our reader accepts, and loses records at unreadable ones."""

import asyncio
import struct
from collections.abc import Iterator
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from shared.inputs import Partition
from shared.messaging import tolerant_records
from shared.messaging.tolerant_records import TolerantRecords, TolerantResult

_CRC_AT, _CHECKED_FROM = 17, 21


@pytest.fixture(autouse=True)
def _nothing_failed_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tolerant_records, "_failures", {})


@pytest.mark.parametrize("codec", [0, 1, 2, 3, 4], ids=["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_compression_of_kafka_is_read(codec: int) -> None:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=10_000,
    )
    builder.append(0, timestamp=0, key=b"c-1", value=b"{}" * 1_000, headers=[("ce_id", b"1")])
    batch = TolerantRecords(bytes(builder.build())).next_batch()
    assert [record.value for record in batch] == [b"{}" * 1_000]


def batch_with_header_names(*names: bytes) -> bytes:
    """A record batch (message format v2) with one record for each name, all of the same length."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=10_000,
    )
    for offset, name in enumerate(names):
        builder.append(offset, timestamp=0, key=b"c-1", value=b"{}", headers=[("~" * len(name), b"x")])
    content = bytes(builder.build())
    for name in names:
        content = content.replace(b"~" * len(name), name, 1)
    return content[:_CRC_AT] + struct.pack(">I", calc_crc32c(content[_CHECKED_FROM:])) + content[_CHECKED_FROM:]


def header_names(content: bytes) -> list[str]:
    records = TolerantRecords(content)
    batch = records.next_batch()
    assert batch.validate_crc()
    return [record.headers[0][0] for record in batch]


def test_a_header_name_that_is_not_utf8_is_read_with_escapes_and_its_neighbours_are_kept() -> None:
    assert header_names(batch_with_header_names(b"good", b"\xff\xfe\x80!", b"fine")) == [
        "good",
        "\\xff\\xfe\\x80!",
        "fine",
    ]


def test_ordinary_header_names_are_read_unchanged() -> None:
    assert header_names(batch_with_header_names(b"ce_id", b"ce_im")) == ["ce_id", "ce_im"]


class Stored:
    """A partition's records as aiokafka iterates over them: offsets from 0, up to an unreadable batch."""

    def __init__(self, readable: int, *, damaged: bool) -> None:
        self.next_fetch_offset = 0
        self._records = self._unpack(readable, damaged)

    def __iter__(self) -> "Stored":
        return self

    def __next__(self) -> int:
        return next(self._records)

    def _unpack(self, readable: int, damaged: bool) -> Iterator[int]:
        for offset in range(readable):
            self.next_fetch_offset = offset + 1
            yield offset
        if damaged:
            raise CorruptRecordException("Invalid CRC")


class Fetched:
    """aiokafka's fetcher after a response with two partitions: 0 is good, 1 has an unreadable batch."""

    def __init__(self, before: int) -> None:
        self.positions = {number: SimpleNamespace(paused=False, position=0) for number in (0, 1)}
        self._records = {
            TopicPartition("sales", 0): self._result(0, Stored(3, damaged=False)),
            TopicPartition("sales", 1): self._result(1, Stored(before, damaged=True)),
        }
        self._subscriptions = SimpleNamespace(reassignment_in_progress=False)
        self._wait_consume_future = None
        self._closed = False

    def _result(self, number: int, stored: Stored) -> Any:
        state = self.positions[number]
        state.consumed_to = lambda offset: setattr(state, "position", offset)
        assignment = SimpleNamespace(active=True, state_value=lambda _: state)
        place = TopicPartition("sales", number)
        return TolerantResult(place, assignment=assignment, partition_records=stored, backoff=0)

    def _notify(self, _future: object) -> None:
        return

    async def take(self) -> dict[int, list[int]]:
        taken = await Fetcher.fetched_records(self, ())
        return {place.partition: records for place, records in taken.items()}


@pytest.mark.parametrize("before", [0, 2])
async def test_an_unreadable_batch_loses_no_record_before_it_or_of_another_partition(
    before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiokafka.consumer.fetcher.FetchResult", TolerantResult)
    monkeypatch.setattr(tolerant_records, "_PAUSE_SECONDS", 0.01)
    fetched = Fetched(before)
    assert await fetched.take() == {0: [0, 1, 2]} | ({1: [0, 1]} if before else {})
    assert {number: state.position for number, state in fetched.positions.items()} == {0: 3, 1: before}
    assert tolerant_records.unreadable() == {Partition("sales", 1): f"offset {before} (CorruptRecordException)"}
    assert await fetched.take() == {}
    assert list(fetched._records) == [TopicPartition("sales", 1)], "no other fetch follows before a pause"
    await asyncio.sleep(0.02)
    assert await fetched.take() == {}
    assert fetched._records == {}, "it is fetched again"
    fetched._records = {TopicPartition("sales", 1): fetched._result(1, mended(before))}
    assert await fetched.take() == {1: [before]}
    assert tolerant_records.unreadable() == {}


@pytest.mark.parametrize(("failed_at_seconds", "known"), [(inf, True), (-inf, False)], ids=["still", "long ago"])
def test_a_partition_that_does_not_fail_any_more_is_forgotten(failed_at_seconds: float, known: bool) -> None:
    tolerant_records._failures[Partition("sales", 7)] = "offset 4 (CorruptRecordException)", failed_at_seconds
    assert (Partition("sales", 7) in tolerant_records.unreadable()) == known


def mended(offset: int) -> Stored:
    """The same partition, once its batch can be read."""
    stored = Stored(offset + 1, damaged=False)
    for _ in range(offset):
        next(stored)
    stored.next_fetch_offset = offset
    return stored
