"""One rate-limited log stream per process, ours and the libraries': JSON lines, or colours on a terminal.

Start at `configure_logging` and `get_logger`. Of an error only its type, SQLSTATE and frames are written,
never its message: databases and parsers quote the values they choke on.
"""

import logging
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Any, BinaryIO, TextIO, TypeAlias
from uuid import UUID

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from shared import current_span
from shared.log_errors import brief_error, describe_error, place, scrubbed
from shared.log_limit import RateLimit

Logger: TypeAlias = FilteringBoundLogger
_LIBRARY_LEVELS = {
    "aiokafka": logging.WARNING,
    "alembic": logging.INFO,
    "asyncio": logging.WARNING,
    "faststream": logging.WARNING,
    "opentelemetry": logging.WARNING,
    "opentelemetry.context": logging.CRITICAL + 1,  # "failed to detach" says nothing about us
    "sqlalchemy": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,
    "uvicorn": logging.INFO,
    "uvicorn.error": logging.INFO,
    "uvicorn.access": logging.CRITICAL + 1,  # paths can carry sign-in links
}
_FIRST_KEYS = ("at", "level", "service", "logger", "event")
_LIMIT_KEY = "_limit_key"
# Written twice a second as long as it lasts; /readyz and our own log say which topic is gone, and what to do.
_ONCE_A_MINUTE = frozenset({"Topic %s not found in cluster metadata"})
# FastStream warns at each start that it does not create topics: we do, or check that they are there.
_NEVER = frozenset({"Auto create topics is disabled. Make sure the topics exist."})
_LEVELS = ("debug", "info", "warning", "error", "critical")


def get_logger(name: str) -> Logger:
    """A module's logger: constant text, what varies goes in fields (`log.info("sent", alert_id=...)`)."""
    logger: Logger = structlog.get_logger(name)
    return logger


def configure_logging(service: str, level: str = "info", *, stream: BinaryIO | None = None) -> None:
    """Send all logs of this process to one stream (standard output); call once at start, again to change it.

    Give uvicorn `log_config=None` and FastStream `logger=logging.getLogger("faststream")`, or they undo it.
    """
    if level.lower() not in _LEVELS:
        raise ValueError(f"log level {level!r}: use one of {', '.join(_LEVELS)}")
    target = stream or sys.stdout.buffer
    output = _Output(service, console=target.isatty(), limit=RateLimit())
    structlog.configure(
        processors=[output],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda name="": _Stream(target, name),
        cache_logger_on_first_use=False,
    )
    _adopt_libraries(_FromLibraries(output, _Stream(target)))
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    warnings.showwarning = _log_python_warning


class _Stream:
    """Writes whole lines; a stream that is gone or full must not stop the work that logs."""

    def __init__(self, file: BinaryIO, name: str = "") -> None:
        self._file = file
        self.name = name

    def msg(self, line: bytes) -> None:
        with suppress(OSError, ValueError):
            self._file.write(line + b"\n")
            self._file.flush()

    debug = info = warning = error = critical = msg


class _Output:
    """The last processor: makes a line of a log event, or none if its like has been written too often."""

    def __init__(self, service: str, *, console: bool, limit: RateLimit) -> None:
        self._service = service
        self._limit = limit
        self._slow_limit = RateLimit(lines=1, window_seconds=60.0)
        self._render = _console_renderer() if console else _json_line

    def __call__(self, stream: WrappedLogger, method: str, fields: EventDict) -> bytes:
        fields.setdefault("logger", stream.name)
        template = fields.pop(_LIMIT_KEY, None) or str(fields.get("event"))
        if template in _NEVER:
            raise structlog.DropEvent
        limit = self._slow_limit if template in _ONCE_A_MINUTE else self._limit
        allowed, summaries = limit.check(fields["logger"], template)
        lines = [self._suppressed(*summary) for summary in summaries]
        if allowed:
            lines.append(self._line(method, fields))
        if not lines:
            raise structlog.DropEvent
        return b"\n".join(lines)

    def remaining_summaries(self) -> bytes:
        return b"\n".join(
            self._suppressed(*summary) for limit in (self._limit, self._slow_limit) for summary in limit.drain()
        )

    def _suppressed(self, logger: str, event: str, count: int) -> bytes:
        fields: EventDict = {"logger": logger, "event": "suppressed", "like": event, "count": count}
        return self._line("warning", fields)

    def _line(self, level: str, fields: EventDict) -> bytes:
        error = _logged_error(fields.pop("exc_info", None))
        line = {key: _plain(value) for key, value in fields.items()}
        line |= {"at": _now(), "level": level, "service": self._service, **current_span.ids()}
        if error is not None:
            line["error"] = describe_error(error)
        ordered = {key: line.pop(key) for key in _FIRST_KEYS if key in line}
        return self._render(ordered | line)


