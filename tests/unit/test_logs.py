"""Logs: one stream, bounded, and free of everything a customer said."""

import asyncio
import dataclasses
import gc
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest
import structlog
from pydantic import BaseModel, ValidationError

from shared.log_errors import brief_error, describe_error, scrubbed
from shared.log_limit import RateLimit
from shared.logs import about_event, configure_logging, get_logger

CANARY = "canary-4711@customer.example"


class _Stream(io.BytesIO):
    terminal = False

    def isatty(self) -> bool:
        return self.terminal

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def restored() -> Iterator[None]:
    """The hooks and loggers of the test process, put back afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook, warnings.showwarning)
    yield
    root.handlers[:], sys.excepthook = before[0], before[2]
    root.setLevel(before[1])
    threading.excepthook, warnings.showwarning = before[3], before[4]
    structlog.reset_defaults()


@pytest.fixture
def stream(restored: None) -> _Stream:
    made = _Stream()
    configure_logging("orders", "info", stream=made)
    return made


class _UniqueViolationError(Exception):
    sqlstate = "23505"
    detail = f"Key (email)=({CANARY}) already exists."


class _SafeError(Exception):
    safe_message = "topic orders.sales.v1 has 3 partitions, 12 are wanted"


class Customer(BaseModel):
    age: int
    email: str = ""


@dataclasses.dataclass
class _Payload:
    words: str


class _Pair(NamedTuple):
    words: str


class _Colour(Enum):
    RED = "red"


def test_a_line_is_json_with_time_level_service_logger_event_and_fields(stream: _Stream) -> None:
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


def test_lines_below_the_level_are_not_written(stream: _Stream) -> None:
    get_logger("shared.relay").debug("polled")
    assert stream.lines() == []


def test_an_unknown_level_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ValueError, match="use one of debug, info"):
        configure_logging("orders", "loud")


def test_a_logger_made_before_configuring_writes_to_the_configured_stream(restored: None) -> None:
    log = get_logger("early")
    stream = _Stream()
    configure_logging("orders", stream=stream)
    log.info("started")
    assert [line["event"] for line in stream.lines()] == ["started"]


def test_lines_about_an_event_carry_its_id_and_trace(stream: _Stream) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with about_event("e-1", traceparent=parent):
        get_logger("x").info("inside")
        logging.getLogger("aiokafka").warning("inside a library")
    get_logger("x").info("outside")
    inside, library, outside = stream.lines()
    assert inside["event_id"] == library["event_id"] == "e-1"
    assert inside["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert "event_id" not in outside


def test_of_an_error_type_sqlstate_and_frames_are_logged_and_never_the_message(stream: _Stream) -> None:
    def save() -> None:
        raise _UniqueViolationError(_UniqueViolationError.detail)

    try:
        try:
            save()
        except _UniqueViolationError as error:
            raise RuntimeError(f"could not save: {error}") from error
    except RuntimeError as error:
        get_logger("x").exception("save failed", reason=error, many=[error])
    (line,) = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert line["reason"] == "RuntimeError"
    assert line["error"]["type"] == "RuntimeError"
    cause = line["error"]["caused_by"]
    assert cause["type"].endswith("_UniqueViolationError")
    assert cause["sqlstate"] == "23505"
    assert [frame.rpartition(":")[2] for frame in cause["frames"]] == [
        "test_of_an_error_type_sqlstate_and_frames_are_logged_and_never_the_message",
        "save",
    ]
    assert cause["frames"][0].startswith("tests/unit/test_logs.py:")


def test_a_database_error_with_a_row_in_its_detail_leaves_only_its_sqlstate(stream: _Stream) -> None:
    fields = {"C": "23505", "M": f"duplicate {CANARY}", "D": f"Key (email)=({CANARY}) already exists."}
    error = asyncpg.exceptions.PostgresError.new(fields)
    assert CANARY in str(error)
    get_logger("x").error("save failed", exc_info=error, error_seen=error)
    logging.getLogger("sqlalchemy.pool").error("Exception during reset: %s", error, exc_info=error)
    ours, library = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert ours["error_seen"] == "asyncpg.exceptions.UniqueViolationError 23505"
    assert ours["error"]["sqlstate"] == library["error"]["sqlstate"] == "23505"


def test_a_validation_error_does_not_quote_its_input(stream: _Stream) -> None:
    with pytest.raises(ValidationError) as caught:
        Customer.model_validate({"age": CANARY})
    get_logger("x").error("rejected", exc_info=caught.value)
    (line,) = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert line["error"]["type"].endswith("ValidationError")


def test_the_members_of_an_error_group_are_described(stream: _Stream) -> None:
    group = ExceptionGroup(CANARY, [ValueError(CANARY), _UniqueViolationError(CANARY)])
    get_logger("x").error("several failed", exc_info=group)
    (line,) = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert [member["type"].rpartition(".")[2] for member in line["error"]["members"]] == [
        "ValueError",
        "_UniqueViolationError",
    ]


def test_an_error_that_promises_a_safe_message_is_logged_with_it() -> None:
    assert describe_error(_SafeError(CANARY))["message"] == _SafeError.safe_message
    assert "message" not in describe_error(ValueError(CANARY))


def test_a_network_error_keeps_its_code() -> None:
    assert brief_error(ConnectionRefusedError(111, CANARY)) == "ConnectionRefusedError ECONNREFUSED"


def test_objects_nobody_chose_to_log_become_the_name_of_their_type(stream: _Stream) -> None:
    get_logger("x").info(
        "seen",
        model=Customer(age=1, email=CANARY),
        payload=_Payload(CANARY),
        pair=_Pair(CANARY),
        body=CANARY.encode(),
        nested={"deep": [Customer(age=1, email=CANARY)]},
    )
    (line,) = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert line["model"] == "<Customer>"
    assert line["nested"] == {"deep": ["<Customer>"]}
    assert line["body"] == "<bytes>"


def test_plain_values_are_logged_as_themselves(stream: _Stream) -> None:
    get_logger("x").info(
        "seen",
        episode=UUID(int=1),
        at_instant=datetime(2026, 5, 4, tzinfo=UTC),
        took=timedelta(seconds=1.5),
        path=Path("a/b"),
        ratio=Decimal("0.5"),
        colour=_Colour.RED,
        several=("a", 1, None, True, 0.5),
    )
    (line,) = stream.lines()
    assert line["episode"] == str(UUID(int=1))
    assert line["at_instant"] == "2026-05-04T00:00:00+00:00"
    assert (line["took"], line["path"], line["ratio"], line["colour"]) == (1.5, "a/b", "0.5", "red")
    assert line["several"] == ["a", 1, None, True, 0.5]


@pytest.mark.parametrize("value", ["\ud800", 2**70, "two\nlines", "\x00\x1b[31m"])
def test_a_strange_value_still_makes_one_line(value: object, stream: _Stream) -> None:
    get_logger("x").info("seen", value=value)
    (line,) = stream.lines()
    assert "seen" in line["event"]


def test_a_library_s_error_arguments_are_reduced_to_their_type(stream: _Stream) -> None:
    error = OSError(111, CANARY)
    logging.getLogger("aiokafka.client").error("Unable connect to node with id %s: %s", 3, error)
    logging.getLogger("aiokafka.client").error("Request failed: %r", error)
    logging.getLogger("aiokafka.client").error("%(why)s", {"why": error})
    assert CANARY.encode() not in stream.getvalue()
    assert [line["event"] for line in stream.lines()] == [
        "Unable connect to node with id 3: ConnectionRefusedError ECONNREFUSED",
        "Request failed: 'ConnectionRefusedError ECONNREFUSED'",
        "ConnectionRefusedError ECONNREFUSED",
    ]


def test_a_library_s_ready_made_text_is_freed_of_the_error_it_is_about(stream: _Stream) -> None:
    log = logging.getLogger("faststream")
    for _ in range(12):
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            log.critical(f"{type(error).__name__}: {error}", exc_info=error)
            log.critical(repr(error))
    configure_logging("orders", stream=io.BytesIO())
    assert CANARY.encode() not in stream.getvalue()
    suppressed = [line for line in stream.lines() if line["event"] == "suppressed"]
    assert [line["count"] for line in suppressed] == [2, 2]


def test_the_chain_of_an_error_is_freed_of_all_its_messages() -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as first:
            raise RuntimeError("outer words") from first
    except RuntimeError as error:
        text = scrubbed(f"failed: outer words ({CANARY})", error)
    assert text == "failed: RuntimeError (ValueError)"


def test_a_task_nobody_awaited_does_not_print_its_error(stream: _Stream) -> None:
    async def fail() -> None:
        raise ValueError(CANARY)

    async def forget() -> None:
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()

    asyncio.run(forget())
    (line,) = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert line["event"] == "Task exception was never retrieved"
    assert line["logger"] == "asyncio"
    assert line["error"]["type"] == "ValueError"


def test_a_library_s_wrong_format_still_makes_a_line(stream: _Stream) -> None:
    wrong = logging.LogRecord("aiokafka", logging.ERROR, __file__, 1, "%d records of %s", ("many",), None)
    (ours,) = (each for each in logging.getLogger().handlers if type(each).__module__ == "shared.logs")
    ours.handle(wrong)
    assert [line["event"] for line in stream.lines()] == ["%d records of %s"]


def test_libraries_are_heard_from_their_level_on(stream: _Stream) -> None:
    logging.getLogger("aiokafka.consumer").info("chatter")
    logging.getLogger("sqlalchemy.engine.Engine").info("SELECT 1")
    logging.getLogger("uvicorn.access").info("GET /sign-in/secret")
    logging.getLogger("opentelemetry.context").error("Failed to detach context")
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
    logging.getLogger("some.other").warning("heard")
    assert [line["event"] for line in stream.lines()] == ["Started server process [1]", "heard"]


def test_handlers_a_library_brought_along_are_taken_off(restored: None) -> None:
    own = io.StringIO()
    logging.getLogger("faststream").addHandler(logging.StreamHandler(own))
    logging.getLogger("faststream").propagate = False
    stream = _Stream()
    configure_logging("orders", stream=stream)
    logging.getLogger("faststream").warning("once")
    assert own.getvalue() == ""
    assert [line["event"] for line in stream.lines()] == ["once"]


def test_configuring_again_moves_the_stream_and_writes_each_line_once(stream: _Stream) -> None:
    second = _Stream()
    configure_logging("support", stream=second)
    logging.getLogger("aiokafka").warning("after")
    assert stream.lines() == []
    assert [line["service"] for line in second.lines()] == ["support"]


def test_the_same_text_is_written_a_few_times_and_then_counted(stream: _Stream) -> None:
    for node in range(600):
        logging.getLogger("aiokafka.client").error("Unable connect to node with id %s", node)
    assert len(stream.lines()) == 10
    configure_logging("orders", stream=io.BytesIO())
    summary = stream.lines()[-1]
    assert len(stream.lines()) == 11
    assert summary["event"] == "suppressed"
    assert summary["like"] == "Unable connect to node with id %s"
    assert summary["count"] == 590


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


def test_ever_new_texts_share_one_window_once_there_are_too_many() -> None:
    limit = RateLimit(lines=1, max_texts=3, clock=lambda: 0.0)
    written = [limit.check("a", f"text {number}")[0] for number in range(100)]
    assert sum(written) == 4
    assert limit.drain() == [("a", "(many different texts)", 96)]


def test_on_a_terminal_lines_are_for_people_and_as_free_of_messages(restored: None) -> None:
    stream = _Stream()
    stream.terminal = True
    configure_logging("orders", stream=stream)
    try:
        raise _UniqueViolationError(CANARY)
    except _UniqueViolationError:
        get_logger("x").exception("save failed", customer=Customer(age=1, email=CANARY))
    text = stream.getvalue().decode()
    assert "save failed" in text
    assert "23505" in text
    assert CANARY not in text
    assert not text.startswith("{")


def test_a_stream_that_is_gone_stops_no_work(restored: None) -> None:
    stream = _Stream()
    configure_logging("orders", stream=stream)
    stream.close()
    get_logger("x").info("said into the void")
    logging.getLogger("aiokafka").warning("too")


def test_an_uncaught_error_ends_in_the_log_without_its_message(
    stream: _Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ValueError(CANARY)
    sys.excepthook(ValueError, error, None)

    def fail() -> None:
        raise error

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert [line["error"]["type"] for line in stream.lines()] == ["ValueError", "ValueError"]
    assert CANARY.encode() not in stream.getvalue()
    assert CANARY not in capsys.readouterr().err


def test_a_python_warning_is_logged_without_its_text(stream: _Stream) -> None:
    warnings.showwarning(UserWarning(CANARY), UserWarning, __file__, 7)
    (line,) = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert line["category"] == "UserWarning"
    assert line["where"] == "tests/unit/test_logs.py:7"
