"""The span of sending a row to Kafka, from which the record's readers continue."""

from collections.abc import Sequence

from shared.telemetry import Attribute, EffectSpan, SpanKind, start_effect_span

Headers = list[tuple[str, bytes]]


def begin_sending(topic: str, headers: Headers) -> tuple[EffectSpan | None, Headers]:
    """A span for a row that was made within a trace, and the headers to send it with.

    The header `traceparent` names the nearer cause, `ce_traceparent` stays the event's own.
    """
    own = next((value.decode() for name, value in headers if name == "ce_traceparent"), None)
    if own is None:
        return None, headers
    attributes = {
        Attribute.MESSAGING_SYSTEM: "kafka",
        Attribute.OPERATION_NAME: "send",
        Attribute.OPERATION_TYPE: "send",
        Attribute.DESTINATION_NAME: topic,
    }
    span = start_effect_span(f"send {topic}", parent=own, attributes=attributes, kind=SpanKind.PRODUCER)
    if span.traceparent is None or span.traceparent == own:
        return span, headers
    return span, [*headers, ("traceparent", span.traceparent.encode())]


def end_sending(spans: Sequence[EffectSpan | None], confirmed: int, error: BaseException | None) -> None:
    """End the spans of a batch of rows; the first `confirmed` rows were confirmed."""
    for number, span in enumerate(spans):
        if span is not None:
            span.end(None if number < confirmed else error)
