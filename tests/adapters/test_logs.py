"""Logs: one stream, one format, and a limited rate."""

import io
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from shared.log_limit import RateLimit
from shared.logs import configure_logging, get_logger
from shared.telemetry import batch_span, span
from tests.log_streams import LogStream
from tests.spans import PARENT, TRACE

CANARY = "canary-4711@customer.example"


def test_a_line_is_json_with_time_level_service_logger_event_and_fields(stream: LogStream) -> None:
    get_logger("shared.relay").info("published", count=3)
    (line,) = stream.lines()
    assert datetime.fromisoformat(line.pop("at")).tzinfo is not None
    assert line == {
        "level": "info",
        "service": "orders",
        "logger": "shared.relay",
        "event": "published",
        "count": 3,
    }


def test_a_line_within_a_span_has_the_ids_of_trace_and_span(
    stream: LogStream, traced: Callable[[], list[dict[str, Any]]]
) -> None:
    get_logger("a").info("before")
    with batch_span("process orders.inbound.v1", links=[]) as batch:
        get_logger("a").info("outer")
        with span("inner", parent=PARENT) as inner:
            logging.getLogger("aiokafka").warning("a library's line")
        get_logger("a").info("outer again")
    get_logger("a").info("after")
    outer_ids, inner_ids = ((one.traceparent or "").split("-")[1:3] for one in (batch, inner))
    found = [[line.get("trace_id"), line.get("span_id")] for line in stream.lines()]
    assert found == [[None, None], outer_ids, inner_ids, outer_ids, [None, None]]
    assert inner_ids[0] == TRACE


def test_lines_below_the_level_are_not_written(stream: LogStream) -> None:
    get_logger("shared.relay").debug("polled")
    assert stream.lines() == []


def test_an_unknown_level_is_refused_with_the_existing_ones() -> None:
    with pytest.raises(ValueError, match="use one of debug, info"):
        configure_logging("orders", "loud")


def test_a_logger_made_before_configuring_writes_to_the_configured_stream(restored: None) -> None:
    log = get_logger("early")
    stream = LogStream()
    configure_logging("orders", stream=stream)
    log.info("started")
    assert [line["event"] for line in stream.lines()] == ["started"]


def test_a_library_s_wrong_format_still_makes_a_line(stream: LogStream) -> None:
    wrong = logging.LogRecord("aiokafka", logging.ERROR, __file__, 1, "%d records of %s", ("many",), None)
    (ours,) = (each for each in logging.getLogger().handlers if type(each).__module__ == "shared.logs")
    ours.handle(wrong)
    assert [line["event"] for line in stream.lines()] == ["%d records of %s"]


def test_libraries_are_logged_from_their_level_on(stream: LogStream) -> None:
    logging.getLogger("aiokafka.consumer").info("chatter")
    logging.getLogger("sqlalchemy.engine.Engine").info("SELECT 1")
    logging.getLogger("uvicorn.access").info("GET /sign-in/secret")
    logging.getLogger("opentelemetry.context").error("Failed to detach context")
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
    logging.getLogger("some.other").warning("heard")
    assert [line["event"] for line in stream.lines()] == ["Started server process [1]", "heard"]


def test_a_librarys_groundless_warning_at_each_start_is_left_out(stream: LogStream) -> None:
    logging.getLogger("faststream").warning("Auto create topics is disabled. Make sure the topics exist.")
    assert stream.lines() == []


def test_a_librarys_own_handlers_are_removed(restored: None) -> None:
    own = io.StringIO()
    logging.getLogger("faststream").addHandler(logging.StreamHandler(own))
    logging.getLogger("faststream").propagate = False
    stream = LogStream()
    configure_logging("orders", stream=stream)
    logging.getLogger("faststream").warning("once")
    assert own.getvalue() == ""
    assert [line["event"] for line in stream.lines()] == ["once"]


def test_configuring_again_moves_the_stream_and_writes_each_line_once(stream: LogStream) -> None:
    second = LogStream()
    configure_logging("support", stream=second)
    logging.getLogger("aiokafka").warning("after")
    assert stream.lines() == []
    assert [line["service"] for line in second.lines()] == ["support"]


def test_the_same_text_is_written_a_few_times_and_then_counted(stream: LogStream) -> None:
    for node in range(600):
        logging.getLogger("aiokafka.client").error("Unable connect to node with id %s", node)
    assert len(stream.lines()) == 10
    configure_logging("orders", stream=io.BytesIO())
    summary = stream.lines()[-1]
    assert len(stream.lines()) == 11
    assert summary["event"] == "suppressed"
    assert summary["like"] == "Unable connect to node with id %s"
    assert summary["count"] == 590


def test_a_deleted_topic_is_logged_once_a_minute(stream: LogStream) -> None:
    for _ in range(120):
        logging.getLogger("aiokafka").error("Topic %s not found in cluster metadata", "orders.sales.v1")
    assert [line["event"] for line in stream.lines()] == ["Topic orders.sales.v1 not found in cluster metadata"]
    configure_logging("orders", stream=io.BytesIO())
    assert (stream.lines()[-1]["event"], stream.lines()[-1]["count"]) == ("suppressed", 119)


def test_the_limit_counts_per_logger_and_text_and_starts_over_after_the_window() -> None:
    now = 0.0
    limit = RateLimit(lines=2, window_seconds=10, clock=lambda: now)
    assert [limit.check("a", "x")[0] for _ in range(4)] == [True, True, False, False]
    assert limit.check("b", "x") == (True, [])
    assert limit.check("a", "y") == (True, [])
    now = 9.9
    assert limit.check("a", "x") == (False, [])
    now = 10.0
    assert limit.check("a", "x") == (True, [("a", "x", 3)])
    assert limit.check("a", "x") == (True, [])


def test_a_summary_comes_with_the_next_line_of_any_logger() -> None:
    now = 0.0
    limit = RateLimit(lines=1, clock=lambda: now)
    limit.check("a", "x")
    limit.check("a", "x")
    now = 11.0
    assert limit.check("b", "other") == (True, [("a", "x", 1)])
    assert limit.drain() == []


def test_new_texts_share_one_window_once_there_are_too_many() -> None:
    limit = RateLimit(lines=1, max_texts=3, clock=lambda: 0.0)
    written = [limit.check("a", f"text {number}")[0] for number in range(100)]
    assert sum(written) == 4
    assert limit.drain() == [("a", "(many different texts)", 96)]


def test_a_closed_stream_stops_no_work(restored: None) -> None:
    stream = LogStream()
    configure_logging("orders", stream=stream)
    stream.close()
    get_logger("x").info("said into the void")
    logging.getLogger("aiokafka").warning("too")
