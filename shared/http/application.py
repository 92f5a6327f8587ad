"""The web application of a service: its routers, and the parts shared by all three. Start at `create_app`."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import asyncpg
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.fields import PATTERNS
from shared.database import DatabaseWentBack, is_transient
from shared.http.answers import Problem, Problems, RequestRefused, database_away, problems_response, server_away
from shared.http.asyncapi import ServiceReference
from shared.http.ingress_reference import COMPONENTS
from shared.http.reference import reference_router
from shared.logs import get_logger

log = get_logger(__name__)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_NO_FRAME = "frame-ancestors 'none'"
# A page that needs more (styles, its own script, caching) sets the header itself, which takes precedence.
_SECURITY_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; base-uri 'none'; form-action 'none'; {_NO_FRAME}",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
# FastAPI's own spans and logs would carry URLs and error texts; ours are made for effects of events.
_NO_TELEMETRY: Any = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
_REASONS = {
    404: "nothing exists at this path; /docs lists the paths",
    405: "this path does not accept this method; the Allow header lists those it accepts",
}


def create_app(
    reference: ServiceReference, routers: Iterable[APIRouter], *, lifespan: Lifespan | None = None
) -> FastAPI:
    """A service's application, with its reference pages at /docs and /asyncapi.

    If the database is unavailable, every router answers a failed request with 503.
    """
    app = bare_app(reference.title, routers, lifespan=lifespan)
    app.summary = reference.summary
    app.include_router(reference_router(app, reference))
    _complete_openapi(app)
    return app


def bare_app(title: str, routers: Iterable[APIRouter], *, lifespan: Lifespan | None = None) -> FastAPI:
    """An application without reference pages."""
    app = FastAPI(
        title=title,
        version=version("handoff"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
    )
    for router in routers:
        app.include_router(router)
    _set_handlers(app)
    app.add_middleware(_SecurityHeaders)
    app.add_middleware(_HeadLikeGet)
    return app


class _HeadLikeGet:
    """Responds to HEAD as to GET, without the body (RFC 9110, 9.3.2). Event streams and the like end at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})  # now `receive` reports a disconnected client

        await self._app({**scope, "method": "GET"}, receive, send_head)


class _SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def add_security_headers(headers: MutableHeaders) -> None:
    """Add those that a response lacks. Responses to unexpected errors pass no middleware."""
    for name, value in _SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    policy = headers["Content-Security-Policy"]
    if "frame-ancestors" in policy and _NO_FRAME not in policy:
        del headers["X-Frame-Options"]  # it cannot name sites; the page's policy does


def _set_handlers(app: FastAPI) -> None:
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    for error in (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, DatabaseWentBack):
        app.add_exception_handler(error, _database_error)
    app.add_exception_handler(OSError, _server_error)
    app.add_exception_handler(Exception, _unexpected)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)
    return error.response()


def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [
        Problem(field=".".join(str(part) for part in one["loc"][1:]), code="invalid_field", reason=_rule(one))
        for one in error.errors()
    ]
    return problems_response(400, problems)


def _rule(error: Mapping[str, Any]) -> str:
    message: str = PATTERNS.get(error.get("ctx", {}).get("pattern"), error["msg"])
    return message


def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    standard = error.detail == HTTPStatus(error.status_code).phrase
    reason = _REASONS.get(error.status_code, error.detail) if standard else error.detail
    return problems_response(error.status_code, [Problem(code=code, reason=str(reason))], headers=error.headers)


def _database_error(request: Request, error: Exception) -> Response:
    if not is_transient(error):
        log.error("a request failed", exc_info=error)
        return _unexpected(request, error)
    log.warning("the database did not serve a request", exc_info=error)
    return database_away().response()


def _server_error(_request: Request, error: Exception) -> Response:
    log.warning("a server did not serve a request", exc_info=error)
    return server_away().response()


def _unexpected(_request: Request, _error: Exception) -> Response:
    """Responds outside of all middleware; the error continues to the server, which logs it."""
    reason = "this request failed because of an internal error of the service; its log has the details"
    problem = Problem(code="internal_error", reason=reason)
    return problems_response(500, [problem], headers=_SECURITY_HEADERS)


def _complete_openapi(app: FastAPI) -> None:
    """Completes the OpenAPI document by the handlers' behaviour, and moves the components of operations to their
    place."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            document["servers"] = [{"url": "/", "description": "The service that serves this document."}]
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).setdefault("Problems", _problems_schema(components["schemas"]))
            for path in document["paths"].values():
                for operation in path.values():
                    _complete_operation(operation, components)
            for replaced in ("HTTPValidationError", "ValidationError"):
                components["schemas"].pop(replaced, None)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _problems_schema(schemas: dict[str, Any]) -> dict[str, Any]:
    schema = Problems.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs"))
    return schema


def _complete_operation(operation: dict[str, Any], components: dict[str, Any]) -> None:
    operation.setdefault("security", [])  # open: it needs no key
    for kind, parts in operation.pop(COMPONENTS, {}).items():
        components.setdefault(kind, {}).update(parts)
    if operation["responses"].pop("422", None):
        schema = {"$ref": "#/components/schemas/Problems"}
        operation["responses"]["400"] = {
            "description": "A parameter is missing or invalid.",
            "content": {"application/json": {"schema": schema}},
        }
