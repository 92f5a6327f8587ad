"""Reads what aiokafka cannot, and keeps the records around what nobody can read.

Call `install()` at the start of a worker, before its consumer. Header names that are not UTF-8 get backslash escapes. A
batch that cannot be read at all (damaged, or compressed in an unknown way) stops its own partition, which is fetched
again after a pause and named by `unreadable`. aiokafka instead raises out of the call that has already taken records of
other partitions and moved their positions: these records would never be applied.
"""

import time
from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

from shared.inputs import Partition

_PAUSE_SECONDS = 1.0
_FORGOTTEN_AFTER_SECONDS = 30.0

_failures: dict[Partition, tuple[str, float]] = {}


def unreadable() -> dict[Partition, str]:
    """The partitions that stand at a batch that cannot be read, with the first offset not read and the error's class.

    Each is fetched again all the time. One that has not failed for a while is read elsewhere, or its records are gone.
    """
    since = time.monotonic() - _FORGOTTEN_AFTER_SECONDS
    return {partition: place for partition, (place, failed_at) in _failures.items() if failed_at > since}


class _Slice(bytearray):
    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)


class _Buffer(bytearray):
    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return _Slice(part) if isinstance(index, slice) else part


class _TolerantBatch:
    """A record batch, read by aiokafka's fast parser, or by its Python parser if the fast one fails."""

    def __init__(self, content: Any) -> None:
        self._content = content
        self._batch = DefaultRecordBatch(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        """The first record of a control batch, a transaction's marker."""
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            batch = _DefaultRecordBatchPy(self._content)
            batch._maybe_uncompress()
            batch._buffer = _Buffer(batch._buffer)
            return iter(batch)


class TolerantRecords(_MemoryRecordsPy):  # type: ignore[misc]
    """The records of one fetched partition."""

    def next_batch(self, *args: Any) -> Any:
        content = self._next_slice
        if content is None or content[self.MAGIC_OFFSET] < 2:
            return super().next_batch(*args)
        self._cache_next()
        return _TolerantBatch(content)


class TolerantResult(fetcher.FetchResult):  # type: ignore[misc]
    """What was fetched of one partition. An unreadable batch ends it; the records before are returned."""

    _partition_records: Any
    _failed_at_seconds: float | None = None

    def getall(self, max_records: int | None = None) -> list[Any]:
        if self._failed_at_seconds is not None:
            if time.monotonic() - self._failed_at_seconds > _PAUSE_SECONDS:
                self._partition_records = None  # so it is fetched again
            return []
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        records: list[Any] = []
        try:
            while max_records is None or len(records) < max_records:
                records.append(next(self._partition_records))
        except StopIteration:
            self._update_position()
            self._partition_records = None
        except Exception as error:  # noqa: BLE001 - raised, it would lose records of other partitions
            self._update_position()
            self._fail(error)
            return records
        else:
            self._update_position()
        _failures.pop(Partition(*self._topic_partition), None)
        return records

    def _fail(self, error: Exception) -> None:
        self._failed_at_seconds = time.monotonic()
        offset = self._partition_records.next_fetch_offset
        place = f"offset {offset} ({type(error).__name__})"
        _failures[Partition(*self._topic_partition)] = place, self._failed_at_seconds


def install() -> None:
    fetcher.MemoryRecords = TolerantRecords
    fetcher.FetchResult = TolerantResult
