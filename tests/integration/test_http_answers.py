"""The outcome of each event in the answer of `POST /events` of a real service, and the counts of its process."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from services.orders.handlers import handle as handle_orders
from services.support.handlers import handle as handle_support
from shared.counting import count_inputs
from shared.database import open_pool
from shared.http.application import create_app
from shared.http.asyncapi import ServiceReference
from shared.http.ingress import events_router
from shared.http.publisher_keys import PublisherKeys
from shared.metrics import Metrics, create_metrics
from shared.transaction import Handler, InputProcessor
from tests.ingress import BATCHED, KEY, event
from tests.servers import MakeDatabase

KEYS = PublisherKeys.parse(f'{{"all": {{"key": "{KEY}", "sources": ["*"], "rights": ["directory"]}}}}')
SALE = {
    "order": "4711",
    "lines": [{"product": "Heat pump"}],
    "amount_minor": 1,
    "currency": "EUR",
    "sold_at": "2026-05-04T09:30:00Z",
}


@pytest.fixture
def metrics() -> Metrics:
    return create_metrics("orders")


@pytest.fixture
async def urls(database: MakeDatabase) -> dict[str, str]:
    return {name: await database(name) for name in ("orders", "support")}


async def _client(name: str, url: str, handle: Handler, metrics: Metrics) -> AsyncIterator[httpx2.AsyncClient]:
    pool = await open_pool(url, name=name)
    processor = InputProcessor(pool, name, handle, observe=lambda tx: count_inputs(metrics, tx))
    app = create_app(
        ServiceReference(name, "", (), ()), [events_router(processor, KEYS, metrics, topic=f"{name}.inbound.v1")]
    )
    try:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=f"http://{name}") as client:
            yield client
    finally:
        pool.terminate()


@pytest.fixture
async def orders(urls: dict[str, str], metrics: Metrics) -> AsyncIterator[httpx2.AsyncClient]:
    async for client in _client("orders", urls["orders"], handle_orders, metrics):
        yield client


@pytest.fixture
async def support(urls: dict[str, str], metrics: Metrics) -> AsyncIterator[httpx2.AsyncClient]:
    async for client in _client("support", urls["support"], handle_support, metrics):
        yield client


async def outcomes(client: httpx2.AsyncClient, *events: dict[str, object]) -> list[str]:
    answer = await client.post("/events", json=list(events), headers=BATCHED)
    assert answer.status_code == 200, answer.text
    return [one["outcome"] for one in answer.json()["events"]]


async def test_a_fact_waiting_for_its_sale_says_so_and_is_a_duplicate_afterwards(orders: httpx2.AsyncClient) -> None:
    confirmed, placed = event("e-1"), event("e-2", type="orders.inbound.order_placed", data=SALE)
    assert await outcomes(orders, confirmed) == ["waiting"]
    assert await outcomes(orders, placed, confirmed) == ["applied", "duplicate"]
    assert await outcomes(orders, event("e-3")) == ["applied"]


async def test_a_fact_about_a_sale_of_the_same_request_is_applied(orders: httpx2.AsyncClient) -> None:
    placed = event("e-2", type="orders.inbound.order_placed", data=SALE)
    assert await outcomes(orders, event("e-1"), placed) == ["applied", "applied"]


async def test_a_fact_waiting_for_the_opening_of_its_case_says_so(support: httpx2.AsyncClient) -> None:
    status = event("e-1", type="support.inbound.case_status_changed", data={"case": "k", "status": "open"})
    refund = event("e-2", type="support.inbound.refund_requested", data={"case": "k"})
    assert await outcomes(support, status, refund) == ["waiting", "applied"]


async def test_events_with_unread_members_are_counted_once_by_type(
    orders: httpx2.AsyncClient, metrics: Metrics
) -> None:
    misspelt = event("e-1", type="orders.inbound.order_placed", data=SALE | {"soldBy": "anna"})
    for _ in range(2):
        await outcomes(orders, misspelt, event("e-2"))
    name = "handoff_events_with_unknown_members_total"
    assert metrics.registry.get_sample_value(name, {"type": "orders.inbound.order_placed"}) == 1
    assert metrics.registry.get_sample_value(name, {"type": "orders.inbound.order_confirmed"}) is None
