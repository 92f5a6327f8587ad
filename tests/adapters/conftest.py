"""Logging and tracing for the tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.logs import configure_logging
from shared.telemetry import configure_tracing
from tests.log_streams import LogStream, logging_restored
from tests.spans import written_spans


@pytest.fixture
def restored() -> Iterator[None]:
    with logging_restored():
        yield


@pytest.fixture
def stream(restored: None) -> LogStream:
    """The stream to which a service named orders logs."""
    made = LogStream()
    configure_logging("orders", "info", stream=made)
    return made


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Tracing into a directory; calling the fixture ends it and returns the output."""
    tracing = configure_tracing("orders", otlp_endpoint=None, directory=tmp_path)
    assert tracing is not None

    def finish() -> list[dict[str, Any]]:
        tracing.shutdown()
        return written_spans(tmp_path)

    yield finish
    tracing.shutdown()


@pytest.fixture
def untraced() -> None:
    configure_tracing("orders", otlp_endpoint=None, directory=None)
