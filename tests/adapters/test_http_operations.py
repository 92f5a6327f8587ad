"""Answers for orchestrators and Prometheus, and the headers of every answer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import httpx2
import pytest
from fastapi import APIRouter
from starlette.datastructures import MutableHeaders

from shared.http.application import add_security_headers, create_app
from shared.http.asyncapi import ServiceReference
from shared.http.operations import operations_app, operations_router
from shared.metrics import create_metrics


@dataclass
class Health:
    dead: list[str] = field(default_factory=list)
    not_ready: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def alive(self) -> list[str]:
        return self.dead

    def ready(self) -> list[str]:
        return [*self.dead, *self.not_ready]

    def noted(self) -> list[str]:
        return list(self.notes)


failing = APIRouter()


@failing.get("/away")
async def away() -> None:
    raise asyncpg.CannotConnectNowError("the database of canary-9 is starting")


@failing.get("/refused-connection")
async def refused_connection() -> None:
    raise ConnectionRefusedError("canary-9")


@failing.get("/bug")
async def bug() -> None:
    raise KeyError("canary-9")


@failing.get("/rows")
async def rows(most: int) -> dict[str, int]:
    return {"most": most}


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
async def client(health: Health) -> AsyncIterator[httpx2.AsyncClient]:
    metrics = create_metrics("orders")
    metrics.process.relay_published.inc(3)
    app = create_app(ServiceReference("orders", ""), [operations_router(health, metrics), failing])
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://orders") as client:
        yield client


async def test_a_live_process_reports_that_it_is_alive(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "reasons": [], "notes": []})
    assert (await client.get("/readyz")).status_code == 200


async def test_a_starting_process_is_alive_but_not_ready(client: httpx2.AsyncClient, health: Health) -> None:
    health.not_ready.append("starting")
    assert (await client.get("/healthz")).status_code == 200
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ok": False, "reasons": ["starting"], "notes": []})
    assert answer.headers["retry-after"] == "2"


async def test_a_reported_problem_leaves_a_process_ready(client: httpx2.AsyncClient, health: Health) -> None:
    health.notes.append("the sales desk is nobody")
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["notes"]) == (200, ["the sales desk is nobody"])


async def test_a_process_with_an_ended_loop_says_why_it_must_be_restarted(
    client: httpx2.AsyncClient, health: Health
) -> None:
    health.dead.append("the relay has ended")
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the relay has ended"])
    assert (await client.get("/readyz")).status_code == 503


async def test_metrics_are_in_the_text_format_of_prometheus(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "handoff_relay_published_total 3.0" in answer.text


async def test_a_process_without_pages_serves_health_and_metrics_alone(health: Health) -> None:
    app = operations_app("orders", health, create_metrics("orders"))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://orders") as client:
        paths = ("/healthz", "/readyz", "/metrics", "/docs", "/events")
        assert [(await client.get(path)).status_code for path in paths] == [200, 200, 200, 404, 404]


@pytest.mark.parametrize(
    ("path", "code"), [("/away", "database_unavailable"), ("/refused-connection", "server_unavailable")]
)
async def test_an_unreachable_server_is_a_503_on_any_path(client: httpx2.AsyncClient, path: str, code: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["errors"][0]["code"] == code
    assert "canary" not in answer.text


async def test_a_bug_is_reported_without_its_text(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/bug")
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["code"] == "internal_error"
    assert "canary" not in answer.text


async def test_a_bad_parameter_is_named_but_not_repeated(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/rows", params={"most": "canary-9"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "most"
    assert "canary" not in answer.text


async def test_unknown_paths_and_methods_are_answered_in_the_same_form(client: httpx2.AsyncClient) -> None:
    missing, wrong = await client.get("/nowhere"), await client.delete("/healthz")
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("path", "status"), [("/healthz", 200), ("/docs", 200), ("/nowhere", 404), ("/away", 503), ("/bug", 500)]
)
async def test_every_answer_has_the_security_headers(client: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("policy", "frames"),
    [
        pytest.param(None, "DENY", id="our own policy"),
        pytest.param("default-src 'self'", "DENY", id="a policy that says nothing of frames"),
        pytest.param("frame-ancestors 'none'", "DENY", id="no frame"),
        pytest.param("frame-ancestors https://desk.example", None, id="a site"),
    ],
)
def test_only_a_policy_that_names_sites_allows_frames(policy: str | None, frames: str | None) -> None:
    headers = MutableHeaders({} if policy is None else {"Content-Security-Policy": policy})
    add_security_headers(headers)
    assert headers.get("X-Frame-Options") == frames
