"""Kafka records and events (CloudEvents Kafka binding 1.0): `decode_record` in, `encode_record` out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from shared.contracts.envelope import (
    Decoded,
    Envelope,
    Fact,
    Refusal,
    Rejected,
    decode_binary,
    decode_structured,
    encode_binary,
    with_traceparent,
)

Headers: TypeAlias = Iterable[tuple[str, bytes | None]]

_ATTRIBUTES = {
    "ce_specversion": "specversion",
    "ce_id": "id",
    "ce_source": "source",
    "ce_type": "type",
    "ce_subject": "subject",
    "ce_time": "time",
    "ce_dataschema": "dataschema",
    "ce_traceparent": "traceparent",
    "content-type": "datacontenttype",
}
_HEADERS = {attribute: header for header, attribute in _ATTRIBUTES.items()}


@dataclass(frozen=True, slots=True)
class Poison:
    """A record without an acceptable event; `code` is a value of Refusal; `reason` repeats no input."""

    code: str
    reason: str


class Record(Protocol):
    """The members used of aiokafka's ConsumerRecord."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def value(self) -> bytes | None: ...


def decode_record(record: Record, *, topic_prefix: str = "") -> Decoded | Poison:
    """The event of a record, in binary or structured mode, or why there is none. Never raises."""
    topic = record.topic.removeprefix(topic_prefix)
    return decode_message(record.value, record.headers, key=record.key, topic=topic)


def decode_message(value: bytes | None, headers: Headers, *, key: bytes | None, topic: str | None) -> Decoded | Poison:
    """As `decode_record`, from a record's parts; `topic` is the logical one, None where any type may come.

    A record without a `ce_` header is read as structured, with any content type, for publishers such as kcat. A `ce_`
    header sent with two values is refused, as over HTTP: readers disagree on which of them counts. Of other headers the
    last one counts. The standard `traceparent` header takes precedence over `ce_traceparent`: it names the nearer cause
    (CloudEvents Distributed Tracing extension).
    """
    if value is None:
        return Poison(Refusal.TOMBSTONE.value, "the record has no value")
    try:
        decoded = _decoded(value, headers, topic)
    except Rejected as rejected:
        return Poison(rejected.code, rejected.reasons)
    if key == decoded.envelope.subject.encode():
        return decoded
    return replace(decoded, key_matches=False)


def encode_record(event: Envelope[Fact]) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of an event in binary content mode; the key is the subject."""
    attributes, value = encode_binary(event)
    headers = [(_HEADERS[name], text.encode()) for name, text in attributes.items()]
    if event.traceparent is not None:
        headers.append(("traceparent", event.traceparent.encode()))
    return event.subject.encode(), value, headers


def _decoded(value: bytes, headers: Headers, topic: str | None) -> Decoded:
    attributes, traceparent, binary = _read(headers)
    content_type = attributes.get("datacontenttype", "").lower()
    if content_type.startswith("application/cloudevents"):
        if content_type.partition(";")[0].rstrip() != "application/cloudevents+json":
            reason = "of the structured formats only application/cloudevents+json is accepted, one event per record"
            raise Rejected(Refusal.NOT_CLOUDEVENTS, reason, field="content-type")
        binary = False
    if binary:
        if traceparent is not None:
            attributes["traceparent"] = traceparent
        return decode_binary(attributes, value, topic=topic)
    decoded = decode_structured(value, topic=topic)
    if traceparent is None:
        return decoded
    return replace(decoded, envelope=with_traceparent(decoded.envelope, traceparent))


def _read(headers: Headers) -> tuple[dict[str, str], str | None, bool]:
    """Attributes by plain name, the standard `traceparent`, and whether the record is in binary mode."""
    attributes: dict[str, str] = {}
    traceparent: str | None = None
    binary = False
    for name, raw in headers:
        if name.startswith("ce_"):
            binary = True
        attribute = _ATTRIBUTES.get(name)
        if attribute is not None and raw is not None:
            value = _text(raw, attribute)
            if name.startswith("ce_") and attributes.get(attribute, value) != value:
                raise Rejected(Refusal.INVALID_ATTRIBUTE, f"the header {name} must be sent once", field=attribute)
            attributes[attribute] = value
        elif name == "traceparent" and raw is not None:
            traceparent = raw.decode("ascii", "replace")
    return attributes, traceparent, binary


def _text(raw: bytes, attribute: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Rejected(Refusal.INVALID_ATTRIBUTE, f"{attribute} must be UTF-8", field=attribute) from None
