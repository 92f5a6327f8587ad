"""Kafka records in both modes become events or poison, for any headers, keys and values."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from shared.contracts.envelope import Decoded, envelope
from shared.contracts.support_inbound import RefundRequested
from shared.messaging.codec import Poison, decode_record, encode_record
from tests.unit.events import ATTRIBUTES

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NEARER = "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01"


@dataclass(frozen=True)
class Record:
    """A record as aiokafka returns it."""

    topic: str = "blue.support.inbound.v1"
    key: bytes | None = b"c-17"
    headers: tuple[tuple[str, bytes | None], ...] = ()
    value: bytes | None = b"{}"


EVENT = envelope(
    RefundRequested(case="CS-1", words="Geld zurück"),
    id="e-1",
    source="desk.example/cases",
    subject="c-17",
    time=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    traceparent=TRACE,
)
KEY, VALUE, HEADERS = encode_record(EVENT)
BINARY = Record(headers=tuple(HEADERS), value=VALUE)
DATA = {"case": "CS-1", "kind": "dissatisfaction", "words": "Geld zurück"}
STRUCTURED = Record(value=json.dumps({**ATTRIBUTES, "data": DATA}).encode())


def read(record: Record) -> Decoded:
    outcome = decode_record(record, topic_prefix="blue.")
    assert isinstance(outcome, Decoded), outcome
    return outcome


def poison(record: Record) -> Poison:
    outcome = decode_record(record, topic_prefix="blue.")
    assert isinstance(outcome, Poison)
    return outcome


def _with_header(record: Record, name: str, value: bytes | None) -> Record:
    return replace(record, headers=(*record.headers, (name, value)))


def test_a_written_event_is_read_as_itself() -> None:
    assert KEY == b"c-17"
    assert read(BINARY).envelope == EVENT
    assert encode_record(read(BINARY).envelope) == (KEY, VALUE, HEADERS)


def test_attributes_travel_as_headers_and_the_trace_context_also_under_its_standard_name() -> None:
    assert dict(HEADERS) == {
        "ce_specversion": b"1.0",
        "ce_id": b"e-1",
        "ce_source": b"desk.example/cases",
        "ce_type": b"support.inbound.refund_requested",
        "ce_subject": b"c-17",
        "ce_time": b"2026-05-04T09:30:00Z",
        "ce_dataschema": b"urn:handoff:support.inbound.refund_requested:1",
        "ce_traceparent": TRACE.encode(),
        "traceparent": TRACE.encode(),
        "content-type": b"application/json",
    }


@pytest.mark.parametrize("content_type", [None, b"application/cloudevents+json; charset=UTF-8", b"text/plain"])
def test_a_structured_record_is_read_with_or_without_its_content_type(content_type: bytes | None) -> None:
    reported = read(_with_header(STRUCTURED, "content-type", content_type))
    assert reported.digest == read(BINARY).digest
    assert reported.envelope == EVENT.model_copy(update={"traceparent": None})


def test_the_content_type_decides_the_mode_if_attributes_are_in_both_places() -> None:
    both = Record(value=STRUCTURED.value, headers=(*HEADERS[:7], ("content-type", b"application/cloudevents+json")))
    assert read(both).digest == read(BINARY).digest


@pytest.mark.parametrize("record", [BINARY, STRUCTURED], ids=["binary", "structured"])
def test_the_standard_trace_context_takes_precedence_over_the_attribute(record: Record) -> None:
    assert read(_with_header(record, "traceparent", NEARER.encode())).envelope.traceparent == NEARER


def test_an_unreadable_trace_context_in_a_structured_record_is_dropped() -> None:
    assert read(_with_header(STRUCTURED, "traceparent", b"\xff")).envelope.traceparent is None


@pytest.mark.parametrize("key", [None, b"", b"c-18", b"\xff\xfe"])
def test_a_record_with_another_key_is_accepted_and_reported(key: bytes | None) -> None:
    reported = read(replace(BINARY, key=key))
    assert reported == replace(read(BINARY), key_matches=False)


def test_a_foreign_header_is_ignored_with_any_value() -> None:
    strange: list[tuple[str, bytes | None]] = [("shop", b"\xff"), ("ce_extension", b"\xff"), ("", None)]
    headers = (*HEADERS, *strange, *((f"x-{number}", b"1") for number in range(1_000)))
    assert read(replace(BINARY, headers=headers)) == read(BINARY)


def test_a_header_without_value_counts_as_missing() -> None:
    assert read(_with_header(BINARY, "ce_dataschema", None)) == read(BINARY)
    assert poison(Record(headers=(("ce_specversion", None),))).code == "not_cloudevents"


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_traceparent"])
def test_an_attribute_sent_with_two_values_is_refused_as_over_http(name: str) -> None:
    refused = poison(_with_header(BINARY, name, b"other"))
    assert (refused.code, refused.reason) == ("invalid_attribute", f"the header {name} must be sent once")


def test_an_attribute_sent_twice_with_one_value_has_that_value() -> None:
    assert read(_with_header(BINARY, "ce_id", b"e-1")) == read(BINARY)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        pytest.param(replace(BINARY, value=None), "tombstone", id="tombstone"),
        pytest.param(replace(BINARY, value=b""), "invalid_json", id="empty value"),
        pytest.param(_with_header(BINARY, "ce_id", b"\xff"), "invalid_attribute", id="header not UTF-8"),
        pytest.param(
            replace(BINARY, headers=tuple({**dict(HEADERS), "ce_type": b"x.y"}.items())),
            "unknown_type",
            id="unknown type",
        ),
        pytest.param(replace(BINARY, topic="blue.support.cases.v1"), "wrong_topic", id="another topic"),
        pytest.param(replace(BINARY, topic="green.support.inbound.v1"), "wrong_topic", id="another prefix"),
        pytest.param(Record(value=b"hello"), "invalid_json", id="no event at all"),
        pytest.param(Record(value=b'{"order": 1}'), "not_cloudevents", id="bare JSON"),
        pytest.param(Record(value=b"[{}]"), "not_cloudevents", id="bare array"),
        pytest.param(
            _with_header(STRUCTURED, "content-type", b"application/cloudevents-batch+json"),
            "not_cloudevents",
            id="batch",
        ),
        pytest.param(
            _with_header(STRUCTURED, "content-type", b"application/cloudevents+avro"),
            "not_cloudevents",
            id="avro",
        ),
    ],
)
def test_a_record_without_an_acceptable_event_is_poison(record: Record, code: str) -> None:
    assert poison(record).code == code
