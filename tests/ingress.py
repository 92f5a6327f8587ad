"""`POST /events` over a real database and a trivial handler, and requests to send to it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from fastapi import FastAPI

from shared.contracts.envelope import Envelope, Fact
from shared.contracts.orders_inbound import OrderConfirmed
from shared.database import Pool, open_pool
from shared.http.application import create_app
from shared.http.asyncapi import ServiceReference
from shared.http.ingress import events_router
from shared.http.publisher_keys import PublisherKeys
from shared.http.request_body import Limits
from shared.metrics import Metrics, create_metrics
from shared.migrations import migrate
from shared.transaction import InputProcessor, Transaction

TOPIC = "orders.inbound.v1"
KEY = "the-key-of-the-shop-0001"
OTHER_KEY = "the-key-of-the-crm-00002"
KEYS = orjson.dumps(
    {
        "shop": {"key": KEY, "sources": ["shop", "web/*"], "types": ["orders.inbound.*"]},
        "crm": {
            "key": OTHER_KEY,
            "sources": ["crm"],
            "types": ["orders.inbound.salesperson_changed"],
            "rights": ["directory"],
        },
    }
).decode()
AUTHORIZED = {"Authorization": f"Bearer {KEY}"}
STRUCTURED = {**AUTHORIZED, "Content-Type": "application/cloudevents+json"}
BATCHED = {**AUTHORIZED, "Content-Type": "application/cloudevents-batch+json"}
REFERENCE = ServiceReference("orders", "Keeps sales.", reads=(TOPIC,), publishes=("orders.sales.v1",))
REFUSED_ORDER = "refused-order"
UNSTORABLE_ORDER = "unstorable-order"
UNSTORABLE_AMOUNT = "canary-4711"
UNENCODABLE_ORDER = "unencodable-order"
BUG_ORDER = "bug-order"
RACED_ORDER = "raced-order"
CROWDED_ORDER = "crowded-order"


def event(id: str = "e-1", order: str = "4711", **changes: Any) -> dict[str, Any]:
    """An event in structured mode."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": "shop",
        "type": OrderConfirmed.type,
        "subject": "c-17",
        "time": "2026-05-04T09:30:00Z",
        "data": {"order": order},
    } | changes


def binary_headers(**changes: str) -> dict[str, str]:
    """The headers of an event in binary mode; a change names an attribute."""
    attributes = {name: value for name, value in event().items() if name != "data"} | changes
    headers = {f"ce-{name}": str(value) for name, value in attributes.items()}
    return {**AUTHORIZED, "Content-Type": "application/json", **headers}


@dataclass
class Ingress:
    """The endpoint under test, and the inputs of its handler."""

    app: FastAPI
    client: httpx2.AsyncClient
    pool: Pool
    metrics: Metrics
    handled: list[Envelope[Fact]] = field(default_factory=list)

    async def send(self, *events: dict[str, Any], headers: dict[str, str] | None = None) -> httpx2.Response:
        """Send one event structured, several as a batch."""
        body: object = events[0] if len(events) == 1 else list(events)
        chosen = headers or (STRUCTURED if len(events) == 1 else BATCHED)
        return await self.client.post("/events", content=orjson.dumps(body), headers=chosen)

    async def journaled(self) -> list[str]:
        return [row["event_id"] for row in await self.pool.fetch("select * from shared.journal order by position")]

    async def dead_letters(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch("select * from shared.dead_letters order by code, id")]


@asynccontextmanager
async def ingress_over(url: str, *, limits: Limits | None = None) -> AsyncIterator[Ingress]:
    await migrate(url)
    pool = await open_pool(url, name="orders")
    handled: list[Envelope[Fact]] = []
    races = {RACED_ORDER: 1}

    async def handle(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        if sum(getattr(one.data, "order", None) == CROWDED_ORDER for one in events) > 1:
            raise KeyError(UNSTORABLE_AMOUNT)
        for one in events:
            match getattr(one.data, "order", None):
                case "refused-order":
                    tx.reject(one, "contradicts_order", "this order was told otherwise before")
                case "unstorable-order":
                    await tx.connection.fetchval("select $1::text::int", UNSTORABLE_AMOUNT)
                case "unencodable-order":
                    await tx.connection.fetchval("select $1::int", UNSTORABLE_AMOUNT)
                case "bug-order":
                    raise KeyError(UNSTORABLE_AMOUNT)
                case "raced-order" if races.pop(RACED_ORDER, None):
                    await tx.connection.execute("create temp table ids (id int unique) on commit drop")
                    await tx.connection.execute("insert into ids values (1), (1)")
                case _:
                    handled.append(one)

    metrics = create_metrics("orders")
    processor, keys = InputProcessor(pool, "orders", handle), PublisherKeys.parse(KEYS)
    router = events_router(processor, keys, metrics, topic=TOPIC, limits=limits or Limits())
    app = create_app(REFERENCE, [router])
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://orders") as client:
            yield Ingress(app, client, pool, metrics, handled)
    finally:
        pool.terminate()


def codes(response: httpx2.Response) -> list[tuple[int | None, str | None, str]]:
    """The problems of a refusal: index, field and code of each."""
    errors = response.json()["errors"]
    assert all(error["reason"] for error in errors)
    return [(error.get("index"), error.get("field"), error["code"]) for error in errors]
