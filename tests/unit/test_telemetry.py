"""Traces: what is exported, what never is, and that nothing about them can stop a service."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from opentelemetry import trace as otel
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared.span_files import KEPT_FILES
from shared.telemetry import (
    Attribute,
    Tracing,
    UnknownAttributeError,
    batch_span,
    configure_tracing,
    delivery_span,
    span,
    start_effect_span,
    valid_traceparent,
)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
MALFORMED = [
    "",
    "nonsense",
    PARENT.upper(),
    PARENT + "-more",
    PARENT + "\n",
    PARENT[:-1],
    f"ff-{TRACE}-00f067aa0ba902b7-01",
    f"00-{'0' * 32}-00f067aa0ba902b7-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE}-00f067aa0ba902b7-zz",
    "00-٤bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "\x00" * 55,
]


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Tracing into a directory; calling the fixture ends it and gives what was written."""
    tracing = configure_tracing("orders", otlp_endpoint=None, directory=tmp_path)
    assert tracing is not None

    def finish() -> list[dict[str, Any]]:
        tracing.shutdown()
        return _written(tmp_path)

    yield finish
    tracing.shutdown()


@pytest.fixture
def untraced() -> None:
    configure_tracing("orders", otlp_endpoint=None, directory=None)


def _written(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in directory.glob("*.jsonl") for line in path.read_text().splitlines()]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_traceparent_is_recognised(text: str) -> None:
    assert not valid_traceparent(text)


@pytest.mark.parametrize("text", [PARENT, PARENT[:-2] + "00", f"01-{PARENT[3:]}"])
def test_a_proper_traceparent_is_recognised(text: str) -> None:
    assert valid_traceparent(text)


@pytest.mark.parametrize("text", [*MALFORMED, None])
def test_a_malformed_traceparent_starts_a_new_root_and_never_raises(
    text: str | None, traced: Callable[[], list[dict[str, Any]]]
) -> None:
    effect = start_effect_span("support.refund_requested", parent=text)
    effect.end()
    (written,) = traced()
    assert written["parent_id"] is None
    assert valid_traceparent(effect.traceparent)


def test_an_effect_continues_the_trace_of_the_record_that_caused_it(
    traced: Callable[[], list[dict[str, Any]]],
) -> None:
    first = start_effect_span("support.refund_requested", parent=PARENT)
    second = start_effect_span("escalation.alert_raised", parent=first.traceparent)
    second.end()
    first.end()
    spans = {written["name"]: written for written in traced()}
    assert first.trace_id == second.trace_id == TRACE
    assert spans["support.refund_requested"]["parent_id"] == PARENT[36:52]
    assert spans["escalation.alert_raised"]["parent_id"] == spans["support.refund_requested"]["span_id"]
    assert second.traceparent == f"00-{TRACE}-{spans['escalation.alert_raised']['span_id']}-01"


def test_a_span_started_for_work_already_under_way_keeps_the_time_given(
    traced: Callable[[], list[dict[str, Any]]],
) -> None:
    began_ns = time.time_ns() - 50_000_000
    start_effect_span("orders.order_placed", parent=None, start_time_ns=began_ns).end()
    (written,) = traced()
    assert written["started_ns"] == began_ns
    assert written["ended_ns"] - began_ns >= 50_000_000


def test_a_trace_kept_locally_is_whole_even_if_its_publisher_did_not_sample(
    traced: Callable[[], list[dict[str, Any]]],
) -> None:
    start_effect_span("orders.order_placed", parent=PARENT[:-2] + "00").end()
    assert len(traced()) == 1


def test_without_tracing_the_parent_travels_on_unchanged(untraced: None) -> None:
    effect = start_effect_span("orders.order_placed", parent=PARENT, attributes={Attribute.EVENT_ID: "e-1"})
    effect.note({Attribute.OUTCOME: "applied"})
    effect.end()
    assert effect.traceparent == PARENT
    with span("relay", parent=PARENT) as running, delivery_span("email", parent=running.traceparent) as sent:
        assert sent.traceparent == PARENT
    with batch_span("batch", links=[PARENT, "nonsense", None]) as batch:
        assert batch.traceparent is None


