"""Reads header names that are not UTF-8, at which aiokafka stops for ever and skips the records before.

Call `install()` at the start of a worker, before its consumer. Such header names get backslash escapes.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


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


def install() -> None:
    fetcher.MemoryRecords = TolerantRecords
