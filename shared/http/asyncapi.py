"""The AsyncAPI 3.0 document of a service: which topics it reads and publishes, and every event on them.

Made from the catalog, one message for each wire type: start at `asyncapi_document`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from shared.contracts.dead_letters import topic_of as dead_letter_topic
from shared.http.event_schemas import EventSchema, event_schemas, facts_on

_KAFKA = {"bindingVersion": "0.5.0"}
_TEXT = {"type": "string"}
_DESCRIPTION = (
    "Events are CloudEvents 1.0 in the Kafka binding's binary mode: attributes in ce_ headers, data as JSON. "
    "On inbound topics structured mode (application/cloudevents+json) is taken too. A record's key is its "
    "event's subject."
)


@dataclass(frozen=True, slots=True)
class ServiceReference:
    """What a service's reference pages tell of it. Topics are logical: without the installation's prefix."""

    service: str
    summary: str
    reads: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    topic_prefix: str = ""

    @property
    def title(self) -> str:
        return f"Handoff {self.service}"


def asyncapi_document(reference: ServiceReference) -> dict[str, Any]:
    publishes = tuple(dict.fromkeys((*reference.publishes, dead_letter_topic(reference.service))))
    topics = tuple(dict.fromkeys((*reference.reads, *publishes)))
    facts = dict.fromkeys(fact for topic in topics for fact in facts_on(topic))
    events, schemas = event_schemas(facts)
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:handoff:{reference.service}",
        "info": {
            "title": reference.title,
            "version": version("handoff"),
            "description": f"{reference.summary} {_DESCRIPTION}",
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, reference.topic_prefix) for topic in topics},
        "operations": {
            **_operations("receive", reference.reads),
            **_operations("send", publishes),
        },
        "components": {"messages": {event.type: _message(event) for event in events}, "schemas": schemas},
    }


def _channel(topic: str, prefix: str) -> dict[str, Any]:
    address = prefix + topic
    types = [fact.type for fact in facts_on(topic)]
    return {
        "address": address,
        "title": topic,
        "messages": {type: {"$ref": f"#/components/messages/{type}"} for type in types},
        "bindings": {"kafka": {"topic": address, **_KAFKA}},
    }


def _operations(action: str, topics: Iterable[str]) -> dict[str, Any]:
    return {
        f"{action}.{topic}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic}"},
            "messages": [{"$ref": f"#/channels/{topic}/messages/{fact.type}"} for fact in facts_on(topic)],
        }
        for topic in topics
    }


def _message(event: EventSchema) -> dict[str, Any]:
    attributes = {name: value for name, value in event.structured_example().items() if name != "data"}
    attributes["dataschema"] = event.dataschema
    headers = {f"ce_{name}": value for name, value in attributes.items()}
    return {
        "name": event.type,
        "title": event.title,
        "summary": event.summary,
        "contentType": "application/json",
        "headers": _headers(event),
        "payload": {"$ref": f"#/components/schemas/{event.type}"},
        "bindings": {"kafka": {"key": {**_TEXT, "description": f"Id of the {event.about}."}, **_KAFKA}},
        "examples": [{"headers": {"content-type": "application/json", **headers}, "payload": event.example}],
    }


def _headers(event: EventSchema) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": {**_TEXT, "description": "With ce_source, what makes this event this event."},
            "ce_source": {**_TEXT, "description": "The system that tells it."},
            "ce_type": {"const": event.type},
            "ce_subject": {**_TEXT, "description": f"Id of the {event.about} it is about."},
            "ce_time": {**_TEXT, "format": "date-time", "description": "When it happened."},
            "ce_dataschema": {"const": event.dataschema},
            "ce_traceparent": {**_TEXT, "description": "W3C Trace Context of the event's origin."},
            "traceparent": {**_TEXT, "description": "W3C Trace Context of the nearest cause."},
            "content-type": {"const": "application/json"},
        },
    }
