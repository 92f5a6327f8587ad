"""The examples of the reference pages, pasted unchanged: every one is accepted, in any order."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from services.orders.handlers import handle as handle_orders
from services.support.handlers import handle as handle_support
from shared.contracts.catalog import TOPICS
from shared.database import open_pool
from shared.http.application import create_app
from shared.http.asyncapi import ServiceReference
from shared.http.event_schemas import event_schemas
from shared.http.ingress import events_router
from shared.http.ingress_reference import operation
from shared.http.publisher_keys import PublisherKeys
from shared.metrics import create_metrics
from shared.transaction import Handler, InputProcessor
from tests.ingress import BATCHED, KEY, STRUCTURED
from tests.servers import MakeDatabase

KEYS = PublisherKeys.parse(f'{{"all": {{"key": "{KEY}", "sources": ["*"], "rights": ["directory"]}}}}')
HANDLERS: Mapping[str, Handler] = {"orders": handle_orders, "support": handle_support}


@pytest.mark.parametrize("service", HANDLERS)
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "the last first"])
async def test_every_example_can_be_pasted(database: MakeDatabase, service: str, turned: bool) -> None:
    topic = f"{service}.inbound.v1"
    events, _ = event_schemas(TOPICS[topic])
    examples = [event.structured_example() for event in events]
    content = operation(topic, 100)["requestBody"]["content"]
    batch = content["application/cloudevents-batch+json"]["example"]
    binary = content["application/json"]["example"]
    headers = {one["name"]: one["example"] for one in operation(topic, 100)["parameters"] if "example" in one}
    pool = await open_pool(await database(service), name=service)
    router = events_router(InputProcessor(pool, service, HANDLERS[service]), KEYS, create_metrics(service), topic=topic)
    transport = httpx2.ASGITransport(app=create_app(ServiceReference(service, ""), [router]))
    async with httpx2.AsyncClient(transport=transport, base_url=f"http://{service}") as client:
        for example in reversed(examples) if turned else examples:
            await _taken(client, example, STRUCTURED)
        await _taken(client, batch, BATCHED)
        await _taken(client, binary, {"Authorization": f"Bearer {KEY}", **headers})
    assert await pool.fetchval("select count(*) from shared.dead_letters") == 0
    pool.terminate()


async def _taken(client: httpx2.AsyncClient, body: Any, headers: Mapping[str, str]) -> None:
    answer = await client.post("/events", json=body, headers=dict(headers))
    assert answer.status_code == 200, answer.text
    assert all("ignored" not in one for one in answer.json()["events"])