class _FromLibraries(logging.Handler):
    """Takes the records of standard library loggers into our stream."""

    def __init__(self, output: _Output, stream: _Stream) -> None:
        super().__init__()
        self._output = output
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        level = _LEVELS[min(max(record.levelno // 10, 1), len(_LEVELS)) - 1]
        error = _logged_error(record.exc_info) or sys.exc_info()[1]
        fields: EventDict = {
            "logger": record.name,
            "event": scrubbed(_first_line(record, with_arguments=True), error),
            "exc_info": record.exc_info,
            _LIMIT_KEY: scrubbed(_first_line(record, with_arguments=False), error),
        }
        with suppress(structlog.DropEvent):
            self._stream.msg(self._output(self._stream, level, fields))

    def close(self) -> None:
        if remaining := self._output.remaining_summaries():
            self._stream.msg(remaining)
        super().close()


def _adopt_libraries(handler: _FromLibraries) -> None:
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _FromLibraries)]:
        root.removeHandler(earlier)
        earlier.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name, level in _LIBRARY_LEVELS.items():
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(level)


def _first_line(record: logging.LogRecord, *, with_arguments: bool) -> str:
    """The message to its first line break (asyncio puts whole objects after it), errors reduced to types."""
    arguments = record.args if with_arguments else None
    text = str(record.msg)
    with suppress(TypeError, ValueError, KeyError):
        if isinstance(arguments, Mapping):
            text %= {key: _argument(value) for key, value in arguments.items()}
        elif arguments:
            text %= tuple(_argument(value) for value in arguments)
    return text.partition("\n")[0]


def _argument(value: object) -> object:
    return brief_error(value) if isinstance(value, BaseException) else value


def _logged_error(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _plain(value: object) -> Any:
    """A value fit to print: an object nobody chose to print becomes its type's name, never its contents."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return _plain(value.value)
        case str() | UUID() | PurePath() | Decimal():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case BaseException():
            return brief_error(value)
        case list() | set() | frozenset():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case tuple() if type(value) is tuple:
            return [_plain(item) for item in value]
        case _:
            return f"<{type(value).__qualname__}>"


def _json_line(fields: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(fields)
    except TypeError:  # a lone surrogate or a number past 64 bits
        return orjson.dumps({key: ascii(value) for key, value in fields.items()})


def _console_renderer() -> Callable[[dict[str, Any]], bytes]:
    renderer = structlog.dev.ConsoleRenderer(timestamp_key="at")

    def render(fields: dict[str, Any]) -> bytes:
        error = fields.pop("error", None)
        if error is not None:
            fields["exception"] = orjson.dumps(error, option=orjson.OPT_INDENT_2).decode()
        return str(renderer(None, str(fields["level"]), fields)).encode(errors="backslashreplace")

    return render


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _log_uncaught(_type: type[BaseException], error: BaseException, _frames: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    get_logger("process").critical("ends on an unexpected error", exc_info=error)


def _log_uncaught_in_thread(failed: threading.ExceptHookArgs) -> None:
    get_logger("process").critical("a thread ended on an unexpected error", exc_info=failed.exc_value)


def _log_python_warning(
    message: Warning | str,  # noqa: ARG001 -- quotes values
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    where = f"{place(filename)}:{lineno}"
    get_logger("warnings").warning("python warning", category=category.__qualname__, where=where)
