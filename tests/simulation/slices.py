"""When long work lets other tasks have a turn: after so many items, however slow the machine is.

`shared.breathing` measures the CPU time of a thread. With that clock a slow machine would let other processes go on in
the middle of a batch, and play another history of the same seed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

from shared import breathing


@contextmanager
def slices_of(items: int | None) -> Iterator[None]:
    """Work pauses after this many items instead of a slice of CPU time; None: never. No transaction takes too long."""
    each = 0.0 if items is None else breathing.SLICE_SECONDS / (items + 0.5)
    spent = 0.0

    def thread_time() -> float:
        nonlocal spent
        spent += each
        return spent

    with patch.object(breathing, "time", SimpleNamespace(thread_time=thread_time, monotonic=lambda: 0.0)):
        yield
