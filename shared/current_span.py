"""The span in which the current task works; its log lines name the span."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("current_span", default=None)


def current() -> str | None:
    """The traceparent of the span in which this task works."""
    return _current.get()


@contextmanager
def entered(traceparent: str | None) -> Iterator[None]:
    """Work in a span. The previous span is restored at the end, even if the task switches spans in between."""
    before = _current.get()
    _current.set(traceparent)
    try:
        yield
    finally:
        _current.set(before)


def ids() -> dict[str, str]:
    """The ids of trace and span for a log line; empty outside a span."""
    traceparent = _current.get()
    return {} if traceparent is None else {"trace_id": traceparent[3:35], "span_id": traceparent[36:52]}
