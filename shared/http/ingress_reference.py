"""The OpenAPI description of `POST /events`: three content modes, every event, every response."""

from typing import Any

from shared.contracts.fact import Fact
from shared.http.answers import Problems
from shared.http.content_modes import BATCHED_TYPE, BINARY_TYPE, STRUCTURED_TYPE
from shared.http.event_schemas import EventSchema, Schema, event_schemas, facts_on

COMPONENTS = "x-components"
"""The key under which an operation leaves component schemas and security schemes; `create_app` moves them."""

_ID = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
_INSTANT = {"type": "string", "format": "date-time"}
_DESCRIPTION = """\
Accepts one event, or a batch, in the CloudEvents 1.0 HTTP binding. The response is sent after the commit: an event \
accepted with 200 is stored and will be processed. A batch is applied as a whole or not at all. If an event is \
refused or fails, errors names its index, and only that event is kept as a dead letter; send the others again without \
it.

A time up to a few minutes ahead of the database's clock counts as now. An event further ahead is refused: often its \
time is local time, sent as if it were UTC.

Sending again is always safe. The same event (source and id) with the same content gets the outcome duplicate; with \
different content it is refused, and the first one is kept.
"""
_REASONS = {
    400: "An invalid event: errors lists every fault, by the event's index, with field, code and reason. Nothing was "
    "applied.",
    401: "The request has no key, or an unknown one.",
    403: "The key is not bound to this source or type, or lacks the right directory, which "
    "salesperson_changed, account_reassigned and sale_corrected need (right_missing).",
    408: "The body arrived too slowly.",
    409: "The id was used before for another event, the event is dated ahead of the clock (time_ahead), or the service "
    "refuses the event or fails on it. "
    "Each event that errors names by its index is kept as a dead letter.",
    411: "The request has neither Content-Length nor a chunked body.",
    413: "The body, or the batch, is too large.",
    415: "Unsupported content type, charset or encoding.",
    503: "The database is unavailable, or the request took too long. Send it again after Retry-After seconds.",
}
_OUTCOMES = (
    "applied: stored and published. If it concerns an order whose sale is not known yet, no one is notified until the "
    "sale arrives. waiting: stored, with no effect until the sale, case or renewed order that it refers to is known (a "
    "renewed order is awaited for 15 minutes at most). duplicate: received before; nothing changed."
)
_IGNORED = (
    "Unknown members of the data. They are accepted and ignored, because a later version may define them; check them "
    "for misspelt names."
)
_ANSWER_HEADERS = {401: "WWW-Authenticate", 503: "Retry-After"}


def _problem_response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {"model": Problems, "description": _REASONS[status]}
    if status in _ANSWER_HEADERS:
        response["headers"] = {_ANSWER_HEADERS[status]: {"schema": {"type": "string"}}}
    return response


def _accepted() -> dict[str, Any]:
    outcome = {
        "type": "object",
        "required": ["id", "outcome"],
        "properties": {
            "id": {"type": "string", "description": "The event's id."},
            "outcome": {"enum": ["applied", "waiting", "duplicate"], "description": _OUTCOMES},
            "ignored": {"type": "array", "items": {"type": "string"}, "description": _IGNORED},
            "did_you_mean": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "For ignored members, the known member with the nearest name.",
            },
        },
    }
    schema = {
        "type": "object",
        "required": ["events"],
        "properties": {
            "events": {
                "type": "array",
                "items": outcome,
                "description": "The outcome of each event, in the order of the request.",
            }
        },
    }
    misspelt = {"ignored": ["data.soldBy"], "did_you_mean": {"data.soldBy": "data.sold_by"}}
    example = {
        "events": [
            {"id": "example-1", "outcome": "applied", **misspelt},
            {"id": "example-2", "outcome": "waiting"},
        ]
    }
    return {
        "description": "Committed. One outcome for each event, in the order of the request.",
        "content": {"application/json": {"schema": schema, "example": example}},
    }


RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _accepted(),
    **{status: _problem_response(status) for status in _REASONS},
}


def operation(topic: str, most_events: int) -> dict[str, Any]:
    """The OpenAPI operation for the types of one topic."""
    events, schemas = event_schemas(facts_on(topic))
    structured = {f"{event.type}.event": _structured(event) for event in events}
    any_event = {"anyOf": [_reference(name) for name in structured]}
    batch = {"type": "array", "maxItems": most_events, "items": any_event}
    any_data = {"anyOf": [_reference(event.type) for event in events]}
    return {
        "description": _DESCRIPTION,
        "security": [{"publisher": []}],
        "parameters": _headers(facts_on(topic)),
        "requestBody": {
            "required": True,
            "content": {
                STRUCTURED_TYPE: {"schema": any_event, "examples": _examples(events)},
                BATCHED_TYPE: {
                    "schema": batch,
                    "example": [event.structured_example() for event in events[:2]],
                },
                BINARY_TYPE: {"schema": any_data, "example": events[0].example},
            },
        },
        COMPONENTS: {
            "schemas": schemas | structured,
            "securitySchemes": {
                "publisher": {"type": "http", "scheme": "bearer", "description": "The publisher's own key."}
            },
        },
    }


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _structured(event: EventSchema) -> Schema:
    return {
        "title": event.type,
        "description": event.summary,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0", "description": "CloudEvents version."},
            "id": {**_ID, "description": "Identifies the event, together with source."},
            "source": {**_ID, "description": "The publishing system."},
            "type": {"const": event.type, "description": "Type of the event."},
            "subject": {**_ID, "description": f"ID of the {event.about}."},
            "time": {**_INSTANT, "description": "Time at which it happened, with a time zone, from 2000 to 2099."},
            "datacontenttype": {"const": "application/json", "description": "Content type of the data; may be absent."},
            "dataschema": {"const": event.dataschema, "description": "Version of the data. If absent, 1."},
            "traceparent": {"type": "string", "description": "W3C Trace Context to continue."},
            "data": {**_reference(event.type), "description": "Data of the event."},
        },
    }


def _headers(facts: tuple[type[Fact], ...]) -> list[dict[str, Any]]:
    example = event_schemas(facts[:1])[0][0].structured_example()
    types = {"enum": [fact.type for fact in facts]}
    shapes: dict[str, Schema] = {
        "specversion": {"const": "1.0"},
        "id": _ID,
        "source": _ID,
        "type": types,
        "subject": _ID,
        "time": _INSTANT,
    }
    parameters = [
        {
            "name": f"ce-{name}",
            "in": "header",
            "required": False,
            "description": f"Binary mode only: the attribute {name}, percent-encoded.",
            "schema": {"type": "string", **shape},
            "example": example[name],
        }
        for name, shape in shapes.items()
    ]
    trace = {"type": "string"}
    text = "W3C Trace Context; an event without one of its own continues it."
    return [*parameters, {"name": "traceparent", "in": "header", "description": text, "schema": trace}]


def _examples(events: list[EventSchema]) -> dict[str, Any]:
    return {event.type: {"summary": event.summary, "value": event.structured_example()} for event in events}