@pytest.mark.parametrize("text", [*MALFORMED, None])
def test_without_tracing_a_malformed_parent_does_not_travel_on(text: str | None, untraced: None) -> None:
    assert start_effect_span("orders.order_placed", parent=text).traceparent is None


def test_all_links_of_a_full_batch_are_kept(traced: Callable[[], list[dict[str, Any]]]) -> None:
    links = [f"00-{TRACE}-{number:016x}-01" for number in range(1, 501)]
    with batch_span(
        "process orders.sales.v1",
        links=[*links, *links, *MALFORMED, None],
        attributes={Attribute.BATCH_COUNT: 500, Attribute.OPERATION_TYPE: "process"},
    ):
        pass
    (written,) = traced()
    assert written["links"] == [f"{TRACE}-{number:016x}" for number in range(1, 501)]
    assert written["parent_id"] is None
    assert written["attributes"] == {
        "messaging.batch.message_count": 500,
        "messaging.operation.type": "process",
    }


def test_ids_and_counts_are_written_as_attributes(traced: Callable[[], list[dict[str, Any]]]) -> None:
    alert = UUID("00000000-0000-0000-0000-00000000000a")
    with delivery_span("email", parent=PARENT, attributes={Attribute.ALERT_ID: alert}) as sent:
        sent.note({Attribute.ATTEMPT: 2, Attribute.OUTCOME: "sent", Attribute.EVENT_ID: "e-\ud800-é"})
    (written,) = traced()
    assert written["attributes"] == {
        "handoff.alert_id": str(alert),
        "handoff.channel": "email",
        "handoff.attempt": 2,
        "handoff.outcome": "sent",
        "cloudevents.event_id": "e-?-é",
    }


@pytest.mark.parametrize("directory", [True, False])
def test_an_attribute_outside_the_list_is_refused_with_and_without_tracing(directory: bool, tmp_path: Path) -> None:
    tracing = configure_tracing("orders", otlp_endpoint=None, directory=tmp_path if directory else None)
    words: Any = {"customer.words": "I want my money back"}
    with pytest.raises(UnknownAttributeError, match=r"customer\.words"):
        start_effect_span("support.refund_requested", parent=None, attributes=words)
    with pytest.raises(UnknownAttributeError):
        start_effect_span("support.refund_requested", parent=None).note(words)
    if tracing is not None:
        tracing.shutdown()


class _DatabaseError(Exception):
    sqlstate = "23505"


def test_of_an_error_a_span_keeps_type_and_sqlstate_and_not_the_message(
    traced: Callable[[], list[dict[str, Any]]],
) -> None:
    with pytest.raises(_DatabaseError), span("save", parent=None):
        raise _DatabaseError("Key (email)=(canary@customer.example) already exists")
    (written,) = traced()
    assert written["failed"]
    assert written["attributes"] == {"error.type": "_DatabaseError", "db.response.status_code": "23505"}
    assert "canary" not in json.dumps(written)


def test_a_span_ends_once_and_takes_nothing_afterwards(traced: Callable[[], list[dict[str, Any]]]) -> None:
    effect = start_effect_span("orders.order_placed", parent=None)
    effect.end()
    effect.end(ValueError("late"))
    effect.note({Attribute.OUTCOME: "applied"})
    (written,) = traced()
    assert not written["failed"]
    assert written["attributes"] == {}


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


def test_shutdown_ends_in_time_when_the_collector_hangs_and_the_local_file_is_still_written(
    tmp_path: Path,
) -> None:
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        endpoint = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        tracing = configure_tracing("orders", otlp_endpoint=endpoint, directory=tmp_path)
        assert tracing is not None
        start_effect_span("orders.order_placed", parent=PARENT).end()
        began = time.monotonic()
        tracing.shutdown(timeout_seconds=0.3)
        assert time.monotonic() - began < 1.0
    assert len(_written(tmp_path)) == 1


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
    assert [written["service"] for written in _written(tmp_path)] == ["support"]


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
    assert "orders" in [value.value.string_value for value in resource.resource.attributes]
    assert resource.scope_spans[0].spans[0].trace_id.hex() == TRACE


def test_the_global_tracer_provider_is_left_alone(traced: Callable[[], list[dict[str, Any]]]) -> None:
    otel.get_tracer("a web framework").start_span("GET /sign-in/secret").end()
    assert traced() == []
