"""The AsyncAPI 3.0 document of a service: the topics that it reads and publishes, and every event on them.

It is made from the catalog, with one message for each wire type: start at `asyncapi_document`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from shared.contracts.dead_letters import topic_of as dead_letter_topic
from shared.http.event_schemas import EventSchema, event_schemas, facts_on
from shared.messaging.cluster import Cluster, owner
from shared.messaging.topics import shape

_KAFKA = {"bindingVersion": "0.5.0"}
_TEXT = {"type": "string"}
_DESCRIPTION = (
    "Events are CloudEvents 1.0 in the Kafka binding's binary mode: attributes in ce_ headers, data as JSON. "
    "Inbound topics also accept structured mode (application/cloudevents+json). A record's key is its "
    "event's subject. All records of one account must be in one partition, in their order: choose it by the key "
    "with murmur2, Java's default (librdkafka, kcat: partitioner=murmur2_random)."
)


@dataclass(frozen=True, slots=True)
class ServiceReference:
    """The data of a service's reference pages. Topics are logical: without the installation's prefix."""

    service: str
    summary: str
    reads: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    topic_prefix: str = ""
    partitions: int | None = None
    servers: Sequence[str] = ()
    tls: bool = False

    @property
    def title(self) -> str:
        return f"Handoff {self.service}"

    def on(self, cluster: Cluster) -> "ServiceReference":
        """The same, with the Kafka cluster and the shape of its topics."""
        return replace(
            self,
            topic_prefix=cluster.prefix,
            partitions=cluster.partitions,
            servers=tuple(cluster.servers),
            tls=cluster.tls,
        )


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
        "servers": dict(_servers(reference)),
        "channels": {topic: _channel(topic, reference) for topic in topics},
        "operations": {
            **_operations("receive", reference.reads),
            **_operations("send", publishes),
        },
        "components": {"messages": {event.type: _message(event) for event in events}, "schemas": schemas},
    }


def _servers(reference: ServiceReference) -> Iterator[tuple[str, dict[str, str]]]:
    protocol = "kafka-secure" if reference.tls else "kafka"
    for number, server in enumerate(reference.servers, start=1):
        yield f"kafka-{number}", {"host": server, "protocol": protocol, "description": "A bootstrap server of Kafka."}


def _channel(topic: str, reference: ServiceReference) -> dict[str, Any]:
    address = reference.topic_prefix + topic
    types = [fact.type for fact in facts_on(topic)]
    settings: dict[str, Any] = {"topic": address, "topicConfiguration": _configuration(topic)}
    if reference.partitions is not None:
        settings["partitions"] = reference.partitions
    return {
        "address": address,
        "title": topic,
        "description": _rights(topic, reference),
        "messages": {type: {"$ref": f"#/components/messages/{type}"} for type in types},
        "bindings": {"kafka": {**settings, **_KAFKA}},
    }


def _configuration(topic: str) -> dict[str, Any]:
    """The retention of records in the form of the binding."""
    kept = shape(topic).configuration(1)
    if kept.get("cleanup.policy") == "compact":
        return {"cleanup.policy": ["compact"]}
    ages = {"message.timestamp.type": kept["message.timestamp.type"]}
    return {"cleanup.policy": ["delete"], "retention.ms": int(kept["retention.ms"]), **ages}


def _rights(topic: str, reference: ServiceReference) -> str:
    """The rights that each principal needs, if Kafka checks rights."""
    writer = owner(topic)
    writes = f"Written only by {writer}: grant it" if writer else "Written by publishers: grant each of them"
    rights = f"{writes} WRITE and DESCRIBE on the topic."
    if topic in reference.reads:
        group = reference.topic_prefix + reference.service
        rights += f" Read by {reference.service}: grant it READ and DESCRIBE on the topic and on the group {group}."
    kept = (
        "Compacted: the latest record of each key is kept."
        if shape(topic).compacted
        else "Records are kept for 14 days from their arrival."
    )
    count = f" {reference.partitions} partitions." if reference.partitions else ""
    return f"{rights} {kept}{count}"


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
        "bindings": {"kafka": {"key": {**_TEXT, "description": f"ID of the {event.about}."}, **_KAFKA}},
        "examples": [{"headers": {"content-type": "application/json", **headers}, "payload": event.example}],
    }


def _headers(event: EventSchema) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"],
        "properties": {
            "ce_specversion": {"const": "1.0", "description": "CloudEvents version."},
            "ce_id": {**_TEXT, "description": "Identifies the event, together with ce_source."},
            "ce_source": {**_TEXT, "description": "The publishing system."},
            "ce_type": {"const": event.type, "description": "Type of the event."},
            "ce_subject": {**_TEXT, "description": f"ID of the {event.about}."},
            "ce_time": {**_TEXT, "format": "date-time", "description": "Time at which it happened."},
            "ce_dataschema": {"const": event.dataschema, "description": "Version of the data. If absent, 1."},
            "ce_traceparent": {**_TEXT, "description": "W3C Trace Context of the event's origin."},
            "traceparent": {**_TEXT, "description": "W3C Trace Context of the nearest cause."},
            "content-type": {"const": "application/json", "description": "Content type of the data."},
        },
    }
