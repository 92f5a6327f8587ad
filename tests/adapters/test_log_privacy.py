"""Logs contain nothing a customer said: errors, objects and libraries are reduced to their safe parts."""

import asyncio
import dataclasses
import gc
import io
import logging
import sys
import threading
import warnings
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest
from pydantic import BaseModel, ValidationError

from shared.log_errors import brief_error, describe_error, scrubbed
from shared.logs import configure_logging, get_logger
from tests.log_streams import LogStream

CANARY = "canary-4711@customer.example"


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


def test_an_error_is_logged_by_type_sqlstate_and_frames_without_its_message(stream: LogStream) -> None:
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
        "test_an_error_is_logged_by_type_sqlstate_and_frames_without_its_message",
        "save",
    ]
    assert cause["frames"][0].startswith("tests/adapters/test_log_privacy.py:")


def test_a_database_error_with_a_row_in_its_detail_leaves_only_its_sqlstate(stream: LogStream) -> None:
    fields = {"C": "23505", "M": f"duplicate {CANARY}", "D": f"Key (email)=({CANARY}) already exists."}
    error = asyncpg.exceptions.PostgresError.new(fields)
    assert CANARY in str(error)
    get_logger("x").error("save failed", exc_info=error, error_seen=error)
    logging.getLogger("sqlalchemy.pool").error("Exception during reset: %s", error, exc_info=error)
    ours, library = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert ours["error_seen"] == "asyncpg.exceptions.UniqueViolationError 23505"
    assert ours["error"]["sqlstate"] == library["error"]["sqlstate"] == "23505"


def test_a_validation_error_does_not_quote_its_input(stream: LogStream) -> None:
    with pytest.raises(ValidationError) as caught:
        Customer.model_validate({"age": CANARY})
    get_logger("x").error("rejected", exc_info=caught.value)
    (line,) = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert line["error"]["type"].endswith("ValidationError")


def test_the_members_of_an_error_group_are_described(stream: LogStream) -> None:
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


def test_objects_not_meant_for_logging_become_the_name_of_their_type(stream: LogStream) -> None:
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


def test_plain_values_are_logged_as_themselves(stream: LogStream) -> None:
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
def test_a_strange_value_still_makes_one_line(value: object, stream: LogStream) -> None:
    get_logger("x").info("seen", value=value)
    (line,) = stream.lines()
    assert "seen" in line["event"]


def test_a_library_s_error_arguments_are_reduced_to_their_type(stream: LogStream) -> None:
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


def test_a_library_s_formatted_text_is_stripped_of_its_error(stream: LogStream) -> None:
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


def test_the_chain_of_an_error_is_stripped_of_all_its_messages() -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as first:
            raise RuntimeError("outer words") from first
    except RuntimeError as error:
        text = scrubbed(f"failed: outer words ({CANARY})", error)
    assert text == "failed: RuntimeError (ValueError)"


def test_an_unawaited_task_does_not_print_its_error(stream: LogStream) -> None:
    async def fail() -> None:
        raise ValueError(CANARY)

    async def forget() -> None:
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()

    gc.collect()  # warnings left over from earlier tests appear now
    before = len(stream.lines())
    asyncio.run(forget())
    (line,) = stream.lines()[before:]
    assert CANARY.encode() not in stream.getvalue()
    assert line["event"] == "Task exception was never retrieved"
    assert line["logger"] == "asyncio"
    assert line["error"]["type"] == "ValueError"


def test_on_a_terminal_lines_are_readable_and_equally_free_of_messages(restored: None) -> None:
    stream = LogStream()
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


def test_an_uncaught_error_ends_in_the_log_without_its_message(
    stream: LogStream, capsys: pytest.CaptureFixture[str]
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


def test_a_python_warning_is_logged_without_its_text(stream: LogStream) -> None:
    warnings.showwarning(UserWarning(CANARY), UserWarning, __file__, 7)
    (line,) = stream.lines()
    assert CANARY.encode() not in stream.getvalue()
    assert line["category"] == "UserWarning"
    assert line["where"] == "tests/adapters/test_log_privacy.py:7"
