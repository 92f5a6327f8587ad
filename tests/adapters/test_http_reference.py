"""The reference documents agree with the catalog, and their pages load nothing from elsewhere."""

import re
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx2
import orjson
import pytest
from fastapi import FastAPI

from services.escalation.api import timeline_router
from shared.contracts import schemas
from shared.contracts.catalog import CATALOG, FACTS, TOPICS
from shared.contracts.envelope import decode_batch, decode_binary, decode_structured
from shared.contracts.fact import Fact
from shared.contracts.orders_inbound import OrderPlaced
from shared.database import Pool
from shared.http.application import create_app
from shared.http.asyncapi import ServiceReference, asyncapi_document
from shared.http.event_schemas import event_schemas
from shared.http.ingress import events_router
from shared.http.operations import operations_router
from shared.http.publisher_keys import PublisherKeys
from shared.http.reader_keys import ReaderKeys
from shared.http.rescues import rescues_router
from shared.http.schema_rows import schema_rows
from shared.messaging.cluster import Cluster
from shared.metrics import create_metrics
from shared.service import Health
from shared.transaction import InputProcessor

INBOUND = [topic for topic in TOPICS if ".inbound." in topic]
EVERYTHING = ServiceReference(
    "support",
    "Keeps cases.",
    tuple(INBOUND),
    tuple(topic for topic in TOPICS if topic not in (*INBOUND, "dead-letters")),
)
EVENT_ANSWERS = {"200", "400", "401", "403", "408", "409", "411", "413", "415", "503"}


def openapi(topic: str) -> dict[str, Any]:
    return app_for(topic).openapi()


def app_for(topic: str) -> FastAPI:
    processor = cast(InputProcessor, None)  # no request reaches it
    return create_app(EVERYTHING, [events_router(processor, PublisherKeys(()), create_metrics("orders"), topic=topic)])


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    return set().union(*(references(item) for item in node)) if isinstance(node, list) else set()


def found(document: Any, reference: str) -> bool:
    for part in reference.removeprefix("#/").split("/"):
        if part not in document:
            return False
        document = document[part]
    return True


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.type)
def test_every_example_is_an_event_that_is_accepted(fact: type[Fact]) -> None:
    (event,), _ = event_schemas([fact])
    decoded = decode_structured(orjson.dumps(event.structured_example()), topic=None)
    assert type(decoded.envelope.data) is fact


def test_no_two_parts_of_events_share_a_name() -> None:
    known: dict[str, dict[str, Any]] = {}
    for fact in FACTS:
        for name, schema in event_schemas([fact])[1].items():
            assert known.setdefault(name, schema) == schema, f"{name} of {fact.type} is another one's name too"


@pytest.mark.parametrize("topic", INBOUND)
def test_the_openapi_document_has_every_event_content_type_and_answer(topic: str) -> None:
    document = openapi(topic)
    operation = document["paths"]["/events"]["post"]
    assert set(operation["responses"]) == EVENT_ANSWERS
    content = operation["requestBody"]["content"]
    assert set(content) == {
        "application/json",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    }
    assert {fact.type for fact in TOPICS[topic]} <= set(document["components"]["schemas"])
    assert operation["security"] == [{"publisher": []}]
    assert "x-components" not in operation
    assert all(found(document, reference) for reference in references(document))


@pytest.mark.parametrize("topic", INBOUND)
def test_the_examples_of_the_openapi_document_are_accepted(topic: str) -> None:
    operation = openapi(topic)["paths"]["/events"]["post"]
    content = operation["requestBody"]["content"]
    for example in content["application/cloudevents+json"]["examples"].values():
        decode_structured(orjson.dumps(example["value"]), topic=topic)
    batch = content["application/cloudevents-batch+json"]["example"]
    assert not [one for one in decode_batch(orjson.dumps(batch), topic=topic) if isinstance(one, Exception)]
    headers = {one["name"]: one["example"] for one in operation["parameters"] if "example" in one}
    attributes = {name.removeprefix("ce-"): value for name, value in headers.items()}
    decode_binary(attributes, orjson.dumps(content["application/json"]["example"]), topic=topic)


def test_the_members_of_an_event_are_listed_with_those_of_their_parts() -> None:
    (event,), schemas = event_schemas([OrderPlaced])
    rows = {row.path: row for row in schema_rows(event.schema, schemas)}
    assert (rows["lines[].quantity"].kind, rows["lines[].quantity"].required) == ("whole number", False)
    assert rows["lines[].quantity"].note == "Quantity; at least 1; at most 1,000,000,000; default: 1"
    assert (rows["order"].kind, rows["order"].required) == ("string", True)
    assert (rows["customer.zone"].parent, rows["customer.zone"].name) == ("customer.", "zone")
    assert rows["currency"].note == "Currency code of ISO 4217: three letters; matches ^[A-Z]{3}$"
    assert rows["promises[].due_at"].kind == "time with a zone (RFC 3339)"


def test_the_asyncapi_document_has_one_message_for_each_wire_type() -> None:
    document = asyncapi_document(EVERYTHING)
    assert set(document["components"]["messages"]) == set(CATALOG)
    assert all(found(document, reference) for reference in references(document))
    actions = {operation["action"] for operation in document["operations"].values()}
    assert actions == {"receive", "send"}
    assert document["channels"]["support.dead-letters.v1"]["messages"]


def test_the_asyncapi_document_has_the_topics_of_this_installation() -> None:
    document = asyncapi_document(ServiceReference("orders", "", ("orders.inbound.v1",), topic_prefix="acme."))
    channel = document["channels"]["orders.inbound.v1"]
    assert channel["address"] == channel["bindings"]["kafka"]["topic"] == "acme.orders.inbound.v1"


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app_for("orders.inbound.v1"))
    async with httpx2.AsyncClient(transport=transport, base_url="http://orders") as client:
        yield client


