"""Traces that do not break at a commit: context travels as a `traceparent` in headers and rows.

Start at `configure_tracing`, then `start_effect_span`; attributes are ids, types and counts of a closed list.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from shared import current_span
from shared.span_files import SpanFile

SpanKind = otel.SpanKind
MAX_LINKS = 512
FLUSH_SECONDS = 5.0
_MAX_ATTRIBUTE_LENGTH = 256
_QUEUE_SIZE = 20_000
_OTLP_PATH = "/v1/traces"
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")


class Attribute(StrEnum):
    """Every attribute a span may carry. Nothing here may hold a payload, words, a name or an address."""

    EVENT_ID = "cloudevents.event_id"
    EVENT_TYPE = "cloudevents.event_type"
    EVENT_SOURCE = "cloudevents.event_source"
    MESSAGING_SYSTEM = "messaging.system"
    OPERATION_NAME = "messaging.operation.name"
    OPERATION_TYPE = "messaging.operation.type"
    CONSUMER_GROUP = "messaging.consumer.group.name"
    DESTINATION_NAME = "messaging.destination.name"
    DESTINATION_PARTITION = "messaging.destination.partition.id"
    KAFKA_OFFSET = "messaging.kafka.offset"
    BATCH_COUNT = "messaging.batch.message_count"
    EPISODE_ID = "handoff.episode_id"
    ALERT_ID = "handoff.alert_id"
    DELIVERY_ID = "handoff.delivery_id"
    CHANNEL = "handoff.channel"
    OUTCOME = "handoff.outcome"
    ATTEMPT = "handoff.attempt"
    ERROR_TYPE = "error.type"
    SQLSTATE = "db.response.status_code"
    DATABASE_SYSTEM = "db.system.name"
    DATABASE_OPERATION = "db.operation.name"
    HTTP_METHOD = "http.request.method"
    HTTP_ROUTE = "http.route"
    HTTP_STATUS = "http.response.status_code"


Attributes = Mapping[Attribute, str | int | UUID]
_NO_ATTRIBUTES: Attributes = {}
_ALLOWED = frozenset(Attribute)


class UnknownAttributeError(TypeError):
    """A span got an attribute outside `Attribute`; add it there only if it is an id, a type or a count."""


class EffectSpan:
    """A running span. Store `traceparent` with what it causes; without tracing it is the parent's own."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, traceparent: str | None, span: otel.Span | None = None) -> None:
        self.traceparent = traceparent
        self._span = span

    @property
    def trace_id(self) -> str | None:
        return None if self.traceparent is None else self.traceparent[3:35]

    def note(self, attributes: Attributes) -> None:
        """Add what became known only after the start, such as the outcome."""
        _check(attributes)
        if self._span is not None:
            self._span.set_attributes(_values(attributes))

    def end(self, error: BaseException | None = None) -> None:
        """End the span; of an error only its type and SQLSTATE are kept, for messages carry values."""
        if self._span is None:
            return
        if error is not None:
            self._span.set_attributes(_error_attributes(error))
            self._span.set_status(otel.StatusCode.ERROR)
        self._span.end()
        self._span = None


@dataclass(frozen=True, slots=True)
class Tracing:
    """What `configure_tracing` switched on."""

    processors: tuple[SpanProcessor, ...]
    tracer: otel.Tracer

    def shutdown(self, timeout_seconds: float = FLUSH_SECONDS) -> None:
        """Export what is queued, all exporters at once, and return after the time-out at the latest.

        Blocks: call it from a thread when an event loop still has work to do.
        """
        global _active
        if _active is self:
            _active = None
        deadline = time.monotonic() + timeout_seconds
        flushes = [threading.Thread(target=each.shutdown, daemon=True) for each in self.processors]
        for flush in flushes:
            flush.start()
        for flush in flushes:
            flush.join(max(0.0, deadline - time.monotonic()))


_active: Tracing | None = None


def configure_tracing(service: str, *, otlp_endpoint: str | None, directory: Path | None) -> Tracing | None:
    """Export spans over OTLP/HTTP, to files in a directory, to both, or (None) make none at all.

    Call after any fork. With a directory every trace is kept, else a publisher's wish not to sample is kept.
    The provider stays ours: set globally, web frameworks would add spans whose URLs can carry sign-in links.
    """
    global _active
    if otlp_endpoint is None and directory is None:
        _active = None
        return None
    provider = TracerProvider(
        sampler=None if directory is None else ALWAYS_ON,
        resource=Resource.create(
            {"service.name": service, "service.namespace": "handoff", "service.version": version("handoff")}
        ),
        shutdown_on_exit=False,
        span_limits=SpanLimits(max_links=MAX_LINKS, max_attribute_length=_MAX_ATTRIBUTE_LENGTH),
    )
    processors: list[SpanProcessor] = []
    if directory is not None:
        processors.append(_batched(SpanFile(service, directory), delay_millis=300))
    if otlp_endpoint is not None:
        processors.append(_batched(OTLPSpanExporter(endpoint=_traces_url(otlp_endpoint)), delay_millis=2000))
    for processor in processors:
        provider.add_span_processor(processor)
    _active = Tracing(tuple(processors), provider.get_tracer("handoff", version("handoff")))
    return _active


