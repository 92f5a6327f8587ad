"""Event classes as JSON Schemas with examples, for the reference documents. Start at `event_schemas`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from shared.contracts.catalog import FACTS, TOPICS
from shared.contracts.fact import About, Fact

Schema: TypeAlias = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"

# Values for an example by the name of the member; all other values are made from the schema.
_FAMILIAR: Mapping[str, Any] = {
    "agent": "anna",
    "amount_minor": 12900,
    "assigned_to": "second-level",
    "backup": "bert",
    "because": "original_seller",
    "by": "anna",
    "case": "case-2041",
    "chat": "anna",
    "code": "invalid_field",
    "country": "DE",
    "currency": "EUR",
    "digest": "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
    "email": "jo@mail.example",
    "end": "17:30",
    "expected_outcome": "Running before the trade fair.",
    "giver": "anna",
    "manager": "mia",
    "name": "Jo Lindqvist",
    "order": "4711",
    "phone": "+49 30 5550100",
    "product": "standing desk",
    "promise": "Delivery to the third floor",
    "proof": "Signed by the receiver.",
    "reason": "Ordered twice by mistake.",
    "recipient": "anna",
    "record_topic": "orders.inbound.v1",
    "region": "BY",
    "renews": "4700",
    "salesperson": "anna",
    "segment": "key accounts",
    "service": "orders",
    "sold_by": "anna",
    "start": "09:00",
    "status": "in progress",
    "summary": "Key accounts are answered within half an hour.",
    "test": False,
    "title": "Desk does not rise",
    "to": "bert",
    "topic": "orders.inbound.v1",
    "what": "Delivery to the third floor",
    "words": "It still does not work. I would like my money back.",
    "zone": "Europe/Berlin",
}
_SUBJECTS: Mapping[About, str] = {"account": "c-17", "salesperson": "anna", "policy": "policy"}
_BY_FORMAT = {
    "date-time": "2026-05-04T09:30:00Z",
    "date": "2026-05-04",
    "uuid": "3f1c9a52-7b0e-5d61-9c84-2ab7d1e05f33",
}


# A minute apart, in the order of the catalog: an opening first, then what follows.
_FIRST = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
_BY_TYPE = {fact.type: _FIRST + timedelta(minutes=number) for number, fact in enumerate(FACTS)}


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One type of event for a document; `schema` is the schema of its data."""

    type: str
    title: str
    summary: str
    about: About
    dataschema: str
    schema: Schema
    example: Schema

    def structured_example(self) -> Schema:
        """The event in structured content mode."""
        return {
            "specversion": "1.0",
            "id": f"example-{self.type}",
            "source": "shop",
            "type": self.type,
            "subject": _SUBJECTS[self.about],
            "time": _BY_TYPE[self.type].isoformat().replace("+00:00", "Z"),
            "data": self.example,
        }


def facts_on(topic: str) -> tuple[type[Fact], ...]:
    """The event classes of a logical topic; a service's dead letters share one class."""
    return TOPICS["dead-letters" if topic.endswith(".dead-letters.v1") else topic]


def event_schemas(facts: Iterable[type[Fact]]) -> tuple[list[EventSchema], dict[str, Schema]]:
    """The events, and the schemas by name: each event's data by wire type, its parts by class name."""
    events, components = list[EventSchema](), dict[str, Schema]()
    for fact in facts:
        schema = fact.model_json_schema(ref_template=REFERENCE)
        components |= schema.pop("$defs", {})
        components[fact.type] = schema
        example = example_of(schema, components)
        summary = (fact.__doc__ or "").strip().partition("\n")[0]
        events.append(EventSchema(fact.type, fact.__name__, summary, fact.about, fact.dataschema(), schema, example))
    return events, components


def resolved(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    """The schema itself; a reference is resolved."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return schema


def present(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    """The schema of a present value: of `X or null`, X."""
    schema = resolved(schema, components)
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    return resolved(choices[0], components) if len(choices) == 1 else schema


def _fits(value: Any, schema: Schema) -> bool:
    return value in schema.get("enum", [value]) and bool(re.match(schema.get("pattern", ""), str(value)))


def example_of(schema: Schema, components: Mapping[str, Schema], name: str = "") -> Any:
    """A plausible value of a schema, every member given."""
    schema = present(schema, components)
    if "properties" in schema:
        members = schema["properties"].items()
        return {member: example_of(part, components, member) for member, part in members}
    if name in _FAMILIAR and _fits(_FAMILIAR[name], schema):
        return _FAMILIAR[name]
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    match schema.get("type"):
        case "array":
            return [example_of(schema.get("items", {}), components)]
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return schema.get("default", True)
        case "string":
            return _BY_FORMAT.get(schema.get("format", ""), "example")
        case _:
            return {}
