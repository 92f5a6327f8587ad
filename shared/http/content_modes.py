"""The events of a request, by the CloudEvents 1.0 HTTP binding: binary, structured or batched mode."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers

from shared import current_span
from shared.contracts import strict_json
from shared.contracts.envelope import (
    Decoded,
    Refusal,
    Rejected,
    decode_batch,
    decode_binary,
    decode_structured,
    with_traceparent,
)
from shared.http.answers import Problem, RequestRefused, refuse
from shared.messaging.naming import known_type

STRUCTURED_TYPE = "application/cloudevents+json"
BATCHED_TYPE = "application/cloudevents-batch+json"
BINARY_TYPE = "application/json"

_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "dataschema", "traceparent")
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
_NO_ENCODINGS = frozenset({"", "identity"})
_USE = (
    f"use {STRUCTURED_TYPE} for one event, {BATCHED_TYPE} for several, "
    f"or {BINARY_TYPE} with the event's attributes in ce- headers"
)


class ContentMode(Enum):
    BINARY = "binary"
    STRUCTURED = "structured"
    BATCHED = "batched"


def content_mode(headers: Headers) -> ContentMode:
    """The content mode of a request, by its headers alone. Raises RequestRefused (415)."""
    if headers.get("content-encoding", "").strip().lower() not in _NO_ENCODINGS:
        raise refuse(415, "unsupported_encoding", "send the body without Content-Encoding")
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    media_type = media_type.strip().lower()
    if _charset(parameters) not in _CHARSETS:
        raise refuse(415, "unsupported_media_type", "send the body in UTF-8")
    if media_type == STRUCTURED_TYPE:
        return ContentMode.STRUCTURED
    if media_type == BATCHED_TYPE:
        return ContentMode.BATCHED
    if media_type.startswith("application/cloudevents"):
        raise refuse(415, "unsupported_media_type", f"this CloudEvents format is not accepted: {_USE}")
    if _is_json(media_type) or (not media_type and "ce-specversion" in headers):
        return ContentMode.BINARY
    raise refuse(415, "unsupported_media_type", f"this Content-Type is not accepted: {_USE}")


def read_events(mode: ContentMode, headers: Headers, body: bytes, *, topic: str, most: int) -> Sequence[Decoded]:
    """Every event of the request, in order. Raises RequestRefused with every fault of every bad event.

    An event without a trace context gets that of its request's span.
    """
    entries = _entries(mode, headers, body, topic, most)
    problems = [
        Problem(index=index, field=fault.field, code=fault.code, reason=fault.reason)
        for index, entry in enumerate(entries)
        if isinstance(entry, Rejected)
        for fault in entry.faults
    ]
    if problems:
        raise RequestRefused(400, problems)
    traceparent = current_span.current()
    return [_traced(entry, traceparent) for entry in entries if isinstance(entry, Decoded)]


def types_of(mode: ContentMode, headers: Headers, body: bytes) -> list[str]:
    """The types of the events in a request, for the log: each once, and only types of the catalog."""
    if mode is ContentMode.BINARY:
        return [known_type(headers.get("ce-type"))]
    try:
        value = strict_json.parse(body)
    except Rejected:
        return []
    entries = value if isinstance(value, list) else [value]
    return sorted({known_type(entry.get("type")) for entry in entries if isinstance(entry, dict)})


def _entries(mode: ContentMode, headers: Headers, body: bytes, topic: str, most: int) -> Sequence[Decoded | Rejected]:
    if mode is ContentMode.BATCHED:
        return _batch(body, topic, most)
    try:
        if mode is ContentMode.STRUCTURED:
            return [_structured(body, topic)]
        return [decode_binary(_attributes(headers), body, topic=topic)]
    except Rejected as rejected:
        return [rejected]


def _structured(body: bytes, topic: str) -> Decoded:
    try:
        return decode_structured(body, topic=topic)
    except Rejected as rejected:
        if rejected.code == Refusal.NOT_CLOUDEVENTS and body.lstrip().startswith(b"["):
            reason = f"one event is a JSON object; this array is a batch of events: send it as {BATCHED_TYPE}"
            raise Rejected(Refusal.NOT_CLOUDEVENTS, reason) from None
        raise


def _batch(body: bytes, topic: str, most: int) -> Sequence[Decoded | Rejected]:
    try:
        value = strict_json.parse(body)
        if isinstance(value, list) and len(value) > most:  # checked before entries are decoded, which costs time
            raise refuse(413, "batch_too_long", f"a batch holds at most {most} events; send several batches")
        return decode_batch(body, topic=topic)
    except Rejected as rejected:
        raise refuse(400, rejected.code, rejected.reason, field=rejected.field) from None


def _attributes(headers: Headers) -> dict[str, str]:
    """Context attributes by plain name; the content type is the event's `datacontenttype`."""
    if "ce-specversion" not in headers:
        raise Rejected(
            Refusal.NOT_CLOUDEVENTS,
            f"the header ce-specversion is missing; if the body is the whole event, send it as {STRUCTURED_TYPE}",
            field="specversion",
        )
    attributes = {"datacontenttype": headers.get("content-type", BINARY_TYPE)}
    sent: dict[bytes, list[bytes]] = {}
    for name, value in headers.raw:
        sent.setdefault(name.lower(), []).append(value)
    for attribute in _ATTRIBUTES:
        values = sent.get(f"ce-{attribute}".encode(), [])
        if len(values) > 1:
            reason = f"the header ce-{attribute} must be sent once"
            raise Rejected(Refusal.INVALID_ATTRIBUTE, reason, field=attribute)
        if values:
            attributes[attribute] = _decoded_value(values[0], attribute)
    return attributes


def _decoded_value(raw: bytes, attribute: str) -> str:
    """A header value by the binding (section 3.1.3.2): quotes removed, percent-decoded, UTF-8."""
    value = raw.strip(b" \t")
    if len(value) > 1 and value[:1] == value[-1:] == b'"':
        value = _unescaped(value[1:-1])
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        reason = f"the header ce-{attribute} must be percent-encoded UTF-8"
        raise Rejected(Refusal.INVALID_ATTRIBUTE, reason, field=attribute) from None


def _unescaped(value: bytes) -> bytes:
    return b"\\".join(part.replace(b"\\", b"") for part in value.split(b"\\\\"))


def _traced(decoded: Decoded, traceparent: str | None) -> Decoded:
    if traceparent is None or decoded.envelope.traceparent is not None:
        return decoded
    return replace(decoded, envelope=with_traceparent(decoded.envelope, traceparent))


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def _is_json(media_type: str) -> bool:
    return media_type == BINARY_TYPE or (media_type.startswith("application/") and media_type.endswith("+json"))