def start_effect_span(
    name: str,
    *,
    parent: str | None,
    attributes: Attributes = _NO_ATTRIBUTES,
    kind: otel.SpanKind = SpanKind.CONSUMER,
    start_time_ns: int | None = None,
) -> EffectSpan:
    """The span of one event that caused something: child of the record's traceparent, a root without one."""
    return _start(name, parent, attributes, kind, start_time_ns)


@contextmanager
def batch_span(
    name: str, *, links: Sequence[str | None], attributes: Attributes = _NO_ATTRIBUTES
) -> Iterator[EffectSpan]:
    """One span for a batch, linked to the context of each of its records (malformed ones left out)."""
    _check(attributes)
    if _active is None:
        yield EffectSpan(None)
        return
    contexts = [context for text in dict.fromkeys(links) if (context := _context(text)) is not None]
    span = _active.tracer.start_span(
        name,
        context=Context(),
        kind=SpanKind.CONSUMER,
        attributes=_values(attributes),
        links=[otel.Link(context) for context in contexts],
    )
    with _ending(EffectSpan(_traceparent(span), span)) as batch:
        yield batch


@contextmanager
def span(
    name: str,
    *,
    parent: str | None,
    attributes: Attributes = _NO_ATTRIBUTES,
    kind: otel.SpanKind = SpanKind.INTERNAL,
) -> Iterator[EffectSpan]:
    """A span around a piece of work; an error that leaves the block marks it."""
    with _ending(_start(name, parent, attributes, kind, None)) as running:
        yield running


@contextmanager
def delivery_span(channel: str, *, parent: str | None, attributes: Attributes = _NO_ATTRIBUTES) -> Iterator[EffectSpan]:
    """The span of one attempt to send an alert on a channel, child of the delivery's stored context."""
    known: Attributes = {**attributes, Attribute.CHANNEL: channel}
    with span(f"deliver {channel}", parent=parent, attributes=known, kind=SpanKind.CLIENT) as running:
        yield running


def valid_traceparent(text: str | None) -> bool:
    """Whether this is a W3C traceparent we can continue: 55 characters, ids not all zero."""
    return isinstance(text, str) and _TRACEPARENT.fullmatch(text) is not None


def _start(
    name: str,
    parent: str | None,
    attributes: Attributes,
    kind: otel.SpanKind,
    start_time_ns: int | None,
) -> EffectSpan:
    _check(attributes)
    if _active is None:
        return EffectSpan(parent if valid_traceparent(parent) else None)
    context = Context()
    remote = _context(parent)
    if remote is not None:
        context = otel.set_span_in_context(otel.NonRecordingSpan(remote), context)
    made = _active.tracer.start_span(
        name, context=context, kind=kind, attributes=_values(attributes), start_time=start_time_ns
    )
    return EffectSpan(_traceparent(made), made)


@contextmanager
def _ending(running: EffectSpan) -> Iterator[EffectSpan]:
    with current_span.entered(running.traceparent):
        try:
            yield running
        except BaseException as error:
            running.end(error)
            raise
        running.end()


def _batched(exporter: SpanExporter, *, delay_millis: int) -> BatchSpanProcessor:
    return BatchSpanProcessor(exporter, max_queue_size=_QUEUE_SIZE, schedule_delay_millis=delay_millis)


def _traces_url(endpoint: str) -> str:
    base = endpoint.rstrip("/")
    return base if base.endswith(_OTLP_PATH) else base + _OTLP_PATH


def _check(attributes: Attributes) -> None:
    if not _ALLOWED.issuperset(attributes):
        raise UnknownAttributeError(f"not in shared.telemetry.Attribute: {sorted(set(attributes) - _ALLOWED)}")


def _values(attributes: Attributes) -> dict[str, str | int]:
    return {
        str(name): value if isinstance(value, int) else _encodable(str(value)) for name, value in attributes.items()
    }


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode(errors="replace").decode()


def _error_attributes(error: BaseException) -> dict[str, str | int]:
    values: dict[str, str | int] = {Attribute.ERROR_TYPE.value: type(error).__qualname__}
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str) and _SQLSTATE.fullmatch(sqlstate):
        values[Attribute.SQLSTATE.value] = sqlstate
    return values


def _context(text: str | None) -> otel.SpanContext | None:
    found = _TRACEPARENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return otel.SpanContext(trace_id, span_id, is_remote=True, trace_flags=otel.TraceFlags(flags))


def _traceparent(made: otel.Span) -> str | None:
    context = made.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
