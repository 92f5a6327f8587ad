"""Logs that a test can read: their stream, and the restoring of the process's own logging."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog


class LogStream(io.BytesIO):
    """The logged lines."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@contextmanager
def logging_restored() -> Iterator[None]:
    """Restores the hooks and loggers of the test process afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, warnings.showwarning)
    try:
        yield
    finally:
        root.handlers[:], sys.excepthook = before[0], before[2]
        root.setLevel(before[1])
        threading.excepthook, warnings.showwarning = before[3], before[4]
        structlog.reset_defaults()
