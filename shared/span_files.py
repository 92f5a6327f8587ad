"""Finished spans as JSON lines on one machine, for where no collector runs; `handoff trace` reads them."""

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

import orjson
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

MAX_FILE_BYTES = 64 * 1024 * 1024
KEPT_FILES = 20


class SpanFile(SpanExporter):
    """Appends to `<service>-<pid>.jsonl`; a full file becomes `….old.jsonl`, replacing the one before it."""

    def __init__(self, service: str, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._service = service
        self._path = directory / f"{service}-{os.getpid()}.jsonl"
        self._full = self._path.with_suffix(".old.jsonl")
        _forget_oldest(service, directory)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            with self._path.open("ab") as file:
                file.write(b"".join(_line(self._service, span) for span in spans))
                size = file.tell()
            if size >= MAX_FILE_BYTES:
                self._path.replace(self._full)
        except OSError as error:
            logging.getLogger(__name__).warning("spans not written to the trace directory: %s", error)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def _line(service: str, span: ReadableSpan) -> bytes:
    context = span.get_span_context()
    assert context is not None
    return orjson.dumps(
        {
            "trace_id": f"{context.trace_id:032x}",
            "span_id": f"{context.span_id:016x}",
            "parent_id": None if span.parent is None else f"{span.parent.span_id:016x}",
            "service": service,
            "name": span.name,
            "started_ns": span.start_time,
            "ended_ns": span.end_time,
            "failed": span.status.status_code is StatusCode.ERROR,
            "attributes": dict(span.attributes or {}),
            "links": [f"{link.context.trace_id:032x}-{link.context.span_id:016x}" for link in span.links],
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _forget_oldest(service: str, directory: Path) -> None:
    """Delete old files, as every start makes one; the newest files of this service stay."""
    own = re.compile(re.escape(service) + r"-\d+(\.old)?\.jsonl")
    files = sorted(
        (path for path in directory.iterdir() if own.fullmatch(path.name)),
        key=_modified_at,
        reverse=True,
    )
    for path in files[KEPT_FILES:]:
        path.unlink(missing_ok=True)


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process of the service is starting too
        return 0.0
