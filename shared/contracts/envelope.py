"""The envelope of every event, CloudEvents 1.0: `envelope` makes one, `decode_binary` reads one."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, SerializeAsAny, ValidationError

from shared.contracts import strict_json
from shared.contracts.checks import (
    check_content_type,
    check_schema,
    check_version,
    checked_type,
    context_of,
    data_of,
    errors_of,
    json_object,
    known_type,
    read_fact,
)
from shared.contracts.fact import Fact
from shared.contracts.fields import Id, Instant
from shared.contracts.nearest import Unknown, unknown_members
from shared.contracts.rejected import Refusal, Rejected, rejected_attribute, together

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
    SHA-256 of type, subject, time and canonical data: equal for one event received twice. `key_matches` is False
    where it came as a Kafka record without the subject as its key. `ignored` are members that nobody reads, of an event
    that another system made.
    """

    envelope: Envelope[Fact]
    body: bytes
    digest: bytes
    key_matches: bool = True
    ignored: tuple[Unknown, ...] = ()


def decode_binary(attributes: Mapping[str, str], body: bytes, *, topic: str | None) -> Decoded:
    """An event of binary content mode: context attributes by plain name ("id"), data as body.

    Extension attributes are ignored but for `traceparent` (Distributed Tracing extension); an ill-formed one
    is dropped, as W3C Trace Context section 3.2 has it. A missing `datacontenttype` means JSON, a missing
    `dataschema` version 1. `topic` is the logical topic it came by, None where any type may come.
    Raises Rejected, and nothing else.
    """
    try:
        return _decode(attributes, body, strict_json.parse(body), topic)
    except Rejected as first:
        raise together(_faults(attributes, lambda: (body, strict_json.parse(body)), topic) or [first]) from None


def _decode(attributes: Mapping[str, str], body: bytes, value: object, topic: str | None) -> Decoded:
    """An event whose data is `value`, written as `body`. Raises Rejected with the first fault."""
    fact_type = checked_type(attributes, topic)
    members = json_object(value)
    canonical = strict_json.canonical(members)
    event = _event(attributes, read_fact(fact_type, body))
    head = f"{event.type}\0{event.subject}\0{_rfc3339(event.time)}\0".encode()
    ignored = unknown_members(fact_type, members) if ".inbound." in event.type else ()
    return Decoded(event, body, hashlib.sha256(head + canonical).digest(), ignored=ignored)


def _faults(
    attributes: Mapping[str, str], read: Callable[[], tuple[bytes, object]], topic: str | None
) -> list[Rejected]:
    """All that is wrong with an event, as far as it can be told: without its type nothing is known of its data."""
    faults: list[Rejected] = []
    with _noting(faults):
        check_version(attributes)
    fact_type: type[Fact] | None = None
    with _noting(faults):
        fact_type = known_type(attributes, topic)
        check_schema(attributes, fact_type)
    with _noting(faults):
        check_content_type(attributes)
    with _noting(faults):
        body, value = read()
        strict_json.canonical(json_object(value))
        if fact_type is not None:
            read_fact(fact_type, body)
    return faults + _faults_of_attributes(attributes, {fault.field for fault in faults})


@contextmanager
def _noting(faults: list[Rejected]) -> Iterator[None]:
    try:
        yield
    except Rejected as rejected:
        faults.extend(rejected.faults)


def _faults_of_attributes(attributes: Mapping[str, str], reported: Collection[str | None]) -> list[Rejected]:
    """Those of the attributes that every event has, but for what is told already."""
    try:
        context = context_of(attributes.get("type"))
        Envelope.__pydantic_validator__.validate_python(attributes, strict=True, context=context)
    except ValidationError as error:
        return [rejected_attribute(one) for one in errors_of(error) if one["loc"][0] not in {"data", *reported}]
    return []


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
    wrong = [name for name, attribute in attributes.items() if not isinstance(attribute, str)]
    try:
        if wrong:
            raise Rejected(Refusal.INVALID_ATTRIBUTE, f"{wrong[0]} must be a string", field=wrong[0])
        body, data = data_of(value)
        return _decode(attributes, body, data, topic)
    except Rejected as first:
        texts = {name: attribute for name, attribute in attributes.items() if name not in wrong}
        raise together(_faults_of_object(texts, wrong, value, topic) or [first]) from None


def _faults_of_object(
    attributes: Mapping[str, str], wrong: Sequence[str], value: Mapping[str, object], topic: str | None
) -> list[Rejected]:
    """All that is wrong with a structured event: attributes that are no text count as wrong, not as missing."""
    no_texts = [Rejected(Refusal.INVALID_ATTRIBUTE, f"{name} must be a string", field=name) for name in wrong]
    others = _faults(attributes, lambda: data_of(value), topic)
    return no_texts + [fault for fault in others if fault.field not in wrong]


def _event(attributes: Mapping[str, str], fact: Fact) -> Envelope[Fact]:
    members: dict[str, Any] = {name: attributes[name] for name in _VALIDATED if name in attributes}
    members["data"] = fact
    traceparent = attributes.get("traceparent")
    if traceparent is not None and _TRACEPARENT.fullmatch(traceparent):
        members["traceparent"] = traceparent
    try:
        context = context_of(attributes.get("type"))
        validated = Envelope.__pydantic_validator__.validate_python(members, strict=True, context=context)
        return cast(Envelope[Fact], validated)
    except ValidationError as error:
        raise rejected_attribute(errors_of(error)[0]) from None


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
