"""The CloudEvents SDK reads our events, and we read the SDK's, over Kafka and over HTTP."""

import json
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from cloudevents.core.bindings import http, kafka
from cloudevents.core.v1.event import CloudEvent

from shared.contracts.envelope import Decoded, decode_binary, decode_structured, encode_binary, envelope
from shared.contracts.support_inbound import Person, RefundRequested
from shared.messaging.codec import decode_message, encode_record

FACT = RefundRequested(case="CS-1", words='Geld "zurück" – 100 % ☕', by=Person(name="Zoë"))
EVENT = envelope(
    FACT,
    id="e 1/ä",
    source="desk.example/cases",
    subject="c-17 €",
    time=datetime(2026, 5, 4, 9, 30, 0, 250000, tzinfo=UTC),
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
)
REPORTED = CloudEvent(
    {
        "specversion": "1.0",
        "id": EVENT.id,
        "source": EVENT.source,
        "type": EVENT.type,
        "subject": EVENT.subject,
        "time": EVENT.time,
        "datacontenttype": "application/json",
        "traceparent": EVENT.traceparent,
        "partitionkey": EVENT.subject,
    },
    json.loads(FACT.model_dump_json(exclude_none=True)),
)


def _attributes_of_http(headers: dict[str, str]) -> dict[str, str]:
    """As an HTTP binding maps them: without `ce-`, percent-decoded; content-type is datacontenttype."""
    named = {name.lower(): unquote(value) for name, value in headers.items()}
    attributes = {name.removeprefix("ce-"): value for name, value in named.items() if name.startswith("ce-")}
    return attributes | {"datacontenttype": named["content-type"]}


def _check(reported: CloudEvent) -> None:
    assert (reported.get_id(), reported.get_source(), reported.get_type()) == (EVENT.id, EVENT.source, EVENT.type)
    assert (reported.get_subject(), reported.get_time()) == (EVENT.subject, EVENT.time)
    assert reported.get_dataschema() == FACT.dataschema()
    assert reported.get_extension("traceparent") == EVENT.traceparent
    assert reported.get_data() == REPORTED.get_data()


def test_the_sdk_reads_our_kafka_records() -> None:
    key, value, headers = encode_record(EVENT)
    reported = kafka.from_binary_event(kafka.KafkaMessage(dict(headers), key, value))
    assert isinstance(reported, CloudEvent)
    _check(reported)
    assert reported.get_extension("partitionkey") == EVENT.subject


def test_the_sdk_reads_our_events_over_http() -> None:
    attributes, body = encode_binary(EVENT)
    headers = {f"ce-{name}": http._encode_header_value(value) for name, value in attributes.items()}
    headers["content-type"] = headers.pop("ce-datacontenttype")
    reported = http.from_binary_event(http.HTTPMessage(headers, body))
    assert isinstance(reported, CloudEvent)
    _check(reported)


@pytest.mark.parametrize("write", [kafka.to_binary_event, kafka.to_structured_event], ids=["binary", "structured"])
def test_we_read_kafka_records_of_the_sdk(write: object) -> None:
    assert callable(write)
    message = write(REPORTED)
    key = message.key.encode()
    reported = decode_message(message.value, message.headers.items(), key=key, topic="support.inbound.v1")
    assert isinstance(reported, Decoded)
    assert reported.envelope == EVENT
    assert reported.key_matches


def test_we_read_http_events_of_the_sdk_in_binary_mode() -> None:
    message = http.to_binary_event(REPORTED)
    assert decode_binary(_attributes_of_http(message.headers), message.body, topic=None).envelope == EVENT


def test_we_read_http_events_of_the_sdk_in_structured_mode() -> None:
    assert decode_structured(http.to_structured_event(REPORTED).body, topic=None).envelope == EVENT
