"""The destinations of spans, none of which can stop a service."""

import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared.span_files import KEPT_FILES
from shared.telemetry import (
    Tracing,
    configure_tracing,
    start_effect_span,
)
from tests.spans import PARENT, TRACE, written_spans


def test_a_full_span_file_starts_over_and_one_old_file_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.span_files.MAX_FILE_BYTES", 2_000)
    for _ in range(20):
        tracing = configure_tracing("orders", otlp_endpoint=None, directory=tmp_path)
        assert tracing is not None
        for _ in range(3):
            start_effect_span("orders.order_placed", parent=PARENT).end()
        tracing.shutdown()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"orders-{os.getpid()}.jsonl", f"orders-{os.getpid()}.old.jsonl"}
    assert all(path.stat().st_size < 4_000 for path in tmp_path.iterdir())


def test_only_the_newest_files_of_a_service_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT_FILES + 5):
        old = tmp_path / f"orders-{number}.jsonl"
        old.write_text("")
        os.utime(old, (number, number))
    others = [tmp_path / "support-1.jsonl", tmp_path / "orders-notes.jsonl"]
    for other in others:
        other.write_text("")
        os.utime(other, (0, 0))
    tracing = configure_tracing("orders", otlp_endpoint=None, directory=tmp_path)
    assert tracing is not None
    tracing.shutdown()
    assert not (tmp_path / "orders-4.jsonl").exists()
    assert (tmp_path / "orders-5.jsonl").exists()
    assert all(other.exists() for other in others)


def test_a_trace_directory_that_cannot_be_written_stops_no_work(tmp_path: Path) -> None:
    directory = tmp_path / "traces"
    tracing = configure_tracing("orders", otlp_endpoint=None, directory=directory)
    assert tracing is not None
    directory.rmdir()
    directory.write_text("in the way")
    start_effect_span("orders.order_placed", parent=PARENT).end()
    tracing.shutdown()


def test_shutdown_does_not_wait_for_a_collector_that_hangs_and_the_local_file_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "60")
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        others = set(threading.enumerate())
        endpoint = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        tracing = configure_tracing("orders", otlp_endpoint=endpoint, directory=tmp_path)
        assert tracing is not None
        start_effect_span("orders.order_placed", parent=PARENT).end()
        tracing.shutdown(timeout_seconds=1)
        assert len(written_spans(tmp_path)) == 1
        still_exporting = set(threading.enumerate()) - others
        assert still_exporting != set()
        _answer_one(hanging)  # otherwise it retries during the next tests
        for thread in still_exporting:
            thread.join()


def test_after_shutdown_spans_cost_nothing_and_the_parent_travels_on(tmp_path: Path) -> None:
    tracing = configure_tracing("orders", otlp_endpoint=None, directory=tmp_path)
    assert tracing is not None
    tracing.shutdown()
    assert start_effect_span("orders.order_placed", parent=PARENT).traceparent == PARENT


def test_shutting_down_an_earlier_tracing_leaves_the_current_one_on(tmp_path: Path) -> None:
    earlier = configure_tracing("orders", otlp_endpoint=None, directory=tmp_path)
    current = configure_tracing("support", otlp_endpoint=None, directory=tmp_path)
    assert earlier is not None
    assert isinstance(current, Tracing)
    earlier.shutdown()
    start_effect_span("support.case_opened", parent=None).end()
    current.shutdown()
    assert [written["service"] for written in written_spans(tmp_path)] == ["support"]


@pytest.mark.parametrize("path", ["", "/", "/v1/traces"])
def test_spans_reach_a_collector_over_otlp_http(path: str) -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}{path}"
        tracing = configure_tracing("orders", otlp_endpoint=endpoint, directory=None)
        assert tracing is not None
        start_effect_span("orders.order_placed", parent=PARENT).end()
        tracing.shutdown()
        server.shutdown()
    ((requested, body),) = received
    assert requested == "/v1/traces"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    about = {value.key: value.value.string_value for value in resource.resource.attributes}
    assert about["service.name"] == "orders"
    assert about["service.namespace"] == "handoff"
    assert about["service.version"] == "0.1.0"
    assert resource.scope_spans[0].scope.name == "handoff"
    assert resource.scope_spans[0].scope.version == "0.1.0"
    assert resource.scope_spans[0].spans[0].trace_id.hex() == TRACE


def _answer_one(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
