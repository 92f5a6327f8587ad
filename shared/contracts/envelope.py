"""The envelope of every event, CloudEvents 1.0: `envelope` makes one, `decode_binary` reads one."""

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, SerializeAsAny, ValidationError

from shared.contracts import strict_json
from shared.contracts.catalog import fact_class
from shared.contracts.fact import Fact
from shared.contracts.fields import Id, Instant
from shared.contracts.rejected import Refusal, Rejected, rejected_attribute, rejected_field

__all__ = [
    "Decoded",
    "Envelope",
    "Fact",
    "Refusal",
    "Rejected",
    "decode_batch",
    "decode_binary",
    "decode_structured",
    "encode_binary",
    "envelope",
    "with_traceparent",
]

D = TypeVar("D", bound=Fact, covariant=True)
F = TypeVar("F", bound=Fact)

_VALIDATED = ("id", "source", "type", "subject", "time")
_READ = (*_VALIDATED, "specversion", "datacontenttype", "dataschema", "traceparent")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_JSON_TYPE = re.compile(r"\s*application/([a-z0-9.+_-]+\+)?json\s*(;.*)?", re.ASCII | re.IGNORECASE)


class Envelope(BaseModel, Generic[D]):
    """One event, known by (source, id); `time` is UTC.

    The subject is the account's id, or the salesperson's for a fact about a salesperson. Never ask
    isinstance(event, Envelope[X]): look at the class of `data`.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: Id
    source: Id
    type: str
    subject: Id
    time: Instant
    traceparent: str | None = None
    data: SerializeAsAny[D]

    @property
    def lock_key(self) -> str:
        """What a transaction locks before it acts on this event, like "account:c-17"."""
        return f"{self.data.about}:{self.subject}"


def envelope(
    fact: F, *, id: str, source: str, subject: str, time: datetime, traceparent: str | None = None
) -> Envelope[F]:
    """A fact in its envelope, with the type its class names.

    Raises pydantic's ValidationError where a value is out of its limits.
    """
    return Envelope(
        id=id, source=source, type=fact.type, subject=subject, time=time, traceparent=traceparent, data=fact
    )


def with_traceparent(event: Envelope[F], traceparent: str) -> Envelope[F]:
    """The event with another trace context; an ill-formed one (W3C Trace Context 3.2) changes nothing."""
    if not _TRACEPARENT.fullmatch(traceparent):
        return event
    return event.model_copy(update={"traceparent": traceparent})


def encode_binary(event: Envelope[Fact]) -> tuple[dict[str, str], bytes]:
    """An event in binary content mode: attributes by plain name, and body. Equal events, equal bytes."""
    fact = event.data
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": _rfc3339(event.time),
        "datacontenttype": "application/json",
        "dataschema": fact.dataschema(),
    }
    if event.traceparent is not None:
        attributes["traceparent"] = event.traceparent
    return attributes, fact.__pydantic_serializer__.to_json(fact, by_alias=True, exclude_none=True)


@dataclass(frozen=True, slots=True)
class Decoded:
    """An accepted event.

    `body` is its data as JSON bytes: as received, or as taken out of a structured envelope. `digest` is the
    SHA-256 of type, subject, time and canonical data: equal for one event told twice. `key_matches` is False
    where it came as a Kafka record without the subject as its key.
    """

    envelope: Envelope[Fact]
    body: bytes
    digest: bytes
    key_matches: bool = True


def decode_binary(attributes: Mapping[str, str], body: bytes, *, topic: str | None) -> Decoded:
    """An event of binary content mode: context attributes by plain name ("id"), data as body.

    Extension attributes are ignored but for `traceparent` (Distributed Tracing extension); an ill-formed one
    is dropped, as W3C Trace Context section 3.2 has it. A missing `datacontenttype` means JSON, a missing
    `dataschema` version 1. `topic` is the logical topic it came by, None where any type may come.
    Raises Rejected, and nothing else.
    """
    return _decode(_checked_type(attributes, topic), attributes, body, strict_json.parse(body))


def _decode(fact_type: type[Fact], attributes: Mapping[str, str], body: bytes, value: object) -> Decoded:
    """An event whose data is `value`, written as `body`."""
    if not isinstance(value, dict):
        raise Rejected(Refusal.INVALID_FIELD, "data must be a JSON object", field="data")
    canonical = strict_json.canonical(value)
    try:
        fact = fact_type.__pydantic_validator__.validate_json(body, strict=True)
    except ValidationError as error:
        raise rejected_field(error.errors(include_url=False, include_input=False)[0]) from None
    event = _event(attributes, fact)
    head = f"{event.type}\0{event.subject}\0{_rfc3339(event.time)}\0".encode()
    return Decoded(event, body, hashlib.sha256(head + canonical).digest())


def decode_structured(body: bytes, *, topic: str | None) -> Decoded:
    """An event of structured content mode: attributes and data in one object (JSON event format section 3).

    Raises Rejected, and nothing else.
    """
    return _decode_object(strict_json.parse(body), topic)


def decode_batch(body: bytes, *, topic: str | None) -> list[Decoded | Rejected]:
    """Each event of a batch (JSON event format section 4), or why it is refused, in their order.

    Raises Rejected where the body is no JSON array.
    """
    entries = strict_json.parse(body)
    if not isinstance(entries, list):
        raise Rejected(Refusal.NOT_CLOUDEVENTS, "the body must be a JSON array of events")
    return [_decoded_or_rejected(entry, topic) for entry in entries]


def _decoded_or_rejected(entry: object, topic: str | None) -> Decoded | Rejected:
    try:
        return _decode_object(entry, topic)
    except Rejected as rejected:
        return rejected


def _decode_object(value: object, topic: str | None) -> Decoded:
    if not isinstance(value, dict):
        raise Rejected(Refusal.NOT_CLOUDEVENTS, "the event must be a JSON object")
    attributes = {name: value[name] for name in _READ if value.get(name) is not None}
    for name, attribute in attributes.items():
        if not isinstance(attribute, str):
            raise Rejected(Refusal.INVALID_ATTRIBUTE, f"{name} must be a string", field=name)
    fact_type = _checked_type(attributes, topic)
    return _decode(fact_type, attributes, *_data(value))


def _data(value: Mapping[str, object]) -> tuple[bytes, object]:
    """The data of a structured event as bytes, and what they say."""
    encoded = value.get("data_base64")
    if encoded is None:
        if "data" not in value:
            raise Rejected(Refusal.MISSING_FIELD, "data is required", field="data")
        return strict_json.written(value["data"]), value["data"]
    if "data" in value:
        raise Rejected(Refusal.NOT_CLOUDEVENTS, "there must be data or data_base64, not both", field="data_base64")
    try:
        body = b64decode(cast(str, encoded), validate=True)
    except (ValueError, TypeError):
        raise Rejected(Refusal.INVALID_FIELD, "data_base64 must be Base64", field="data_base64") from None
    return body, strict_json.parse(body)


def _checked_type(attributes: Mapping[str, str], topic: str | None) -> type[Fact]:
    if "specversion" not in attributes:
        raise Rejected(Refusal.NOT_CLOUDEVENTS, "specversion is required", field="specversion")
    if attributes["specversion"] != "1.0":
        raise Rejected(Refusal.NOT_CLOUDEVENTS, "specversion must be 1.0", field="specversion")
    if "type" not in attributes:
        raise Rejected(Refusal.MISSING_ATTRIBUTE, "type is required", field="type")
    fact_type = fact_class(attributes["type"], topic=topic)
    schema = fact_type.dataschema()
    if attributes.get("dataschema", schema) != schema:
        raise Rejected(Refusal.UNKNOWN_VERSION, f"dataschema must be absent or {schema}", field="dataschema")
    content_type = attributes.get("datacontenttype", "application/json")
    if content_type != "application/json" and not _JSON_TYPE.fullmatch(content_type):
        reason = "datacontenttype must be application/json"
        raise Rejected(Refusal.INVALID_ATTRIBUTE, reason, field="datacontenttype")
    return fact_type


def _event(attributes: Mapping[str, str], fact: Fact) -> Envelope[Fact]:
    members: dict[str, Any] = {name: attributes[name] for name in _VALIDATED if name in attributes}
    members["data"] = fact
    traceparent = attributes.get("traceparent")
    if traceparent is not None and _TRACEPARENT.fullmatch(traceparent):
        members["traceparent"] = traceparent
    try:
        return cast(Envelope[Fact], Envelope.__pydantic_validator__.validate_python(members, strict=True))
    except ValidationError as error:
        raise rejected_attribute(error.errors(include_url=False, include_input=False)[0]) from None


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
