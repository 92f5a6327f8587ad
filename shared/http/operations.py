"""The endpoints for an orchestrator and Prometheus. Start at `ProcessHealth`.

Both probes are about this process only: an unavailable database or Kafka is no reason to restart or avoid it. Another
process would do no better, and this one responds with 503 and a time to retry. The notes of /readyz name the servers.
"""

from typing import Any, Protocol

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from shared.http.application import bare_app
from shared.metrics import CONTENT_TYPE, Metrics, render


class ProcessHealth(Protocol):
    """The health of a running process, without waiting for anything. Reasons are words for people."""

    def alive(self) -> list[str]:
        """Why the process must be restarted: a loop that ended, a consumer that stands still; else empty."""

    def ready(self) -> list[str]:
        """Why the process does not accept work: not started yet, no partitions, stopping; else empty."""

    def noted(self) -> list[str]:
        """The faults to fix although the process works, such as a setting that names an unknown person."""


class Health(BaseModel):
    """The response to a probe. `notes` list faults to fix; they do not make the check fail."""

    model_config = ConfigDict(frozen=True)

    ok: bool = Field(description="True if the check passed.")
    reasons: tuple[str, ...] = Field(default=(), description="Why the check failed, in words.")
    notes: tuple[str, ...] = Field(default=(), description="Faults to fix although the check passed.")


def operations_app(service: str, health: ProcessHealth, metrics: Metrics) -> FastAPI:
    """The application of a process without pages."""
    return bare_app(f"Handoff {service}", [operations_router(health, metrics)])


def operations_router(health: ProcessHealth, metrics: Metrics) -> APIRouter:
    """`/healthz`, `/readyz` and `/metrics`."""
    router = APIRouter(tags=["operations"])
    unfit: dict[int | str, dict[str, Any]] = {
        503: {"model": Health, "description": "The check failed; `reasons` says why."}
    }

    @router.get("/healthz", response_model=Health, responses=unfit, summary="Is the process alive?")
    async def healthz() -> Response:
        return _answer(health.alive(), [])

    @router.get("/readyz", response_model=Health, responses=unfit, summary="Does the process accept work?")
    async def readyz() -> Response:
        return _answer(health.ready(), health.noted())

    @router.get("/metrics", response_class=Response, responses=_METRICS, summary="Measurements for Prometheus")
    async def metrics_text() -> Response:
        return Response(render(metrics.registry), media_type=CONTENT_TYPE)

    return router


_METRICS: dict[int | str, dict[str, object]] = {
    200: {
        "description": "In the Prometheus text format.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


def _answer(reasons: list[str], notes: list[str]) -> Response:
    answer = Health(ok=not reasons, reasons=tuple(reasons), notes=tuple(notes))
    if not reasons:
        return JSONResponse(answer.model_dump(mode="json"))
    return JSONResponse(answer.model_dump(mode="json"), 503, headers={"Retry-After": "2"})