@pytest.mark.parametrize("path", ["/docs", "/asyncapi"])
async def test_a_page_loads_its_own_stylesheet_and_nothing_else(client: httpx2.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r'(?:src|srcset|action)="([^"]*)"|<link[^>]*href="([^"]*)"', page.text)
    (stylesheet,) = {one or other for one, other in loaded} - {"data:,"}
    assert stylesheet.startswith("/docs/reference.css?v=")
    assert "<script" not in page.text
    assert "style=" not in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    styles = await client.get(stylesheet)
    assert styles.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "url(" not in styles.text
    assert "@import" not in styles.text


async def test_every_link_inside_a_page_has_its_target(client: httpx2.AsyncClient) -> None:
    for path in ("/docs", "/asyncapi"):
        page = (await client.get(path)).text
        ids = re.findall(r'\bid="([^"]*)"', page)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids)


async def test_the_pages_show_every_event(client: httpx2.AsyncClient) -> None:
    docs, asyncapi = (await client.get("/docs")).text, (await client.get("/asyncapi")).text
    assert all(fact.type in docs for fact in TOPICS["orders.inbound.v1"])
    assert all(type in asyncapi for type in CATALOG)


async def test_nothing_can_be_published_from_the_reference_pages(client: httpx2.AsyncClient) -> None:
    for path in ("/docs", "/asyncapi", "/docs/try", "/asyncapi/try"):
        assert (await client.post(path, json={})).status_code in (404, 405)


async def test_the_documents_are_served_beside_their_pages(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json()["openapi"].startswith("3.1")
    assert (await client.get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"


@pytest.mark.parametrize("topic", INBOUND)
@pytest.mark.parametrize("path", ["/docs", "/asyncapi"])
async def test_no_page_shows_markup_as_text(topic: str, path: str) -> None:
    transport = httpx2.ASGITransport(app=app_for(topic))
    async with httpx2.AsyncClient(transport=transport, base_url="http://page") as client:
        page = (await client.get(path)).text
    assert "&lt;" not in page.replace("&lt;key&gt;", "")
    assert "<code>sold_by</code>" in page or topic != "orders.inbound.v1"
    assert ".;" not in page


def _without_description(node: Any, path: str = "") -> list[str]:
    if isinstance(node, list):
        return [place for number, one in enumerate(node) for place in _without_description(one, f"{path}/{number}")]
    if not isinstance(node, dict):
        return []
    members = node.get("properties")
    own = []
    if isinstance(members, dict):
        own = [
            f"{path}/{name}" for name, one in members.items() if isinstance(one, dict) and not one.get("description")
        ]
    return own + [place for name, one in node.items() for place in _without_description(one, f"{path}/{name}")]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.type)
def test_every_member_of_an_event_is_described(fact: type[Fact]) -> None:
    assert _without_description(schemas.schema(fact)) == []


@pytest.mark.parametrize("topic", INBOUND)
def test_every_member_of_the_documents_is_described(topic: str) -> None:
    health = Health()
    routers = [
        events_router(cast(InputProcessor, None), PublisherKeys(()), create_metrics("orders"), topic=topic),
        operations_router(health, create_metrics("orders")),
        timeline_router(cast(Pool, None), ReaderKeys.read(None), cast(Any, None)),
        rescues_router(cast(Pool, None), ReaderKeys.read(None)),
    ]
    document = create_app(EVERYTHING, routers).openapi()
    schemas = {**document["components"]["schemas"], "paths": document["paths"]}
    assert _without_description(schemas) == []
    assert _without_description(asyncapi_document(EVERYTHING)["components"]) == []
    assert document["servers"][0]["url"] == "/"
    security = {path: next(iter(methods.values()))["security"] for path, methods in document["paths"].items()}
    assert security["/events"] == [{"publisher": []}]
    assert security["/healthz"] == security["/readyz"] == security["/metrics"] == []


def test_examples_have_ids_and_times_of_their_own() -> None:
    events, _ = event_schemas(FACTS)
    examples = [event.structured_example() for event in events]
    assert len({example["id"] for example in examples}) == len(examples)
    assert len({example["time"] for example in examples}) == len(examples)


def test_the_kafka_document_says_how_to_write_and_who_may() -> None:
    cluster = Cluster("a:9092,b:9093", prefix="acme.", partitions=6, tls=True)
    document = asyncapi_document(
        ServiceReference("orders", "", ("orders.inbound.v1",), ("salespeople.v1",)).on(cluster)
    )
    assert "murmur2" in document["info"]["description"]
    assert [server["host"] for server in document["servers"].values()] == ["a:9092", "b:9093"]
    assert {server["protocol"] for server in document["servers"].values()} == {"kafka-secure"}
    inbound, people = document["channels"]["orders.inbound.v1"], document["channels"]["salespeople.v1"]
    assert "Written by publishers: grant each of them WRITE" in inbound["description"]
    assert "READ and DESCRIBE on the topic and on the group acme.orders" in inbound["description"]
    assert "Written only by orders: grant it WRITE" in people["description"]
    assert inbound["bindings"]["kafka"]["partitions"] == 6
    assert inbound["bindings"]["kafka"]["topicConfiguration"] == {
        "cleanup.policy": ["delete"],
        "retention.ms": 1_209_600_000,
        "message.timestamp.type": "LogAppendTime",
    }
    assert people["bindings"]["kafka"]["topicConfiguration"] == {"cleanup.policy": ["compact"]}
